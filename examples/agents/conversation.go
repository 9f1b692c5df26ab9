package main

import (
	"fmt"
	"strings"
)

// conversation is a record of sft.
type conversation struct {
	Messages []message `json:"messages"`
	Tools    []called  `json:"tools,omitempty"`
}

// message is what someone says, or what an assistant calls.
type message struct {
	Role    string   `json:"role"`
	Content string   `json:"content"`
	Calls   []called `json:"tool_calls,omitempty"`
}

// called is a tool, or with arguments a call of it.
type called struct {
	Type     string   `json:"type"`
	Function function `json:"function"`
}

type function struct {
	Name      string            `json:"name"`
	Arguments map[string]string `json:"arguments,omitempty"`
}

// step is an expression and what it is.
type step struct{ expression, result string }

// work is a conversation in which the steps to a question's answer are made by calls of a tool, each with one argument.
func work(tool, key, question string, steps ...step) conversation {
	c := conversation{Messages: []message{{Role: "user", Content: question}}, Tools: []called{{"function", function{Name: tool}}}}
	for _, s := range steps {
		call := called{"function", function{tool, map[string]string{key: s.expression}}}
		c.Messages = append(c.Messages, message{Role: "assistant", Calls: []called{call}}, message{Role: "tool", Content: s.result})
	}
	c.Messages = append(c.Messages, message{Role: "assistant", Content: steps[len(steps)-1].result})
	return c
}

// text is the conversation as template.jinja writes it.
func (c conversation) text() string {
	var b strings.Builder
	said := func(role, text string) { fmt.Fprintf(&b, "<|%s|>%s<|im_end|>", role, text) }
	for _, t := range c.Tools {
		said("tools", t.Function.Name)
	}
	for _, m := range c.Messages {
		text := m.Content
		for _, call := range m.Calls {
			for key, value := range call.Function.Arguments {
				text += fmt.Sprintf(`<tool_call>{"name": %q, "arguments": {%q: %q}}</tool_call>`, call.Function.Name, key, value)
			}
		}
		said(m.Role, text)
	}
	return b.String()
}
