package main

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestFits follows the advice that refused runs give, with what is free going down: each run that is told to fit does, in as much memory as
// it was told, and with as few flags as that takes.
func TestFits(t *testing.T) {
	dir := t.TempDir()
	base, records := filepath.Join(dir, "base"), filepath.Join(dir, "records.jsonl")
	write(t, records, strings.Repeat(`{"prompt": "Line seven", "completion": " of the text"}`+"\n", 200))
	succeed(t, "", "pretrain", "--data", records, "--output-dir", base, "--n-layer=4", "--n-head=2", "--n-embd=64", "--seq-len=64", "--max-steps=1", "--warmup-steps=0", "--sample-tokens=0")
	args := []string{"sft", "--model", base, "--data", records, "--seq-len=64", "--max-steps=1", "--warmup-steps=0", "--sample-tokens=0"}
	advice := regexp.MustCompile(`: [^:]*; (--[a-z0-9 -]+) makes it fit: (\d+) MiB`)
	for _, c := range []struct{ args, want []string }{
		{[]string{"--batch-size=4"}, []string{"--gradient-checkpointing", "--use-peft"}},
		{[]string{"--batch-size=4", "--lora-r=2"}, []string{"--gradient-checkpointing", "--load-in-4bit"}},
		{[]string{"--batch-size=16", "--lora-r=2", "--gradient-checkpointing"}, []string{"--load-in-4bit", "--batch-size"}},
	} {
		args, told := append(slices.Clone(args), c.args...), map[string]bool{}
		for free := 7 << 20; free > 1<<20 && len(told) < len(c.want); free -= 512 << 10 {
			refusal := withFree(t, free, append(args, "--output-dir", filepath.Join(t.TempDir(), "run"))...)
			said := advice.FindStringSubmatch(refusal)
			if said == nil {
				continue
			}
			flags := strings.Fields(said[1])
			for _, want := range c.want {
				if slices.Contains(flags, want) {
					told[want] = true
				}
			}
			again := append(args, "--output-dir", filepath.Join(t.TempDir(), "run"))
			if refusal := withFree(t, free, append(again, flags...)...); refusal != "" {
				t.Errorf("%v, %d bytes free: told %q and then refused by %s", c.args, free, said[1], refusal)
			}
		}
		for _, want := range c.want {
			if !told[want] {
				t.Errorf("%v: %s was never advised", c.args, want)
			}
		}
	}
}
