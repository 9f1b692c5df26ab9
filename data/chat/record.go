package chat

import (
	"errors"
	"fmt"
	"slices"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// FromRecord reads a conversation: OpenAI's {"messages", "tools"} or sharegpt's {"conversations", "system", "tools"}. Errors name the place inside of the record.
func FromRecord(record *orderedjson.Object) (Conversation, error) {
	var c Conversation
	list, key, err := messagesOf(record)
	if err != nil {
		return c, err
	}
	if key == "conversations" {
		if list, err = fromShareGPT(list, record); err != nil {
			return c, err
		}
	}
	if c.Messages, err = FromMessages(list); err != nil {
		return c, err
	}
	if c.Tools, err = toolsOf(record); err != nil {
		return c, err
	}
	if v, ok := record.Get("chat_template_kwargs"); ok && v != nil {
		if c.Options, ok = v.(*orderedjson.Object); !ok {
			return c, fmt.Errorf("chat_template_kwargs: expected an object, got %s", orderedjson.Kind(v))
		}
	}
	return c, nil
}

// messagesOf returns a record's list of messages and its key.
func messagesOf(record *orderedjson.Object) (list []any, key string, err error) {
	for _, k := range []string{"messages", "conversations"} {
		v, ok := record.Get(k)
		if !ok {
			continue
		}
		if key != "" {
			return nil, "", errors.New("a record with messages and with conversations, expected one of them")
		}
		if list, ok = v.([]any); !ok {
			return nil, "", fmt.Errorf("%s: expected a list, got %s", k, orderedjson.Kind(v))
		}
		key = k
	}
	if key == "" {
		return nil, "", fmt.Errorf("expected messages or conversations, got %s", keys(record))
	}
	return list, key, nil
}

// fromShareGPT makes messages of sharegpt's {"from", "value"}. A list that has roles and contents already stays as it is.
func fromShareGPT(list []any, record *orderedjson.Object) ([]any, error) {
	var messages []any
	if system, ok := record.Get("system"); ok && system != nil && system != "" {
		s, ok := system.(string)
		if !ok {
			return nil, fmt.Errorf("system: expected a string, got %s", orderedjson.Kind(system))
		}
		messages = append(messages, NewMessage("system", s).Fields)
	}
	for i, item := range list {
		o, ok := item.(*orderedjson.Object)
		if !ok {
			return nil, fmt.Errorf("conversations[%d]: expected an object, got %s", i, orderedjson.Kind(item))
		}
		if _, ok := o.Get("role"); ok {
			messages = append(messages, o)
			continue
		}
		from, _ := o.Get("from")
		name, ok := from.(string)
		if !ok {
			return nil, fmt.Errorf(`conversations[%d]: expected a string in "from", got %s`, i, keys(o))
		}
		value, _ := o.Get("value")
		text, ok := value.(string)
		if !ok {
			return nil, fmt.Errorf(`conversations[%d]: expected a string in "value", got %s`, i, orderedjson.Kind(value))
		}
		role, known := fromRoles[name]
		if !known {
			if role = name; !slices.Contains(roles, name) {
				return nil, fmt.Errorf("conversations[%d]: from %q: expected system, human, gpt, function_call or observation", i, name)
			}
		}
		m, err := shareGPTMessage(name, role, text)
		if err != nil {
			return nil, fmt.Errorf("conversations[%d]: %w", i, err)
		}
		messages = append(messages, m)
	}
	return messages, nil
}

// shareGPTMessage makes a message of one of sharegpt's. The text of a function_call is the call as JSON.
func shareGPTMessage(from, role, text string) (*orderedjson.Object, error) {
	if from != "function_call" && from != "tool_call" {
		return NewMessage(role, text).Fields, nil
	}
	value, err := orderedjson.Decode([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("%s: not JSON: %w", from, err)
	}
	calls, several := value.([]any)
	if !several {
		calls = []any{value}
	}
	m := orderedjson.NewObject()
	m.Set("role", role)
	m.Set("content", "")
	for i, call := range calls {
		o, ok := call.(*orderedjson.Object)
		if !ok {
			return nil, fmt.Errorf("%s: expected an object, got %s", from, orderedjson.Kind(call))
		}
		if _, whole := o.Get("function"); !whole {
			f := orderedjson.NewObject()
			f.Set("type", "function")
			f.Set("function", o)
			calls[i] = f
		}
	}
	m.Set("tool_calls", calls)
	return m, nil
}

// toolsOf returns a record's tools: a list of schemas, or the same as a string of JSON. Schemas without {"type": "function"} around them get it, as OpenAI writes them.
func toolsOf(record *orderedjson.Object) ([]any, error) {
	v, ok := record.Get("tools")
	if !ok || v == nil || v == "" {
		return nil, nil
	}
	if text, ok := v.(string); ok {
		var err error
		if v, err = orderedjson.Decode([]byte(text)); err != nil {
			return nil, fmt.Errorf("tools: not JSON: %w", err)
		}
	}
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("tools: expected a list, got %s", orderedjson.Kind(v))
	}
	if len(list) == 0 {
		return nil, nil
	}
	tools := make([]any, len(list))
	for i, item := range list {
		o, ok := item.(*orderedjson.Object)
		if !ok {
			return nil, fmt.Errorf("tools[%d]: expected an object, got %s", i, orderedjson.Kind(item))
		}
		f := o
		if inner, ok := o.Get("function"); ok {
			if f, ok = inner.(*orderedjson.Object); !ok {
				return nil, fmt.Errorf("tools[%d]: function: expected an object, got %s", i, orderedjson.Kind(inner))
			}
		} else {
			whole := orderedjson.NewObject()
			whole.Set("type", "function")
			whole.Set("function", o)
			o = whole
		}
		if name, _ := f.Get("name"); name == nil || name == "" {
			return nil, fmt.Errorf("tools[%d]: expected the function's name, got %s", i, keys(f))
		}
		tools[i] = o
	}
	return tools, nil
}
