package tokenizer_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
)

func Example() {
	config := tokenizer.NewTrainConfig("bpe")
	config.VocabSize = 280
	corpus := tokenizer.Texts(strings.Repeat("the cat sat on the mat. ", 100))
	t, err := tokenizer.Train(context.Background(), config, corpus)
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, err := os.MkdirTemp("", "tokenizer")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	if err := t.Save(dir); err != nil {
		fmt.Println(err)
		return
	}
	if t, err = tokenizer.Load(dir); err != nil {
		fmt.Println(err)
		return
	}
	ids := t.AppendIDs(nil, []byte("the mat"), false)
	for _, id := range ids {
		token, _ := t.Token(id)
		fmt.Printf("%q ", token)
	}
	fmt.Printf("%s\n", t.Decode(ids, false))
	// Output: "the" "Ġmat" the mat
}

func ExampleTokenizer_NewDecodeStream() {
	t, err := tokenizer.Train(context.Background(), tokenizer.NewTrainConfig("bpe"), tokenizer.Texts("abc"))
	if err != nil {
		fmt.Println(err)
		return
	}
	stream := t.NewDecodeStream(true)
	for _, id := range t.AppendIDs(nil, []byte("a你b"), false) {
		fmt.Printf("%q ", stream.Push(id))
	}
	fmt.Printf("%q\n", stream.Flush())
	// Output: "a" "" "" "你" "b" ""
}
