package data_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
)

// A corpus from standard input, through a tokenizer trained on it and a token file, to batches.
func Example() {
	ctx := context.Background()
	source, err := data.OpenSource(data.Stdin, strings.NewReader("to be or not to be"))
	if err != nil {
		log.Fatal(err)
	}
	defer source.Close()
	tok, err := tokenizer.Train(ctx, tokenizer.TrainConfig{Model: "char"}, source.Documents())
	if err != nil {
		log.Fatal(err)
	}

	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "corpus.tokens")
	if err := data.EncodeFile(ctx, path, source, tok, data.EncodeConfig{}); err != nil {
		log.Fatal(err)
	}
	file, err := data.OpenTokens(path)
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()

	train, validation, err := file.Split(0.25)
	if err != nil {
		log.Fatal(err)
	}
	windows, err := data.NewWindows(train, 4)
	if err != nil {
		log.Fatal(err)
	}
	loader, err := data.NewLoader(windows, data.LoaderConfig{Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	batch := data.NewBatch(2, windows.Layout())
	for range 2 {
		if err := loader.Next(batch); err != nil {
			log.Fatal(err)
		}
		for row := range 2 {
			fmt.Printf("%q → %q\n", tok.Decode(batch.Ints(data.IDs)[4*row:4*row+4], false), tok.Decode(batch.Ints(data.Targets)[4*row:4*row+4], false))
		}
	}
	fmt.Printf("%d tokens to validate on\n", validation.Len())
	// Output:
	// "e or" → " or "
	// " not" → "not "
	// "to b" → "o be"
	// "to b" → "o be"
	// 5 tokens to validate on
}

// Documents of one's own ids go into a token file by a TokenWriter. Prompts are context: only what is appended as to be learned
// is a target, and packed documents stay apart.
func ExampleTokenWriter() {
	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "pairs.tokens")
	w, err := data.NewTokenWriter(path, 100)
	if err != nil {
		log.Fatal(err)
	}
	defer w.Abort() // does nothing after Commit
	for _, pair := range []struct{ prompt, completion []int32 }{
		{[]int32{11, 12}, []int32{13, 99}},
		{[]int32{21}, []int32{22, 23, 99}},
	} {
		if err := errors.Join(w.Append(pair.prompt, false), w.Append(pair.completion, true), w.EndDocument()); err != nil {
			log.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		log.Fatal(err)
	}

	file, err := data.OpenTokens(path)
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	packed, err := data.NewPacked(file.Tokens, 8)
	if err != nil {
		log.Fatal(err)
	}
	batch := data.NewBatch(1, packed.Layout())
	if err := data.FillSequential(batch, packed, 0); err != nil {
		log.Fatal(err)
	}
	fmt.Println("ids     ", batch.Ints(data.IDs))
	fmt.Println("targets ", batch.Ints(data.Targets))
	fmt.Println("segments", batch.Ints(data.Segments))
	// Output:
	// ids      [11 12 13 21 22 23 0 0]
	// targets  [-100 13 99 22 23 99 -100 -100]
	// segments [0 0 0 1 1 1 -1 -1]
}
