package models

import (
	"fmt"
	"slices"
	"strings"
)

// An Objective is what a model learns.
type Objective string

const (
	Causal Objective = "causal"  // each token from those before it
	Masked Objective = "masked"  // tokens that are hidden from it
	Pairs  Objective = "seq2seq" // a text about another one
)

// Family is one architecture: a row of Families. All else that is known of it is in the file of its configuration.
type Family struct {
	Name      string    // the model_type of its config.json
	Objective Objective // what new models of it learn
	Preferred bool      // the one that is taken for its objective where nobody says otherwise
	// Split names the pattern by which byte-level tokenizers that are learned for the family take text apart, see
	// tokenizer.TrainConfig; empty for the default.
	Split string
	// Rebuilds tells that transformers takes no more than vocabulary, merges and special tokens from a tokenizer.json beside
	// such a model, and splits text by Split whatever the files say.
	Rebuilds bool

	dropouts []string                               // fields of config.json that WithDropout sets
	aliases  map[string]string                      // other names of fields of config.json, which come before their own
	read     func(config []byte) (Config, error)    // a config.json, whose missing fields are as in transformers
	size     func(f Family, s Size) (Config, error) // of a new model
	encoder  *encoderFamily                         // how an encoder names its parts; nil for others
}

// A Config is a family's configuration, such as GPT2Config, from which New makes a model.
type Config interface {
	Validate() error
	build(o origin) (Model, error)
}

// Families returns the known architectures, sorted by name.
func Families() []Family {
	decoder := []string{"attention_dropout"}
	encoder := []string{"hidden_dropout_prob", "attention_probs_dropout_prob"} // not the classifier's, which tasks set by their Head
	return []Family{
		{Name: "albert", Objective: Masked, dropouts: encoder, read: reading(albertDefaults), size: sizeAlbert, encoder: &albertNames},
		{Name: "bert", Objective: Masked, Preferred: true, dropouts: encoder, read: reading(DefaultBertConfig), size: sizeBert, encoder: &bertNames},
		{Name: "gemma3_text", Objective: Causal, dropouts: decoder, read: reading(gemma3Defaults), size: sizeGemma3},
		{Name: "glm4", Objective: Causal, dropouts: decoder, read: reading(glm4Defaults), size: sizeGlm4},
		{Name: "gpt2", Objective: Causal, Preferred: true, dropouts: []string{"embd_pdrop", "attn_pdrop", "resid_pdrop"}, aliases: gpt2Aliases, read: reading(gpt2Defaults), size: sizeGPT2},
		{Name: "gpt_neox", Objective: Causal, dropouts: []string{"hidden_dropout", "attention_dropout"}, read: reading(gptNeoXDefaults), size: sizeGPTNeoX},
		{Name: "granite", Objective: Causal, dropouts: decoder, read: reading(graniteDefaults), size: sizeGranite},
		{Name: "llama", Objective: Causal, dropouts: decoder, read: reading(llamaDefaults), size: sizeLlama},
		{Name: "mistral", Objective: Causal, dropouts: decoder, read: reading(mistralDefaults), size: sizeMistral},
		{Name: "mixtral", Objective: Causal, dropouts: decoder, aliases: mixtralAliases, read: reading(mixtralDefaults), size: sizeMixtral},
		{Name: "olmo2", Objective: Causal, dropouts: decoder, read: reading(olmo2Defaults), size: sizeOlmo2},
		{Name: "phi3", Objective: Causal, dropouts: []string{"attention_dropout", "resid_pdrop"}, read: reading(phi3Defaults), size: sizePhi3},
		{Name: "qwen2", Objective: Causal, Split: "qwen2", Rebuilds: true, dropouts: decoder, read: reading(qwen2Defaults), size: sizeQwen2},
		{Name: "qwen3", Objective: Causal, Split: "qwen2", dropouts: decoder, read: reading(qwen3Defaults), size: sizeQwen3},
		{Name: "roberta", Objective: Masked, dropouts: encoder, read: reading(robertaDefaults), size: sizeRoberta, encoder: &robertaNames},
		{Name: "t5", Objective: Pairs, dropouts: []string{"dropout_rate"}, aliases: t5Aliases, read: reading(t5Defaults), size: sizeT5},
		{Name: "transformer", Objective: Pairs, Preferred: true, dropouts: []string{"dropout"}, read: reading(transformerDefaults), size: sizeTransformer},
	}
}

// Arches returns the names of the families, sorted.
func Arches() []string {
	var names []string
	for _, f := range Families() {
		names = append(names, f.Name)
	}
	return names
}

// FamilyNamed returns the family of a model_type. The error lists those that are known.
func FamilyNamed(name string) (Family, error) {
	all := Families()
	i := slices.IndexFunc(all, func(f Family) bool { return f.Name == name })
	if i < 0 {
		return Family{}, fmt.Errorf("model_type %q is not known; known are %s", name, strings.Join(Arches(), ", "))
	}
	return all[i], nil
}

// WithDropout is an edit for OpenConfig: it sets all dropouts of a model to rate, but for
// that before a classifier.
func WithDropout(rate float64) func(config map[string]any) {
	return func(config map[string]any) {
		modelType, _ := config["model_type"].(string)
		f, err := FamilyNamed(modelType)
		if err != nil {
			return // which opening it tells
		}
		for _, field := range f.dropouts {
			config[field] = rate
		}
	}
}
