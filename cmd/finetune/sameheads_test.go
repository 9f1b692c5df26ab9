package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// TestTrainedHeadIsKept gives a trained classifier labels by other names: eval finds the same accuracy, and sft keeps the head
// unless a label is none of its classes.
func TestTrainedHeadIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := newClassifiers(t, dir)
	model, named := c.model["classification"], read(t, c.data["classification"])
	file := func(name, low, high string) string {
		renamed := strings.NewReplacer(",<low>\n", ","+low+"\n", ",high\n", ","+high+"\n").Replace(named)
		return write(t, filepath.Join(dir, name), renamed)
	}
	measure := func(model, data string) float64 {
		var e measured
		out, _ := succeed(t, "", "eval", "--model", model, "--data", data, "--json")
		if err := json.Unmarshal([]byte(out), &e); err != nil {
			t.Fatal(err)
		}
		return *e.Accuracy
	}
	want := measure(model, c.data["classification"])
	frozen := func(data, out string, more ...string) []string {
		return append([]string{"sft", "--model", model, "--data", data, "--output-dir", out, "--max-steps=1", "--warmup-steps=0", "--learning-rate=1e-30", "--seq-len=40"}, more...)
	}
	for name, labels := range map[string][2]string{"numbers.csv": {"0", "1"}, "labels.csv": {"LABEL_0", "LABEL_1"}, "truth.csv": {"False", "True"}, "case.csv": {"<LOW>", "High"}} {
		data := file(name, labels[0], labels[1])
		if got := measure(model, data); got != want {
			t.Errorf("%s: accuracy %g, want %g", name, got, want)
		}
		out := filepath.Join(dir, name+".run")
		_, said := succeed(t, "", frozen(data, out)...)
		if !strings.Contains(said, labels[0]+" is <low>, "+labels[1]+" is high") || measure(out, c.data["classification"]) != want {
			t.Errorf("%s: the head isn't kept: %s", name, said)
		}
	}
	other := file("other.csv", "bad", "good")
	status, _, said := finetune(t, "", frozen(other, filepath.Join(dir, "other"))...)
	if status != exitFailure || !strings.Contains(said, "other.csv: the trained head of the model doesn't know the labels bad, good; it knows <low>, high") || !strings.Contains(said, "--new-head") {
		t.Errorf("status %d, said %q", status, said)
	}
	out := filepath.Join(dir, "new")
	succeed(t, "", frozen(other, out, "--new-head")...)
	if x := classify(t, "", "--model", out, "--text=a")[0]; len(x.Scores) != 2 || x.Scores["bad"]+x.Scores["good"] < 0.999 {
		t.Errorf("the new head gives %+v", x)
	}
	succeed(t, "", frozen(c.data["classification"], filepath.Join(dir, "again"), "--new-head")...)
	if got := classify(t, "", "--model", filepath.Join(dir, "again"), "--text=a"); near(got[0], classify(t, "", "--model", model, "--text=a")[0]) {
		t.Error("--new-head keeps the head where the labels are the same")
	}
	one := write(t, filepath.Join(dir, "one.jsonl"), "{\"text\":\"a\",\"label\":1}\n")
	status, _, said = finetune(t, "", "sft", "--model", c.model["regression"], "--data", one, "--output-dir", filepath.Join(dir, "values"))
	if status != exitFailure || !strings.Contains(said, "labels of 1 value, and the trained head of the model finds 2; --new-head") {
		t.Errorf("status %d, said %q", status, said)
	}
}
