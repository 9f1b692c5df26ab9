package agent

import (
	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// Record returns a conversation as a line of JSON that data for sft are made of, {"messages", "tools"}, or nil where an assistant hasn't said anything in it.
func Record(c chat.Conversation) []byte {
	list := make([]any, len(c.Messages))
	last := -1
	for i, m := range c.Messages {
		list[i] = m.Fields
		if m.Role == "assistant" {
			last = i
		}
	}
	if last < 0 {
		return nil
	}
	o := orderedjson.NewObject()
	o.Set("messages", list)
	if len(c.Tools) > 0 {
		o.Set("tools", c.Tools)
	}
	return append(orderedjson.Append(nil, o, orderedjson.Format{}), '\n')
}
