package words_test

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/seahorse-ml/seahorse/words"
)

// Learns vectors from a text of two kinds of sentences, and finds that the sun is nearer to the moon than to bread.
func Example() {
	text := strings.Repeat("the sun the moon and the stars\nbread and butter and milk\nmoon and sun\nmilk and bread\n", 200)
	texts := func() iter.Seq2[[]byte, error] {
		return func(yield func([]byte, error) bool) { yield([]byte(text), nil) }
	}
	c := words.DefaultConfig(words.SkipGram)
	c.Dim, c.LearningRate, c.Sample = 16, 0.05, 0
	model, err := words.Train(context.Background(), texts, words.Letters, c)
	if err != nil {
		fmt.Println(err)
		return
	}
	vectors := model.Vectors()
	moon, _ := vectors.Similarity("sun", "moon")
	bread, _ := vectors.Similarity("sun", "bread")
	fmt.Println(vectors.Vocabulary.Len(), "words;", moon > bread)
	// Output: 8 words; true
}
