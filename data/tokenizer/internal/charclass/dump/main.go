// Command dump writes the classes and lower cases that follow from Go's unicode package as JSON, for probe.py to compare with.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"unicode"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/charclass"
)

var names = map[string]charclass.Class{
	"Letter": charclass.Letter, "Number": charclass.Number, "Space": charclass.Space, "Upper": charclass.Upper,
	"Lower": charclass.Lower, "Mark": charclass.Mark, "Word": charclass.Word, "Numeric": charclass.Numeric,
	"Punctuation": charclass.Punctuation, "Control": charclass.Control, "Accent": charclass.Accent, "Combining": charclass.Combining,
}

func main() {
	out := struct {
		Classes map[string][][2]rune `json:"classes"` // ranges of code points
		Lower   map[rune]rune        `json:"lower"`
	}{map[string][][2]rune{}, map[rune]rune{}}
	table := charclass.GoTable()
	for name, class := range names {
		for r, classes := range table {
			if classes&class == 0 {
				continue
			}
			runs, r := out.Classes[name], rune(r)
			if n := len(runs); n > 0 && runs[n-1][1] == r-1 {
				runs[n-1][1] = r
			} else {
				out.Classes[name] = append(runs, [2]rune{r, r})
			}
		}
	}
	for r := range rune(len(table)) {
		if l := unicode.ToLower(r); l != r {
			out.Lower[r] = l
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		fmt.Fprintln(os.Stderr, "dump:", err)
		os.Exit(1)
	}
}
