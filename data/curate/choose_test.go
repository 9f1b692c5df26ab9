package curate

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// textsOf returns the texts of a source's pieces.
func textsOf(t testing.TB, s *data.Source) []string {
	t.Helper()
	var all []string
	for p, err := range s.Pieces() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(p.Prompt)+"|"+string(p.Text))
	}
	return all
}

// TestChoose checks that records are taken out where they lie: files and lines stay, over several blocks and formats.
func TestChoose(t *testing.T) {
	dir := t.TempDir()
	var lines strings.Builder
	for i := range 20000 { // more than two blocks
		fmt.Fprintf(&lines, "{\"text\": \"line number %d of a file\"}\n", i/2)
	}
	for name, content := range map[string]string{
		"a.jsonl": lines.String(),
		"b.csv":   "text\nline number 7 of a file\nshort\nnew in the table\n",
		"c.txt":   "line number 9 of a file",
		"d.txt":   "a plain text",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	s, err := data.Open(data.SourceConfig{Paths: []string{filepath.Join(dir, "a.jsonl"), filepath.Join(dir, "b.csv"), filepath.Join(dir, "c.txt"), filepath.Join(dir, "d.txt")}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Choose(t.Context(), s, Config{Dedup: ExactDedup, MinLength: 6, Reject: []*regexp.Regexp{regexp.MustCompile(`number 5\b`)}})
	if err != nil {
		t.Fatal(err)
	}
	if got := outOf(c.Report); got != "length 1, match 2, exact 10001" {
		t.Errorf("taken out: %s", got)
	}
	got := textsOf(t, c.Train)
	if len(got) != 9999+2 || got[5] != "|line number 6 of a file" || got[9998] != "|line number 9999 of a file" || got[9999] != "|new in the table" || got[10000] != "|a plain text" {
		t.Errorf("%d are left, %q … %q", len(got), got[:8], got[9995:])
	}
	if again := textsOf(t, c.Train); len(again) != len(got) {
		t.Errorf("%d are left the second time, %d the first", len(again), len(got))
	}
	if all := textsOf(t, s); len(all) != 20005 {
		t.Errorf("the source itself has %d", len(all))
	}
	for r, err := range c.Train.Records(data.TextShape) {
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := r.Object.Get("text"); text == "new in the table" && r.Line != 4 {
			t.Errorf("line %d, expected 4", r.Line)
		}
	}
}

// TestChooseHoldsApart checks that what is augmented isn't seen in what is kept apart.
func TestChooseHoldsApart(t *testing.T) {
	var lines strings.Builder
	for i := range 50 {
		fmt.Fprintf(&lines, "{\"text\": \"text %d has some words\", \"label\": \"a\"}\n", i)
	}
	a := &Augmenter{Changes: []Change{Swap, Deletion}, Copies: 3, Rate: 0.2, Seed: 4}
	s := source(t, "a.jsonl", lines.String())
	c, err := Choose(t.Context(), s, Config{Validation: 0.2, Augment: a, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	count := func(s *data.Source) (n int, of map[string]bool) {
		of = map[string]bool{}
		for r, err := range s.Records(data.LabelledShape) {
			if err != nil {
				t.Fatal(err)
			}
			n++
			of[fmt.Sprint(r.Line)] = true
		}
		return n, of
	}
	n, train := count(c.Train)
	m, held := count(c.Held)
	if m != 10 || len(held) != 10 || len(train) != 40 || n != 40+c.Report.Made || c.Report.Made < 100 || c.Report.Made > 120 {
		t.Errorf("%d records of %d lines and %d of %d; %d made", n, len(train), m, len(held), c.Report.Made)
	}
	for line := range held {
		if train[line] {
			t.Errorf("line %s is in both parts", line)
		}
	}
}

// TestAugment checks what the changes do, and what they leave alone.
func TestAugment(t *testing.T) {
	synonyms, err := ReadSynonyms("words", strings.NewReader("# comment\nbig, large, huge\nquick: fast\n"))
	if err != nil {
		t.Fatal(err)
	}
	change := func(c Change, record string) []string {
		t.Helper()
		o, err := orderedjson.DecodeObject([]byte(record))
		if err != nil {
			t.Fatal(err)
		}
		a := Augmenter{Changes: []Change{c}, Copies: 20, Rate: 0.2, Synonyms: synonyms}
		if err := a.Validate(); err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, v := range a.Records(o, 7) {
			all = append(all, string(orderedjson.Append(nil, v, orderedjson.Format{})))
		}
		if got := string(orderedjson.Append(nil, o, orderedjson.Format{})); got != record {
			t.Errorf("the record has become %s", got)
		}
		return all
	}
	for _, c := range []struct {
		change Change
		record string
		want   string // a pattern of each copy
		none   bool
	}{
		{change: Deletion, record: `{"text": "a b c d e", "label": "x y z"}`, want: `^\{"text": "([a-e] ?){4}", "label": "x y z"\}$`},
		{change: Deletion, record: `{"text": "alone"}`, none: true},
		{change: Swap, record: `{"prompt": "a b", "completion": "c d"}`, want: `^\{"prompt": "b a", "completion": "c d"\}$`},
		{change: Synonyms, record: `{"text": "A quick one."}`, want: `^\{"text": "A fast one."\}$`},
		{change: Synonyms, record: `{"text": "Big, it is."}`, want: `^\{"text": "(Large|Huge), it is."\}$`},
		{change: Synonyms, record: `{"text": "nothing known"}`, none: true},
		{change: Swap, record: `{"text": "中文"}`, want: `^\{"text": "文中"\}$`},
		{
			change: Swap, record: `{"messages": [{"role": "user", "content": "a b"}, {"role": "assistant", "content": "c d"}]}`,
			want: `^\{"messages": \[\{"role": "user", "content": "b a"\}, \{"role": "assistant", "content": "c d"\}\]\}$`,
		},
		{change: Swap, record: `{"chosen": "a b", "rejected": "c d", "prompt": "e f"}`, want: `"chosen": "a b", "rejected": "c d", "prompt": "f e"`},
	} {
		got := change(c.change, c.record)
		if c.none != (len(got) == 0) {
			t.Errorf("%s of %s: %d copies", c.change, c.record, len(got))
		}
		for _, copied := range got {
			if !regexp.MustCompile(c.want).MatchString(copied) {
				t.Errorf("%s of %s: %s, expected %s", c.change, c.record, copied, c.want)
			}
		}
	}
}

// TestAugmentRefuses checks what is no list of synonyms, no augmenter, and what can't be augmented.
func TestAugmentRefuses(t *testing.T) {
	for content, want := range map[string]string{
		"big, large\nalone\n": "words:2: expected words between commas",
		": fast\n":            "words:1: expected words",
		"quick:\n":            "words:1: expected words",
		"# nothing\n":         "no words that mean the same",
	} {
		if _, err := ReadSynonyms("words", strings.NewReader(content)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is %v, expected %s", content, err, want)
		}
	}
	for _, a := range []Augmenter{{}, {Changes: []Change{Swap}}, {Changes: []Change{"x"}, Copies: 1, Rate: 0.1}, {Changes: []Change{Synonyms}, Copies: 1, Rate: 0.1}, {Changes: []Change{Swap}, Copies: 1, Rate: 2}} {
		if a.Validate() == nil {
			t.Errorf("%+v: no error", a)
		}
	}
	a := &Augmenter{Changes: []Change{Swap}, Copies: 1, Rate: 0.1}
	for name, content := range map[string]string{"a.jsonl": `{"tokens": ["a", "b"], "labels": [0, 1]}`, "a.txt": "a plain text"} {
		if _, err := Choose(t.Context(), source(t, name, content), Config{Augment: a}); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "can't be augmented") {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

// FuzzReadSynonyms checks that words that are read stand for each other, and never for themselves.
func FuzzReadSynonyms(f *testing.F) {
	for _, seed := range []string{"big, large, huge\nquick: fast\n", "# c\n\n a:b,c", "a,A,,b", ":", "\ufeffa,b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		all, err := ReadSynonyms("words", strings.NewReader(content))
		if err != nil {
			return
		}
		for word, others := range all {
			for _, other := range others {
				if other == "" || strings.ToLower(other) == word {
					t.Errorf("%q stands for %q", other, word)
				}
			}
		}
	})
}
