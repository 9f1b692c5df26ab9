package chat

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// Message is one message of a conversation.
type Message struct {
	Role    string
	Content string              // the text; of a list of parts their texts joined; "" where there is none
	Fields  *orderedjson.Object // the whole message in the order of its keys, which is what templates see
}

// Conversation is what a record of messages holds.
type Conversation struct {
	Messages []Message
	Tools    []any               // schemas of functions; nil without
	Options  *orderedjson.Object // further variables of the template (a record's chat_template_kwargs); nil without
}

// roles are those that messages may have.
var roles = []string{"system", "developer", "user", "assistant", "tool"}

// fromRoles are roles by the names that other formats give them.
var fromRoles = map[string]string{"human": "user", "gpt": "assistant", "chatgpt": "assistant", "bing": "assistant", "bard": "assistant", "model": "assistant",
	"observation": "tool", "function": "tool", "function_response": "tool", "tool_response": "tool", "function_call": "assistant", "tool_call": "assistant"}

// NewMessage returns a message of a role and a text.
func NewMessage(role, content string) Message {
	fields := orderedjson.NewObject()
	fields.Set("role", role)
	fields.Set("content", content)
	return Message{Role: role, Content: content, Fields: fields}
}

// FromMessages reads a list of messages as OpenAI writes them. Keys whose value is null are left out, as transformers leaves them out. An error names the message.
func FromMessages(list []any) ([]Message, error) {
	if len(list) == 0 {
		return nil, errors.New("messages: expected at least one message, got an empty list")
	}
	messages := make([]Message, len(list))
	for i, item := range list {
		fields, ok := item.(*orderedjson.Object)
		if !ok {
			return nil, fmt.Errorf("messages[%d]: expected an object, got %s", i, orderedjson.Kind(item))
		}
		m, err := fromFields(fields)
		if err == nil {
			err = checkPlace(messages[:i], m)
		}
		if err != nil {
			return nil, fmt.Errorf("messages[%d]: %w", i, err)
		}
		messages[i] = m
	}
	return messages, nil
}

// checkPlace returns an error if a message can't stand behind those before it.
func checkPlace(before []Message, m Message) error {
	switch m.Role {
	case "system", "developer":
		for i, other := range before {
			if other.Role == m.Role {
				return fmt.Errorf("a second %s message, the first is messages[%d]", m.Role, i)
			}
		}
	case "tool":
		if !slices.ContainsFunc(before, func(other Message) bool { return other.Role == "assistant" }) {
			return errors.New("a tool message before any assistant's")
		}
	}
	return nil
}

// fromFields reads one message.
func fromFields(fields *orderedjson.Object) (Message, error) {
	m := Message{Fields: orderedjson.NewObject()}
	for _, key := range fields.Keys {
		if v := fields.Values[key]; v != nil {
			m.Fields.Set(key, v)
		}
	}
	role, ok := m.Fields.Get("role")
	if !ok {
		return m, fmt.Errorf(`expected the key "role", got %s`, keys(fields))
	}
	if m.Role, ok = role.(string); !ok {
		return m, fmt.Errorf("role: expected a string, got %s", orderedjson.Kind(role))
	}
	if !slices.Contains(roles, m.Role) {
		return m, fmt.Errorf("role %q: expected system, developer, user, assistant or tool", m.Role)
	}
	content, written := m.Fields.Get("content")
	if written {
		var err error
		if m.Content, err = contentText(content); err != nil {
			return m, err
		}
	}
	calls, err := checkCalls(m)
	switch {
	case err != nil:
		return m, err
	case m.Role == "assistant" && calls == 0 && strings.TrimSpace(m.Content) == "":
		return m, errors.New("an assistant message without content and without tool_calls")
	case m.Role != "assistant" && !written:
		return m, fmt.Errorf(`a %s message: expected the key "content", got %s`, m.Role, keys(fields))
	}
	return m, nil
}

// contentText returns the text of a message's content.
func contentText(content any) (string, error) {
	switch content := content.(type) {
	case string:
		return content, nil
	case []any:
		var b strings.Builder
		for i, part := range content {
			o, ok := part.(*orderedjson.Object)
			if !ok {
				return "", fmt.Errorf("content[%d]: expected an object, got %s", i, orderedjson.Kind(part))
			}
			if kind, _ := o.Get("type"); kind != "text" {
				return "", fmt.Errorf("content[%d]: type %v: only parts of type text can be learned", i, kind)
			}
			text, _ := o.Get("text")
			s, ok := text.(string)
			if !ok {
				return "", fmt.Errorf(`content[%d]: expected a string in "text", got %s`, i, orderedjson.Kind(text))
			}
			b.WriteString(s)
		}
		return b.String(), nil
	}
	return "", fmt.Errorf("content: expected a string or a list of parts, got %s", orderedjson.Kind(content))
}

// checkCalls checks the calls of tools that a message has, and returns how many there are.
func checkCalls(m Message) (int, error) {
	value, ok := m.Fields.Get("tool_calls")
	if !ok {
		return 0, nil
	}
	calls, ok := value.([]any)
	switch {
	case !ok:
		return 0, fmt.Errorf("tool_calls: expected a list, got %s", orderedjson.Kind(value))
	case len(calls) > 0 && m.Role != "assistant":
		return 0, fmt.Errorf("tool_calls in a %s message, expected them in an assistant's", m.Role)
	}
	for i, call := range calls {
		if err := checkCall(call); err != nil {
			return 0, fmt.Errorf("tool_calls[%d]: %w", i, err)
		}
	}
	return len(calls), nil
}

// checkCall checks one call: {"type": "function", "function": {"name", "arguments"}}, or the function alone.
func checkCall(call any) error {
	o, ok := call.(*orderedjson.Object)
	if !ok {
		return fmt.Errorf("expected an object, got %s", orderedjson.Kind(call))
	}
	if inner, ok := o.Get("function"); ok {
		if o, ok = inner.(*orderedjson.Object); !ok {
			return fmt.Errorf("function: expected an object, got %s", orderedjson.Kind(inner))
		}
	}
	name, _ := o.Get("name")
	if s, ok := name.(string); !ok || s == "" {
		return fmt.Errorf("expected the function's name, got %s", keys(o))
	}
	arguments, ok := o.Get("arguments")
	if !ok {
		return nil
	}
	switch arguments := arguments.(type) {
	case *orderedjson.Object:
	case string:
		if _, err := orderedjson.Decode([]byte(arguments)); err != nil {
			return fmt.Errorf("arguments of %s: not JSON: %w", name, err)
		}
	default:
		return fmt.Errorf("arguments of %s: expected an object or a string of JSON, got %s", name, orderedjson.Kind(arguments))
	}
	return nil
}

// keys lists an object's keys, for errors.
func keys(o *orderedjson.Object) string {
	if o.Len() == 0 {
		return "no keys"
	}
	shown := o.Keys
	more := ""
	if len(shown) > 8 {
		shown, more = shown[:8], ", …"
	}
	return fmt.Sprintf("the keys %q%s", shown, more)
}
