package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestNumbersAtTheirEdges gives flags numbers that make no sense, or that products overflow by, and flags that are for other settings. internal/proofs/edges.py
// goes through all flags.
func TestNumbersAtTheirEdges(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := corpus(t, dir)
	writer := newWriter(t, dir)
	encoder, _ := newModels(t, dir)
	pairs, _, _ := preferenceData(t, dir)
	prompts, _ := promptData(t, dir)
	learn, _ := embedPairs(t, dir)
	out := filepath.Join(dir, "out")
	const most = "9223372036854775807"
	for line, want := range map[string]string{
		"pretrain --data " + text + " --ranks 4611686018427387904 --batch-size 4 --num-train-epochs 1":         "expected at most 2^50 rows in a step",
		"pretrain --data " + text + " --max-source-length 3":                                                   "--max-source-length is for the objective seq2seq",
		"dpo --model " + writer + " --data " + pairs + " --discopop-tau NaN":                                   "--discopop-tau is for --loss-type discopop",
		"dpo --model " + writer + " --data " + pairs + " --loss-type discopop --discopop-tau inf":              "temperature is +Inf",
		"dpo --model " + writer + " --data " + pairs + " --f-alpha-divergence-coef 2":                          "is for --f-divergence-type alpha_divergence",
		"dpo --model " + writer + " --data " + pairs + " --max-source-length 1":                                "--max-source-length is for the objective seq2seq",
		"grpo --model " + writer + " --data " + prompts + " --reward exact --max-turns 3":                      "--max-turns is for --environment",
		"grpo --model " + writer + " --data " + prompts + " --reward exact --steps-per-generation " + most:     "expected 1048576 at most",
		"grpo --model " + writer + " --data " + prompts + " --reward exact --reward-timeout 0s":                "expected a time",
		"words train --data " + text + " --window " + most:                                                     "Window is " + most + ", expected 10000 at most",
		"words train --data " + text + " --method svd --window " + most:                                        "Window is " + most + ", expected 10000 at most",
		"words train --data " + text + " --method glove --x-max inf":                                           "x-max +Inf",
		"words train --data " + text + " --dim " + most:                                                        "Dim is " + most + ", expected 65536 at most",
		"words train --data " + text + " --method fasttext --bucket 2000000000":                                "Buckets is 2000000000, expected 1073741824 at most",
		"words train --data " + text + " --phrase-threshold NaN":                                               "are for --phrases",
		"words train --data " + text + " --phrases 1 --phrase-threshold inf":                                   "threshold +Inf",
		"words supervised --data " + text + " --bucket " + most:                                                "Buckets is " + most,
		"words supervised --data " + text + " --word-ngrams 2 --dim 65536 --bucket 2000000000":                 "--no-memory-check starts it all the same",
		"words supervised --data " + text + " --negative -1":                                                   "Negative is -1, expected 0 or more",
		"embed static --model " + encoder + " --sif NaN":                                                       "--sif NaN: expected 0 or more",
		"embed static --vectors " + text + " --dim 3":                                                          "are for --model",
		"embed train --model " + encoder + " --data " + learn + " --matryoshka-dims 8 --matryoshka-weights=-1": "a weight of -1, expected 0 or more",
	} {
		fails(t, want, append(strings.Fields(line), "--output-dir", out)...)
		if isDir(out) {
			t.Fatalf("%s: left a directory", line)
		}
	}
	for line, want := range map[string]string{
		"plan --ranks=-1 pretrain --data " + text:                                       "--ranks -1: expected 0 or more",
		"data prepare --data " + pairs + " --output-dir " + out + " --top-k 3":          "--top-k and --seq-len are for --teacher",
		"generate --model " + writer + " --prompt a --length-penalty NaN":               "--length-penalty is for --num-beams",
		"generate --model " + writer + " --prompt a --num-beams 2 --length-penalty NaN": "a length penalty of NaN",
		"embed mine --model " + encoder + " --data " + learn + " --margin inf":          "a bound of +Inf",
		"ask --index " + dir + " --model " + writer + " --min-cosine NaN q":             "--min-cosine NaN: expected -1 to 1",
		"agent --model " + writer + " --rows " + most + " q":                            "expected 65536 at most",
		"serve --model " + writer + " --rows " + most:                                   "expected 65536 at most",
		"show attribution --model " + writer + " a --steps " + most:                     "expected 1 to 10000",
		"show landscape --model " + writer + " --data " + text + " --points " + most:    "expected an odd number from 3 to 1001",
	} {
		fails(t, want, strings.Fields(line)...)
	}
}

// TestStepsOfEndlessEpochs has more passes over the data than there are numbers for be many steps, not few.
func TestStepsOfEndlessEpochs(t *testing.T) {
	o := trainingOptions{BatchSize: new(int), GradientAccumulationSteps: 1}
	*o.BatchSize = 4
	if n := o.stepsOf(1e308, 1000); n < 1<<62 {
		t.Errorf("1e308 epochs are %d steps", n)
	}
}
