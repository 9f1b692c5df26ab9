package curate_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/curate"
)

func ExampleChoose() {
	source, err := data.OpenSource(data.Stdin, strings.NewReader(`{"text": "a sentence about the sea"}
{"text": "short"}
{"text": "a sentence about the sea"}
{"text": "another one about the shore"}
`))
	if err != nil {
		log.Fatal(err)
	}
	defer source.Close()
	chosen, err := curate.Choose(context.Background(), source, curate.Config{MinLength: 10, Dedup: curate.ExactDedup})
	if err != nil {
		log.Fatal(err)
	}
	chosen.Report.Print(os.Stdout)
	for record, err := range chosen.Train.Records(data.TextShape) {
		if err != nil {
			log.Fatal(err)
		}
		text, _ := record.Object.Get("text")
		fmt.Println(record.Line, text)
	}
	// Output:
	// read       4 records
	// length     1 taken out
	//              standard input:2: 5 characters
	// exact      1 taken out
	//              standard input:3: the same as standard input:1
	// train      2 records
	// 1 a sentence about the sea
	// 4 another one about the shore
}
