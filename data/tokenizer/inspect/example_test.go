package inspect_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/data/tokenizer/inspect"
)

func Example() {
	ctx, text := context.Background(), "the cat sat on the mat. "
	config := tokenizer.NewTrainConfig("bpe")
	config.VocabSize = 270
	tok, err := tokenizer.Train(ctx, config, tokenizer.Texts(strings.Repeat(text, 100)))
	if err != nil {
		log.Fatal(err)
	}
	if err := inspect.WriteSplit(os.Stdout, tok, []byte("the cat sat"), false); err != nil {
		log.Fatal(err)
	}
	stats, err := inspect.Measure(ctx, "mine", tok, tokenizer.Texts(text))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d tokens, %.2f a word, %d of %d ids used\n", stats.Tokens, stats.PerWord(), stats.Used(), stats.VocabSize)
	// Output:
	// the| cat| sat
	// 8 tokens, 1.33 a word, 8 of 269 ids used
}
