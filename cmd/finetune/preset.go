package main

import "slices"

// preset is a model and the way to train it, for --preset. The models and batches are those of `finetune bench` too.
type preset struct {
	name                 string
	layers, heads, width int
	tokenizer            string // char or bpe
	vocab                int    // of a BPE tokenizer; for bench also of char
	steps                int
	training             trainingDefaults
}

var presets = []preset{
	{
		name: "char", layers: 4, heads: 4, width: 128, tokenizer: "char", vocab: 65, steps: 5000,
		training: trainingDefaults{seqLen: 64, batchSize: 12, warmupSteps: 100, learningRate: 1e-3, weightDecay: 0.1, beta2: 0.99},
	},
	{
		name: "mini", layers: 6, heads: 6, width: 384, tokenizer: "bpe", vocab: 4096, steps: 2000,
		training: trainingDefaults{seqLen: 256, batchSize: 16, warmupSteps: 100, learningRate: 1e-3, weightDecay: 0.1, beta2: 0.95},
	},
	{
		name: "gpt2", layers: 12, heads: 12, width: 768, tokenizer: "bpe", vocab: 50257, steps: 20000,
		training: trainingDefaults{seqLen: 256, batchSize: 4, warmupSteps: 500, learningRate: 3e-4, weightDecay: 0.1, beta2: 0.95},
	},
}

func presetNames() []string {
	var names []string
	for _, p := range presets {
		names = append(names, p.name)
	}
	return names
}

// presetNamed returns the preset of a name that the command line's grammar has checked.
func presetNamed(name string) preset {
	return presets[slices.IndexFunc(presets, func(p preset) bool { return p.name == name })]
}
