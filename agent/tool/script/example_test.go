package script_test

import (
	"context"
	"fmt"
	"log"

	"github.com/seahorse-ml/seahorse/agent/tool/script"
)

// The program calls script.Main before all else, as TestMain does here: a script runs in a process of its own.
func ExampleTool() {
	t := script.Tool{Steps: 100_000}
	text, err := t.Run(context.Background(), "def f(n):\n  return 1 if n < 2 else n * f(n - 1)\nf(20)")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(text)
	_, err = t.Run(context.Background(), "while True: pass")
	fmt.Println(err)
	// Output:
	// 2432902008176640000
	// line 1: Starlark computation cancelled: more than 100000 steps
}
