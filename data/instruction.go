package data

import (
	"fmt"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// The prompts that Stanford's Alpaca made of an instruction, with and without an input. Models that have no turns of a conversation are
// asked like this.
const (
	withInput = "Below is an instruction that describes a task, paired with an input that provides further context. " +
		"Write a response that appropriately completes the request.\n\n### Instruction:\n%s\n\n### Input:\n%s\n\n### Response:\n"
	withoutInput = "Below is an instruction that describes a task. " +
		"Write a response that appropriately completes the request.\n\n### Instruction:\n%s\n\n### Response:\n"
)

// AlpacaPrompt returns the prompt of an instruction as Alpaca has it; input may be empty.
func AlpacaPrompt(instruction, input string) string {
	if strings.TrimSpace(input) == "" {
		return fmt.Sprintf(withoutInput, instruction)
	}
	return fmt.Sprintf(withInput, instruction, input)
}

// instruction reads a record of an instruction as prompt and completion.
func (r record) instruction() (prompt, completion []byte, err error) {
	instruction, err := r.text("instruction")
	if err != nil {
		return nil, nil, err
	}
	input, err := r.optional("input")
	if err != nil {
		return nil, nil, err
	}
	if completion, err = r.text("output"); err != nil {
		return nil, nil, err
	}
	return []byte(AlpacaPrompt(string(instruction), string(input))), completion, nil
}

// Asked returns a piece of the shape InstructionShape as a conversation: the user says the instruction, and its input in a line behind it where there
// is one; the assistant answers with the output. Other pieces stay as they are.
func (p Piece) Asked() Piece {
	if p.Shape != InstructionShape {
		return p
	}
	text := func(key string) string {
		value, _ := p.Record.Get(key)
		s, _ := value.(string)
		return s
	}
	said := text("instruction")
	if input := text("input"); strings.TrimSpace(input) != "" {
		said += "\n" + input
	}
	o := newObject(1)
	o.Set("messages", []any{message("user", said), message("assistant", text("output"))})
	return Piece{First: true, Last: true, Shape: MessagesShape, Record: o, Weight: p.Weight, line: p.line}
}

// message returns a message of a conversation.
func message(role, content string) *orderedjson.Object {
	o := newObject(2)
	o.Set("role", role)
	o.Set("content", content)
	return o
}

// optional returns the text under a key that may be absent or null.
func (r record) optional(key string) ([]byte, error) {
	if value, ok := r.object.Get(key); !ok || value == nil {
		return nil, nil
	}
	return r.text(key)
}

// hasMessages tells whether there is a list of objects under a key.
func (r record) hasMessages(key string) bool {
	value, _ := r.object.Get(key)
	list, _ := value.([]any)
	if len(list) == 0 {
		return false
	}
	_, ok := list[0].(*orderedjson.Object)
	return ok
}

// joined returns the record with the messages of two keys as one conversation.
func (r record) joined(first, second string) (*orderedjson.Object, error) {
	a, err := r.get(first)
	if err != nil {
		return nil, err
	}
	b, err := r.get(second)
	if err != nil {
		return nil, err
	}
	out := r.object.Clone()
	out.Delete(first)
	out.Delete(second)
	out.Set("messages", append(append([]any{}, a.([]any)...), b.([]any)...))
	return out, nil
}

// contents calls yield for the texts of a conversation's messages until it returns false, which it returns.
func contents(o *orderedjson.Object, yield func(string) bool) bool {
	for _, key := range []string{"messages", "conversations"} {
		list, _ := o.Get(key)
		messages, _ := list.([]any)
		for _, m := range messages {
			message, _ := m.(*orderedjson.Object)
			for _, name := range []string{"content", "value"} {
				value, _ := message.Get(name)
				if text, ok := value.(string); ok && text != "" && !yield(text) {
					return false
				}
			}
		}
	}
	return true
}
