package data

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// letterFramer frames the bytes of texts: 1 text 2, or 1 text 2 pair 2. Spaces have no token.
type letterFramer struct{}

func (letterFramer) VocabSize() int { return 256 }

func (letterFramer) Frame(text, pair []byte, maxLength int) (ids, types []int32, offsets [][2]int, cut bool, err error) {
	if strings.Contains(string(text), "?") {
		return nil, nil, nil, false, errors.New("what?")
	}
	add := func(id, kind int32, lo, hi int) {
		ids, types, offsets = append(ids, id), append(types, kind), append(offsets, [2]int{lo, hi})
	}
	room := maxLength - 2
	if pair != nil {
		room = (maxLength - 3) / 2
	}
	part := func(text []byte, kind int32) {
		n := 0
		for i, c := range text {
			switch {
			case c == ' ':
			case n == room:
				cut = true
			default:
				n++
				add(int32(c), kind, i, i+1)
			}
		}
		add(2, kind, 0, 0)
	}
	add(1, 0, 0, 0)
	part(text, 0)
	if pair != nil {
		part(pair, 1)
	}
	return ids, types, offsets, cut, nil
}

// labelledRows returns what the rows of a file hold, as text.
func labelledRows(t *testing.T, name, content string, kind LabelKind, length int) (string, LabelledReport) {
	t.Helper()
	s := openText(t, name, content)
	labels, err := ReadLabels(s, kind)
	if err != nil {
		t.Fatal(err)
	}
	c := LabelledConfig{Labels: labels, MaxLength: length}
	path := filepath.Join(t.TempDir(), "tokens")
	if _, err := EncodeLabelledFile(t.Context(), path, s, letterFramer{}, c); err != nil {
		t.Fatal(err)
	}
	f, err := OpenTokens(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Verify(); err != nil {
		t.Fatal(err)
	}
	memory, report, err := EncodeLabelled(t.Context(), s, letterFramer{}, c)
	if err != nil {
		t.Fatal(err)
	}
	out := renderLabelled(t, f.Tokens)
	if m := renderLabelled(t, memory); m != out {
		t.Errorf("in memory\n%s\nin a file\n%s", m, out)
	}
	return fmt.Sprint(labels.Names, "\n", out), report
}

func renderLabelled(t *testing.T, tokens *Tokens) string {
	t.Helper()
	d, err := NewLabelled(tokens, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	b := NewBatch(1, d.Layout())
	for i := range d.Len() {
		if err := FillSequential(b, d, i); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "%v%v%v%v%v%d\n", b.Ints(IDs), b.Ints(Segments), b.Ints(Types), b.Ints(Targets), b.Floats(Values), b.Count)
	}
	return out.String()
}

func TestLabelled(t *testing.T) {
	for _, test := range []struct {
		name, file, content string
		kind                LabelKind
		want                string
		cut                 int
	}{
		{"names", "a.jsonl", `{"text":"ab","label":"pos"}` + "\n\n" + `{"text":"","label":"neg","id":7}`, Classification, `[neg pos]
[1 97 98 2][0 0 0 0][][1 -100 -100 -100][]1
[1 2 0 0][0 0 -1 -1][][0 -100 -100 -100][]1
`, 0},
		{"numbers", "a.jsonl", `{"text":"a","label":10}` + "\n" + `{"text":"a","label":"9"}`, Classification, `[9 10]
[1 97 2][0 0 0][][1 -100 -100][]1
[1 97 2][0 0 0][][0 -100 -100][]1
`, 0},
		{"truth", "a.jsonl", `{"text":"a","label":true}` + "\n" + `{"text":"a","label":false}`, Classification, `[false true]
[1 97 2][0 0 0][][1 -100 -100][]1
[1 97 2][0 0 0][][0 -100 -100][]1
`, 0},
		{"pairs", "a.jsonl", `{"text":"a","text_pair":"bc","label":1}` + "\n" + `{"text":"a","text_pair":"","label":0}`, Classification, `[0 1]
[1 97 2 98 99 2][0 0 0 0 0 0][0 0 0 1 1 1][1 -100 -100 -100 -100 -100][]1
[1 97 2 2 0 0][0 0 0 0 -1 -1][0 0 0 1 0 0][0 -100 -100 -100 -100 -100][]1
`, 0},
		{"cut", "a.jsonl", `{"text":"abcdefgh","label":1}` + "\n" + `{"text":"abcdef","label":0}`, Classification, `[0 1]
[1 97 98 99 100 101 102 2][0 0 0 0 0 0 0 0][][1 -100 -100 -100 -100 -100 -100 -100][]1
[1 97 98 99 100 101 102 2][0 0 0 0 0 0 0 0][][0 -100 -100 -100 -100 -100 -100 -100][]1
`, 1},
		{"csv", "a.csv", "label,text\nx,\"a\"\"\nb\"\ny,c\n", Classification, `[x y]
[1 97 34 10 98 2][0 0 0 0 0 0][][0 -100 -100 -100 -100 -100][]1
[1 99 2 0 0 0][0 0 0 -1 -1 -1][][1 -100 -100 -100 -100 -100][]1
`, 0},
		{"tsv", "a.tsv", "text\tnote\tlabel\r\na\"\t\tx\r\n", Classification, `[x]
[1 97 34 2][0 0 0 0][][0 -100 -100 -100][]1
`, 0},
		{"value", "a.jsonl", `{"text":"a","label":1.5}` + "\n" + `{"text":"b","label":[-2]}`, Regression, `[value_0]
[1 97 2][0 0 0][][0 -100 -100][1.5 0 0]1
[1 98 2][0 0 0][][0 -100 -100][-2 0 0]1
`, 0},
		{"values of a table", "a.tsv", "text\tlabel\na\t1 2.5\n", Regression, `[value_0 value_1]
[1 97 2][0 0 0][][0 -100 -100][1 2.5 0 0 0 0]1
`, 0},
		{"words", "a.jsonl", `{"tokens":["ab","","c d"],"labels":["B","O",3]}`, TokenClassification, `[3 B O]
[1 97 98 99 100 2][0 0 0 0 0 0][][-100 1 -100 0 -100 -100][]2
`, 0},
		{"numbers as text", "a.jsonl", `{"text":"a","label":"1.5"}` + "\n" + `{"text":"b","label":2}`, Regression, `[value_0]
[1 97 2][0 0 0][][0 -100 -100][1.5 0 0]1
[1 98 2][0 0 0][][0 -100 -100][2 0 0]1
`, 0},
		{"classes without a name", "a.jsonl", `{"text":"a","label":"LABEL_10"}` + "\n" + `{"text":"b","label":"LABEL_9"}`, Classification, `[LABEL_9 LABEL_10]
[1 97 2][0 0 0][][1 -100 -100][]1
[1 98 2][0 0 0][][0 -100 -100][]1
`, 0},
		{"words without a class", "a.jsonl", `{"tokens":["a","b"],"labels":[-100,"O"]}`, TokenClassification, `[O]
[1 97 98 2][0 0 0 0][][-100 -100 0 -100][]1
`, 0},
		{"words that are cut", "a.jsonl", `{"tokens":["abcdef","gh"],"labels":[0,1]}`, TokenClassification, `[0 1]
[1 97 98 99 100 101 102 2][0 0 0 0 0 0 0 0][][-100 0 -100 -100 -100 -100 -100 -100][]1
`, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, report := labelledRows(t, test.file, test.content, test.kind, 8)
			if got != test.want {
				t.Errorf("got\n%s\nexpected\n%s", got, test.want)
			}
			if report.Cut != test.cut || report.Examples != strings.Count(test.want, "\n")-1 {
				t.Errorf("report %+v, expected %d that were cut", report, test.cut)
			}
		})
	}
}

func TestLabelledRefuses(t *testing.T) {
	classes, numbers := Labels{Classification, []string{"x", "y"}}, Labels{Regression, []string{"value_0"}}
	words := Labels{TokenClassification, []string{"x", "y"}}
	for _, test := range []struct {
		name, file, content string
		labels              Labels
		want                string
	}{
		{"unknown class", "a.jsonl", "{\"text\":\"a\",\"label\":\"x\"}\n\n{\"text\":\"a\",\"label\":\"z\"}", classes, `a.jsonl:3: label "z" is not one of x, y`},
		{"no label", "a.jsonl", `{"text":"a"}`, classes, `a.jsonl:1: expected {"text", "label"} or {"text", "text_pair", "label"}, got the keys {"text"}`},
		{"fraction", "a.jsonl", `{"text":"a","label":1.5}`, classes, `a.jsonl:1: label 1.5: expected the name of a class`},
		{"empty name", "a.jsonl", `{"text":"a","label":""}`, classes, `a.jsonl:1: label "": expected`},
		{"null", "a.jsonl", `{"text":"a","label":null}`, classes, `a.jsonl:1: label null: expected`},
		{"plain text", "a.txt", "a\n", classes, "a.txt:1: plain text has no labels"},
		{"tokenizer", "a.jsonl", "{\"text\":\"a\",\"label\":\"x\"}\n{\"text\":\"?\",\"label\":\"x\"}", classes, "a.jsonl:2: what?"},
		{"cells", "a.csv", "text,label\na,x\na\n", classes, "a.csv:3: 1 cells, expected 2 as the header has: text, label"},
		{"quotes", "a.csv", "text,label\na,x\n\"a,x\n", classes, "a.csv:"},
		{"columns", "a.csv", "text,text,label\na,a,x\n", classes, `a.csv:2: the header has two columns "text", expected one to read`},
		{"missing column", "a.tsv", "text\tlable\na\tx\n", classes, `a.tsv:2: expected {"text", "label"}`},
		{"header only", "a.csv", "text,label\n", classes, "no text in"},
		{"empty cell", "a.csv", "text,label\na,\n", classes, `a.csv:2: "label" is empty`},
		{"no number", "a.jsonl", `{"text":"a","label":"one"}`, numbers, `a.jsonl:1: "label" must be a number or a list of numbers, got "one"`},
		{"no number in a cell", "a.csv", "text,label\na,b\n", numbers, `a.csv:2: "label": expected numbers, got "b"`},
		{"infinite", "a.jsonl", `{"text":"a","label":1e39}`, numbers, `a.jsonl:1: "label": 1e+39 is out of range`},
		{"two values", "a.jsonl", `{"text":"a","label":[1,2]}`, numbers, `a.jsonl:1: 2 values to find, expected 1`},
		{"lengths", "a.jsonl", `{"tokens":["a"],"labels":["x","y"]}`, words, `a.jsonl:1: 2 labels for 1 tokens`},
		{"words in a table", "a.csv", "tokens,labels\na,x\n", words, `a.csv:2: expected {"tokens": [...], "labels": [...]} in JSON or Parquet`},
		{"no words", "a.jsonl", `{"tokens":[],"labels":[]}`, words, `"tokens" must be a list of strings`},
		{"kind", "a.jsonl", `{"text":"a","label":"x"}`, Labels{"poetry", []string{"x"}}, `kind "poetry" is not known`},
		{"twice", "a.jsonl", `{"text":"a","label":"x"}`, Labels{Classification, []string{"x", "x"}}, `"x" is there twice`},
		{"no names", "a.jsonl", `{"text":"a","label":"x"}`, Labels{Kind: Classification}, `no names`},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "tokens")
			s := openText(t, test.file, test.content)
			_, err := EncodeLabelledFile(t.Context(), path, s, letterFramer{}, LabelledConfig{Labels: test.labels, MaxLength: 8})
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "data: ") {
				t.Errorf("error is %v, expected %q", err, test.want)
			}
			if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) > 0 {
				t.Errorf("%d files are left", len(entries))
			}
		})
	}
	s := openText(t, "a.jsonl", "{\"text\":\"a\",\"label\":1}\n{\"text\":\"a\",\"label\":[1,2]}")
	if _, err := ReadLabels(s, Regression); err == nil || !strings.Contains(err.Error(), "a.jsonl:2: 2 values to find, in the lines before it 1") {
		t.Errorf("error is %v", err)
	}
	if _, err := ReadLabels(s, "poetry"); err == nil {
		t.Error("no error for an unknown kind")
	}
}

// TestLabelledOnManyBlocks compares a table of several blocks, with line ends within quotes, with the same in JSON.
func TestLabelledOnManyBlocks(t *testing.T) {
	var table, lines strings.Builder
	table.WriteString("text,label\n")
	for i := range 12_000 {
		text := fmt.Sprintf("row %d,\nof %s", i, strings.Repeat("x", i%70))
		fmt.Fprintf(&table, "\"%s\",%d\n", text, i%3)
		fmt.Fprintf(&lines, "{\"text\":%q,\"label\":%d}\n", text, i%3)
	}
	a, _ := labelledRows(t, "a.csv", table.String(), Classification, 99)
	b, _ := labelledRows(t, "a.jsonl", lines.String(), Classification, 99)
	if a != b {
		t.Error("the table and the lines of JSON differ")
	}
}

// TestLabelledViews checks labels and types in views that begin at any document.
func TestLabelledViews(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		kind := rapid.SampledFrom([]LabelKind{Classification, TokenClassification, Regression}).Draw(r, "kind")
		labels := Labels{kind, []string{"a", "b", "c"}}
		w, err := newMemoryWriter(100)
		if err == nil {
			err = w.Describe(labels)
		}
		var examples []Example
		for range rapid.IntRange(1, 12).Draw(r, "documents") {
			n := rapid.IntRange(1, 9).Draw(r, "tokens")
			x := Example{Class: rapid.Int32Range(0, 2).Draw(r, "class"), Values: []float32{rapid.Float32Range(-9, 9).Draw(r, "value"), 0, 1}}
			pair := rapid.Bool().Draw(r, "pair")
			for range n {
				x.IDs = append(x.IDs, rapid.Int32Range(0, 99).Draw(r, "id"))
				x.Classes = append(x.Classes, rapid.SampledFrom([]int32{0, 1, 2, Ignored}).Draw(r, "class"))
				if pair {
					x.Types = append(x.Types, rapid.Int32Range(0, 1).Draw(r, "type"))
				}
			}
			examples = append(examples, x)
			err = errors.Join(err, w.AppendExample(x))
		}
		if err != nil {
			r.Fatal(err)
		}
		tokens, err := w.tokens()
		if err != nil {
			r.Fatal(err)
		}
		first := rapid.IntRange(0, len(examples)-1).Draw(r, "first")
		lo, _ := tokens.Document(first)
		d, err := NewLabelled(tokens.Slice(lo, tokens.Len()), 10)
		if err != nil {
			r.Fatal(err)
		}
		b := NewBatch(1, d.Layout())
		for i, x := range examples[first:] {
			if err := FillSequential(b, d, i); err != nil {
				r.Fatal(err)
			}
			n := len(x.IDs)
			if !slices.Equal(b.Ints(IDs)[:n], x.IDs) || slices.Contains(x.Types, 1) && !slices.Equal(b.Ints(Types)[:n], x.Types) {
				r.Fatalf("row %d is %v of types %v, expected %+v", i, b.Ints(IDs), b.Ints(Types), x)
			}
			ok := false
			switch kind {
			case Classification:
				ok = b.Ints(Targets)[0] == x.Class && b.Count == 1
			case TokenClassification:
				ok = slices.Equal(b.Ints(Targets)[:n], x.Classes)
			case Regression:
				ok = slices.Equal(b.Floats(Values)[:3], x.Values) && b.Ints(Targets)[0] == 0 && b.Count == 1
			}
			padded := n == len(b.Ints(IDs)) || b.Ints(Targets)[n] == Ignored && b.Ints(Segments)[n] == -1
			if !ok || !padded || b.Ints(Segments)[n-1] != 0 {
				r.Fatalf("row %d has targets %v, values %v and segments %v, expected %+v", i, b.Ints(Targets), b.Floats(Values), b.Ints(Segments), x)
			}
		}
	})
}

func TestLabelledAllocateNothing(t *testing.T) {
	s := openText(t, "a.jsonl", strings.Repeat("{\"text\":\"ab\",\"text_pair\":\"c\",\"label\":[1,2]}\n", 9))
	tokens, _, err := EncodeLabelled(t.Context(), s, letterFramer{}, LabelledConfig{Labels: Labels{Regression, []string{"x", "y"}}, MaxLength: 9})
	if err != nil {
		t.Fatal(err)
	}
	d, err := NewLabelled(tokens, 0)
	if err != nil {
		t.Fatal(err)
	}
	l := newLoader(t, d, LoaderConfig{})
	b := NewBatch(3, d.Layout())
	if n := testing.AllocsPerRun(20, func() {
		if err := l.Next(b); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

func TestExamplesRefuse(t *testing.T) {
	for _, test := range []struct {
		labels  Labels
		example Example
		want    string
	}{
		{Labels{Classification, []string{"a"}}, Example{IDs: []int32{1}, Class: 1}, "class 1 is not one of 1"},
		{Labels{Classification, []string{"a"}}, Example{}, "0 tokens"},
		{Labels{Classification, []string{"a"}}, Example{IDs: []int32{1}, Types: []int32{0, 1}}, "1 tokens and 2 types"},
		{Labels{TokenClassification, []string{"a"}}, Example{IDs: []int32{1}}, "0 classes for 1 tokens"},
		{Labels{Regression, []string{"a"}}, Example{IDs: []int32{1}}, "0 values, expected 1"},
	} {
		w, err := newMemoryWriter(9)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Describe(test.labels); err != nil {
			t.Fatal(err)
		}
		if err := w.AppendExample(test.example); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("error is %v, expected %q", err, test.want)
		}
	}
	plain := counting(t, 4)
	if _, err := NewLabelled(plain, 4); err == nil || !strings.Contains(err.Error(), "no labels") {
		t.Errorf("error is %v", err)
	}
}
