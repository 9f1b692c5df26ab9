package main

import (
	"encoding/json"
	"math"
	"path/filepath"
	"strings"
	"testing"
)

// TestWeightsOfRecords learns from records that say what they count, and measures by it.
func TestWeightsOfRecords(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := filepath.Join(dir, "base")
	pretrained(t, base)
	pairs := func(name, first, second string) string {
		return write(t, filepath.Join(dir, name), `{"prompt": "Line 1 of", "completion": " the text"`+first+"}\n"+`{"prompt": "Line 2 of", "completion": " seven"`+second+"}\n")
	}
	weighed := pairs("a.jsonl", `, "count": 3`, `, "count": 0`)
	short := []string{"--max-steps=2", "--warmup-steps=0", "--sample-tokens=0", "--validation-split=0", "--batch-size=2"}
	run := filepath.Join(dir, "run")
	_, said := succeed(t, "", append([]string{"sft", "--model", base, "--data", weighed, "--weight-column=count", "--output-dir", run}, short...)...)
	if !strings.Contains(said, "weights    records count 0 to 3") {
		t.Errorf("sft says\n%s", said)
	}
	only := write(t, filepath.Join(dir, "only.jsonl"), strings.SplitAfter(read(t, weighed), "\n")[0])
	loss := func(args ...string) float64 {
		t.Helper()
		out, _ := succeed(t, "", append([]string{"eval", "--json", "--model", run}, args...)...)
		var e struct{ Loss float64 }
		if err := json.Unmarshal([]byte(out), &e); err != nil {
			t.Fatal(err)
		}
		return e.Loss
	}
	weighted, alone, all := loss("--data", weighed, "--weight-column=count"), loss("--data", only), loss("--data", weighed)
	if math.Abs(weighted-alone) > 1e-6 || math.Abs(all-alone) < 1e-3 {
		t.Errorf("weighed losses are %v, those of the one that counts %v, of both %v", weighted, alone, all)
	}
	named := pairs("b.jsonl", `, "weight": 3`, `, "weight": 0`)
	if got := loss("--data", named); math.Abs(got-alone) > 1e-6 {
		t.Errorf("by the usual name the loss is %v, expected %v", got, alone)
	}
	if got := loss("--data", named, "--no-weights"); math.Abs(got-all) > 1e-6 {
		t.Errorf("unweighed the loss is %v, expected %v", got, all)
	}
	preferences := write(t, filepath.Join(dir, "p.jsonl"), `{"prompt": "a", "chosen": "b", "rejected": "c", "w": 1}`)
	for want, args := range map[string][]string{
		`c.jsonl:1: "weight" must be a number of 0 or more`: {"sft", "--data", pairs("c.jsonl", `, "w": "x"`, `, "w": 1`), "--weight-column=w"},
		"--weight-column: of the objective dpo":             {"dpo", "--data", preferences, "--weight-column=w"},
	} {
		if status, _, said := finetune(t, "", append(args, "--model", base, "--output-dir", filepath.Join(dir, "no"))...); status != exitFailure || !strings.Contains(said, want) {
			t.Errorf("%v: %s, expected %q", args, said, want)
		}
	}
}
