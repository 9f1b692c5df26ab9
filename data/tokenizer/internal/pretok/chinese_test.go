package pretok

import "testing"

// The loader of go-ego/gse joins the same two dictionaries; were one of them empty or renamed, words would fall apart into characters.
func TestBothChineseDictionaries(t *testing.T) {
	cut, err := ChineseWords()
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"中国", "計算機", "计算机"} {
		if got := cut(word); len(got) != 1 {
			t.Errorf("%s is a word of the dictionaries and was cut to %q", word, got)
		}
	}
}
