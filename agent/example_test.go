package agent_test

import (
	"context"
	"fmt"
	"log"

	"github.com/seahorse-ml/seahorse/agent"
	"github.com/seahorse-ml/seahorse/agent/tool"
	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/generate"
)

// reckoner stands for a model, of which NewModel makes a Writer: it calls the calculator, and says what that returns.
type reckoner struct{}

func (reckoner) Write(_ context.Context, c chat.Conversation, _ generate.Config, _ uint64) (agent.Written, error) {
	text := `<tool_call>{"name": "calculator", "arguments": {"expression": "6*7"}}</tool_call>`
	if last := c.Messages[len(c.Messages)-1]; last.Role == "tool" {
		text = "It is " + last.Content + "."
	}
	return agent.Written{Text: text, Tokens: 4, Ended: true}, nil
}

func (reckoner) Form(bool) (chat.CallForm, error)        { return chat.TagCalls, nil }
func (reckoner) Plain(text string, _ agent.Whose) string { return text }

func ExampleAgent() {
	tools, err := tool.NewSet(tool.Limits{}, tool.Calculator{})
	if err != nil {
		log.Fatal(err)
	}
	a := agent.Agent{Name: "reckoner", System: "Calculate, don't guess.", Writer: reckoner{}, Tools: tools}
	answer, err := a.Ask(context.Background(), "What is 6*7?", 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Text, answer.End, "in", answer.Turns, "turns")
	for _, m := range answer.Conversations[0].Conversation.Messages {
		fmt.Printf("%s: %q\n", m.Role, m.Content)
	}
	// Output:
	// It is 42. answered in 2 turns
	// system: "Calculate, don't guess."
	// user: "What is 6*7?"
	// assistant: ""
	// tool: "42"
	// assistant: "It is 42."
}
