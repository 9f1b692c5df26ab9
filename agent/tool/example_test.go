package tool_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"

	"github.com/seahorse-ml/seahorse/agent/tool"
)

// A tool of one's own is a Func, or anything else that is a Tool. What goes wrong is told to the model.
func ExampleSet() {
	greet := tool.Func{
		About: tool.Spec{Name: "greet", Description: "Greets somebody.", Parameters: json.RawMessage(`{"type": "object", "properties": {"name": {"type": "string"}}}`)},
		Do: func(_ context.Context, arguments json.RawMessage) (string, error) {
			var a struct{ Name string }
			err := json.Unmarshal(arguments, &a)
			return "Hello, " + a.Name + "!", err
		},
	}
	tools, err := tool.NewSet(tool.Limits{}, tool.Calculator{}, greet)
	if err != nil {
		log.Fatal(err)
	}
	for _, call := range [][2]string{{"greet", `{"name": "Ada"}`}, {"calculator", `{"expression": "(1/3 + 1/6) * 10"}`}, {"divide", `{}`}} {
		result, err := tools.Call(context.Background(), call[0], call[1])
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(result.Text)
	}
	// Output:
	// Hello, Ada!
	// 5
	// error: there is no tool "divide"; there are calculator, greet
}
