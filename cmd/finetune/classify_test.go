package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"github.com/seahorse-ml/seahorse/task"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// classifiers are models that were trained for a few steps on the data beside them: characters, of texts of different lengths.
type classifiers struct {
	encoder     string            // without a head
	model, data map[string]string // by objective
}

// newClassifiers trains a model for each objective with labels.
func newClassifiers(t *testing.T, dir string) classifiers {
	t.Helper()
	files := map[string]string{"classification": "classes.csv", "regression": "values.jsonl", "token-classification": "tokens.jsonl"}
	from := fixed(t, "classifiers", func(dir string) {
		encoder, _ := newModels(t, dir)
		var classes, values, tokens strings.Builder
		classes.WriteString("text,label\n")
		for i := range 70 { // more than are read at a time
			text := strings.Repeat("a rose ", i%5) + string(rune('a'+i%26))
			fmt.Fprintf(&classes, "%s,%s\n", text, []string{"<low>", "high"}[i%26/13])
			fmt.Fprintf(&values, "{\"text\":%q,\"label\":[%d,%g]}\n", text, i%2, float64(i%26)/13)
			fmt.Fprintf(&tokens, "{\"tokens\":[\"at\",%q],\"labels\":[\"O\",\"B-%d\"]}\n", text, i%2)
		}
		contents := map[string]string{"classification": classes.String(), "regression": values.String(), "token-classification": tokens.String()}
		for objective, file := range files {
			succeed(t, "", "sft", "--model", encoder, "--data", write(t, filepath.Join(dir, file), contents[objective]), "--objective", objective, "--output-dir", filepath.Join(dir, objective),
				"--max-steps=25", "--batch-size=16", "--learning-rate=3e-3", "--seq-len=40")
		}
	})
	c := classifiers{encoder: copied(t, from, dir, "bert", "transformer"), model: map[string]string{}, data: map[string]string{}}
	for objective, file := range files {
		c.model[objective], c.data[objective] = copied(t, from, dir, objective), copied(t, from, dir, file)
	}
	return c
}

// classify runs the command and reads its lines.
func classify(t *testing.T, stdin string, args ...string) []task.Classified {
	t.Helper()
	out, _ := succeed(t, stdin, append([]string{"classify"}, args...)...)
	var lines []task.Classified
	for line := range strings.Lines(out) {
		var x task.Classified
		d := json.NewDecoder(strings.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&x); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		lines = append(lines, x)
	}
	return lines
}

// near tells whether two lines are the same but for rounding.
func near(a, b task.Classified) bool {
	close := func(x, y float64) bool { return math.Abs(x-y) < 1e-5 }
	for name, p := range a.Scores {
		if !close(p, b.Scores[name]) {
			return false
		}
	}
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	return a.Label == b.Label && a.Cut == b.Cut && len(a.Scores) == len(b.Scores) && slices.EqualFunc(a.Values, b.Values, close) && slices.Equal(a.Tokens, b.Tokens) &&
		slices.EqualFunc(a.Labels, b.Labels, func(x, y *string) bool { return text(x) == text(y) }) && slices.EqualFunc(a.Probabilities, b.Probabilities, close)
}

// TestClassify holds what classify says of a file to what eval finds, and what it says of the same texts in other ways to that.
func TestClassify(t *testing.T) {
	t.Parallel()
	c := newClassifiers(t, t.TempDir())
	measure := func(objective string) (e measured) {
		out, _ := succeed(t, "", "eval", "--model", c.model[objective], "--data", c.data[objective], "--json")
		if err := json.Unmarshal([]byte(out), &e); err != nil || e.Objective != objective {
			t.Fatalf("%v in %s", err, out)
		}
		return e
	}
	same := func(what string, got, want []task.Classified) {
		t.Helper()
		if !slices.EqualFunc(got, want, near) {
			t.Errorf("%s gives\n%+v, want\n%+v", what, got, want)
		}
	}

	t.Run("classification", func(t *testing.T) {
		model := c.model["classification"]
		lines := classify(t, "", "--model", model, "--data", c.data["classification"])
		rows, err := csv.NewReader(strings.NewReader(read(t, c.data["classification"]))).ReadAll()
		if err != nil || len(rows)-1 != len(lines) {
			t.Fatalf("%d lines of %d rows, %v", len(lines), len(rows)-1, err)
		}
		right := 0
		var flags, plain []string
		for i, x := range lines {
			if sum := x.Scores["<low>"] + x.Scores["high"]; len(x.Scores) != 2 || math.Abs(sum-1) > 1e-5 || x.Scores[x.Label] < 0.5 {
				t.Fatalf("line %d: %+v", i, x)
			}
			if x.Label == rows[i+1][1] {
				right++
			}
			flags, plain = append(flags, "--text="+rows[i+1][0]), append(plain, rows[i+1][0]+"\n\n")
		}
		if e := measure("classification"); math.Abs(*e.Accuracy-float64(right)/float64(len(lines))) > 1e-6 || right == 0 || right == len(lines) || e.Rows != len(lines) || e.Perplexity != nil {
			t.Errorf("%d of %d are right; eval found %v", right, len(lines), *e.Accuracy)
		}
		same("--text", classify(t, "", append([]string{"--model", model}, flags[:9]...)...), lines[:9])
		same("one text alone", classify(t, "", "--model", model, flags[4]), lines[4:5])
		same("plain text on standard input", classify(t, strings.Join(plain, ""), "--model", model, "--data=-", "--threads=1"), lines)
		if long := classify(t, "", "--model", model, "--text", strings.Repeat("rose ", 20), "--seq-len=12"); len(long) != 1 || !long[0].Cut {
			t.Errorf("a text that is too long gives %+v", long)
		}
		out, _ := succeed(t, "", "classify", "--model", model, "--text=a")
		if !strings.Contains(out, `"<low>":`) {
			t.Errorf("names are not written as they are: %s", out)
		}
		pair := classify(t, "", "--model", model, "--text=a rose", "--text-pair=is z")
		file := write(t, filepath.Join(t.TempDir(), "pair.jsonl"), `{"text": "a rose", "text_pair": "is z", "id": 1}`)
		same("a pair in a file", classify(t, "", "--model", model, "--data", file), pair)
		if near(pair[0], classify(t, "", "--model", model, "--text=a rose")[0]) {
			t.Error("the second text of a pair changes nothing")
		}
	})

	t.Run("regression", func(t *testing.T) {
		lines := classify(t, "", "--model", c.model["regression"], "--data", c.data["regression"])
		var sum float64
		for i, line := range strings.Split(strings.TrimSpace(read(t, c.data["regression"])), "\n") {
			var want struct{ Label []float64 }
			if err := json.Unmarshal([]byte(line), &want); err != nil || len(lines[i].Values) != 2 || lines[i].Label != "" {
				t.Fatalf("line %d: %+v, %v", i, lines[i], err)
			}
			for k, v := range want.Label {
				sum += (v - lines[i].Values[k]) * (v - lines[i].Values[k])
			}
		}
		if e := measure("regression"); math.Abs(sum/140-*e.MSE) > 1e-5 || e.Perplexity != nil || e.Accuracy != nil || e.Pearson == nil {
			t.Errorf("the mean squared error is %g; eval found %+v", sum/140, e)
		}
	})

	t.Run("token-classification", func(t *testing.T) {
		model := c.model["token-classification"]
		lines := classify(t, "", "--model", model, "--data", c.data["token-classification"])
		right := 0
		for i, line := range strings.Split(strings.TrimSpace(read(t, c.data["token-classification"])), "\n") {
			var want struct{ Tokens, Labels []string }
			if err := json.Unmarshal([]byte(line), &want); err != nil || !slices.Equal(lines[i].Tokens, want.Tokens) || len(lines[i].Labels) != 2 || len(lines[i].Probabilities) != 2 {
				t.Fatalf("line %d: %+v, %v", i, lines[i], err)
			}
			for k, label := range want.Labels {
				right += map[bool]int{true: 1}[label == *lines[i].Labels[k]]
			}
		}
		if e := measure("token-classification"); math.Abs(*e.Accuracy-float64(right)/140) > 1e-6 || e.Tokens != 140 {
			t.Errorf("%d of 140 words are right; eval found %+v", right, e)
		}
		words := write(t, filepath.Join(t.TempDir(), "words.jsonl"), `{"tokens": ["at", "a", "rose"]}`)
		same("--text", classify(t, "", "--model", model, "--text= at  a rose"), classify(t, "", "--model", model, "--data", words))
		cut := classify(t, "", "--model", model, "--text=at a rose garden", "--seq-len=9")[0] // [CLS] at a ros [SEP]
		if !cut.Cut || len(cut.Labels) != 4 || cut.Labels[2] == nil || cut.Labels[3] != nil || cut.Probabilities[3] != 0 {
			t.Errorf("words that are cut off give %+v", cut)
		}
	})

	t.Run("errors", func(t *testing.T) { classifyErrors(t, c) })
}

// classifyErrors checks that classify and eval say what is wrong, and of data where.
func classifyErrors(t *testing.T, c classifiers) {
	dir := t.TempDir()
	file := func(name, content string) string { return write(t, filepath.Join(dir, name), content) }
	sentences, numbers, words := c.model["classification"], c.model["regression"], c.model["token-classification"]
	for _, x := range []struct {
		args []string
		want string
	}{
		{[]string{"classify", "--model", sentences}, "give texts either by --text or by --data"},
		{[]string{"classify", "--model", sentences, "--text=a", "--data=-"}, "give texts either by --text or by --data"},
		{[]string{"classify", "--model", sentences, "--text=a", "--text=b", "--text-pair=c"}, "--text-pair goes with one --text, not with 2"},
		{[]string{"classify", "--model", sentences, "--text=a", "--seq-len=49"}, "--seq-len 49: the model's context is 48 tokens"},
		{[]string{"classify", "--model", sentences, "--text=a", "--seq-len=0"}, "--seq-len"},
		{[]string{"classify", "--model", sentences, "--text=a", "--threads=-1"}, "--threads"},
		{[]string{"classify", "--model", sentences, "--text=a", "--threads=1025"}, "--threads 1025: expected 0 to 1024"},
		{[]string{"classify", "--model", c.encoder, "--text=a"}, "holds no classifier and no regression; finetune sft makes one of an encoder"},
		{[]string{"classify", "--model", filepath.Join(dir, "none"), "--text=a"}, "none does not exist"},
		{[]string{"classify", "--model", sentences, "--text="}, `the text "": the text has no tokens`},
		{[]string{"classify", "--model", words, "--text= "}, "has no tokens"},
		{[]string{"classify", "--model", sentences, "--data", filepath.Join(dir, "none.txt")}, "none.txt: no such file"},
		{[]string{"classify", "--model", sentences, "--data", file("empty.txt", "")}, "empty.txt: no text"},
		{[]string{"classify", "--model", sentences, "--data", file("blank.txt", "\n \n")}, "no texts in " + filepath.Join(dir, "blank.txt")},
		{[]string{"classify", "--model", sentences, "--data", file("header.csv", "text\n")}, "no texts in"},
		{[]string{"classify", "--model", sentences, "--data", file("a.jsonl", "{\"text\":\"a\"}\n\n{\"text\":\"b\"\n")}, "a.jsonl:3: expected a JSON object"},
		{[]string{"classify", "--model", sentences, "--data", file("b.jsonl", "{\"text\":\"a\"}\n{\"text\":1}\n")}, `b.jsonl:2: "text" must be a string, got 1`},
		{[]string{"classify", "--model", sentences, "--data", file("c.jsonl", "{\"text\":\"a\"}\n{\"texts\":\"b\"}\n")}, `c.jsonl:2: expected {"text"} or {"text", "text_pair"}, got the keys {"texts"}`},
		{[]string{"classify", "--model", sentences, "--data", file("d.csv", "text\na\n\"\"\n")}, "d.csv:3: the text has no tokens"},
		{[]string{"classify", "--model", sentences, "--data", file("e.tsv", "id\ttext\n1\ta\n2\n")}, "e.tsv:3: 1 cells, expected 2"},
		{[]string{"classify", "--model", words, "--data", file("f.csv", "text\na\n")}, `f.csv:2: expected {"tokens": [...]} in JSON or Parquet, got the keys {"text"}`},
		{[]string{"classify", "--model", words, "--data", file("g.jsonl", "{\"tokens\":[\"a\"]}\n{\"tokens\":[]}\n")}, `g.jsonl:2: "tokens" must be a list of strings, got []`},
		{[]string{"classify", "--model", words, "--data", file("h.jsonl", "{\"tokens\":[\"a\"]}\n{\"tokens\":[\"\"]}\n")}, "h.jsonl:2: the text has no tokens"},

		{[]string{"eval", "--model", sentences, "--data", file("i.csv", "text,label\na,high\nb,middle\n")}, `i.csv:3: label "middle" is not one of <low>, high`},
		{[]string{"eval", "--model", sentences, "--data", file("j.csv", "text\na\n")}, `j.csv:2: expected {"text", "label"}`},
		{[]string{"eval", "--model", sentences, "--data", file("k.txt", "a\n")}, "k.txt:1: plain text has no labels"},
		{[]string{"eval", "--model", sentences, "--data", file("l.csv", "text,label\n")}, "l.csv"},
		{[]string{"eval", "--model", sentences, "--data", file("m.csv", "text,label\na,high\n\"\",high\n")}, "m.csv:3: the text has no tokens"},
		{[]string{"eval", "--model", numbers, "--data", file("n.jsonl", "{\"text\":\"a\",\"label\":[1,2]}\n{\"text\":\"a\",\"label\":1}\n")}, "n.jsonl:2: 1 values to find, expected 2"},
		{[]string{"eval", "--model", numbers, "--data", file("o.csv", "text,label\na,high\n")}, `o.csv:2: "label": expected numbers, got "high"`},
		{[]string{"eval", "--model", words, "--data", file("p.jsonl", "{\"tokens\":[\"a\",\"b\"],\"labels\":[\"O\"]}\n")}, "p.jsonl:1: 1 labels for 2 tokens"},
		{[]string{"eval", "--model", words, "--data", file("q.jsonl", "{\"tokens\":[\"a\"],\"labels\":[\"X\"]}\n")}, `q.jsonl:1: label "X" is not one of B-0, B-1, O`},
		{[]string{"eval", "--model", words, "--data", file("r.csv", "tokens,labels\na,O\n")}, "r.csv:2: expected"},
	} {
		status, out, said := finetune(t, "", x.args...)
		if status != exitFailure || out != "" || !strings.Contains(said, x.want) || !strings.HasPrefix(said, "finetune: ") {
			t.Errorf("%s: status %d, %q, said %q, want %q", strings.Join(x.args, " "), status, out, said, x.want)
		}
	}
}
