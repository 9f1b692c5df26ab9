package inspect_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/inspect"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
)

func ExampleInspect() {
	const records = `{"prompt": "Say hello. ", "completion": "hello"}
{"prompt": "Say it. ", "completion": "it"}
{"prompt": "Say hello. ", "completion": "hello"}
{"prompt": "Say nothing. ", "completion": ""}
`
	tok, err := tokenizer.Train(context.Background(), tokenizer.NewTrainConfig("bpe"), tokenizer.Texts(records))
	if err != nil {
		log.Fatal(err)
	}
	source, err := data.OpenSource(data.Stdin, strings.NewReader(records))
	if err != nil {
		log.Fatal(err)
	}
	defer source.Close()
	report, err := inspect.Inspect(context.Background(), source, inspect.Config{Tokenizer: tok}, func(r *inspect.Row) error {
		fmt.Printf("line %d: %q\n", r.Line, r.Text)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, kind := range inspect.Kinds {
		if f := report.Found[kind]; f != nil {
			fmt.Println(kind, f.First)
		}
	}
	// Output:
	// line 1: "Say hello. hello"
	// line 2: "Say it. it"
	// line 3: "Say hello. hello"
	// empty [standard input:4: an empty completion]
	// duplicated [standard input:3: the text of standard input:1]
}
