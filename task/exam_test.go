package task

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The expected figures are those of SQuAD's script, rouge_score and sacrebleu (sentence chrF, divided by 100).
func TestMetrics(t *testing.T) {
	for _, c := range []struct {
		metric    metric
		got, want string
		value     float64
	}{
		{wordF1, "The cat sat.", "a cat", 2.0 / 3},
		{wordF1, "the", "", 1},
		{wordF1, "dog", "cat", 0},
		{rougeL, "police killed the gunman", "police kill the gunman", 0.75},
		{rougeL, "the gunman kill police", "police kill the gunman", 0.5},
		{chrF, "abc", "abc", 1},
		{chrF, "xyz", "abc", 0},
		{sameJSON, `{"a": 1, "b": [2]}`, `{"b":[2],"a":1}`, 1},
		{sameJSON, `{"a": 1`, `{"a":1}`, 0},
	} {
		if v := c.metric(c.got, c.want); math.Abs(v-c.value) > 1e-9 {
			t.Errorf("%q for %q: %g, want %g", c.got, c.want, v, c.value)
		}
	}
}

func TestReadExam(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("q.jsonl", `{"q": "1+1", "options": ["1", "2"], "label": 1}
{"q": "2+2", "options": ["4", "5"], "label": "A"}
{"q": "3+3", "options": ["6", "7"], "label": "6"}
`)
	e, err := ReadExam(write("t.yaml", "data: q.jsonl\nquestion: 'Q: {{.q}}='\nchoices: options\nanswer: label\nfew_shot: 2\ndelimiter: ''\n"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := e.questions(e.Data)
	if err != nil {
		t.Fatal(err)
	}
	if all[0].right != 1 || all[1].right != 0 || all[2].right != 0 {
		t.Errorf("the right choices are %d, %d, %d", all[0].right, all[1].right, all[2].right)
	}
	first := e.contexts(all, all, true)[0]
	if !strings.HasSuffix(first, "\n\nQ: 1+1=") || !strings.Contains(first, "Q: 2+2=4\n\n") || !strings.Contains(first, "Q: 3+3=6\n\n") {
		t.Errorf("the context with examples is %q", first)
	}
	if blank := e.blank(); blank != "Q: N/A=" {
		t.Errorf("the blank question is %q", blank)
	}
	for want, text := range map[string]string{
		"answer is missing":           "data: q.jsonl\nquestion: x\n",
		"field nosuch not found":      "nosuch: 1\n",
		"metric \"bleu\", expected":   "data: q.jsonl\nquestion: x\nanswer: label\nmetrics: [bleu]\n",
		"calibrate is for choices":    "data: q.jsonl\nquestion: x\nanswer: label\ncalibrate: true\n",
		"1 choices, expected":         "data: q.jsonl\nquestion: x\nanswer: label\nchoices: [a]\n",
		"pattern \"\" for the metric": "data: q.jsonl\nquestion: x\nanswer: label\nmetrics: [regex]\n",
	} {
		if _, err := ReadExam(write("bad.yaml", text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	e.Answer = "nosuch"
	if _, err := e.questions(e.Data); err == nil || !strings.Contains(err.Error(), "q.jsonl:1: no field \"nosuch\"") {
		t.Errorf("got %v", err)
	}
}
