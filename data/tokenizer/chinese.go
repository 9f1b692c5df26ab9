package tokenizer

import "github.com/seahorse-ml/seahorse/data/tokenizer/internal/pretok"

// ChineseWords returns a function that cuts a run of Chinese characters into words by the dictionary of go-ego/gse, as a tokenizer does that was
// trained with TrainConfig.Chinese. It loads the dictionary when it is called first, which takes about a second.
func ChineseWords() (func(run string) []string, error) { return pretok.ChineseWords() }
