package models

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
)

// GPT2Config is a GPT-2's config.json. Fields that a file leaves out have the
// values of DefaultGPT2Config.
type GPT2Config struct {
	Architectures  []string `json:"architectures"`
	VocabSize      int      `json:"vocab_size"`  // V
	NPositions     int      `json:"n_positions"` // the largest T
	NEmbd          int      `json:"n_embd"`      // D
	NLayer         int      `json:"n_layer"`
	NHead          int      `json:"n_head"`  // H
	NInner         *int     `json:"n_inner"` // F; nil means 4·D
	Activation     string   `json:"activation_function"`
	EmbdDropout    float64  `json:"embd_pdrop"`  // of the embedded tokens
	AttnDropout    float64  `json:"attn_pdrop"`  // of the attention weights
	ResidDropout   float64  `json:"resid_pdrop"` // of what each part of a block adds
	LayerNormEps   float64  `json:"layer_norm_epsilon"`
	InitRange      float64  `json:"initializer_range"` // standard deviation of new weights
	ScaleAttn      bool     `json:"scale_attn_weights"`
	ScaleAttnLayer bool     `json:"scale_attn_by_inverse_layer_idx"`
	TieEmbeddings  bool     `json:"tie_word_embeddings"` // the head is the table of embeddings
	BosTokenID     *int     `json:"bos_token_id"`
	EosTokenID     TokenIDs `json:"eos_token_id"`
}

// DefaultGPT2Config returns the smallest published GPT-2, with 124 million
// parameters (Radford et al., 2019), as Hugging Face describes it.
func DefaultGPT2Config() GPT2Config {
	return GPT2Config{
		VocabSize: 50257, NPositions: 1024, NEmbd: 768, NLayer: 12, NHead: 12,
		Activation: "gelu_new", EmbdDropout: 0.1, AttnDropout: 0.1, ResidDropout: 0.1,
		LayerNormEps: 1e-5, InitRange: 0.02, ScaleAttn: true, TieEmbeddings: true,
		BosTokenID: pointer(50256), EosTokenID: TokenIDs{50256},
	}
}

func gpt2Defaults() GPT2Config { return DefaultGPT2Config() }

// gpt2Aliases are other names of a GPT-2's fields.
var gpt2Aliases = map[string]string{
	"hidden_size": "n_embd", "max_position_embeddings": "n_positions", "num_attention_heads": "n_head", "num_hidden_layers": "n_layer",
}

// Validate tells what is wrong with the configuration, or nil.
func (c GPT2Config) Validate() error {
	for _, f := range []struct {
		name  string
		value int
	}{
		{"vocab_size", c.VocabSize}, {"n_positions", c.NPositions}, {"n_embd", c.NEmbd}, {"n_layer", c.NLayer}, {"n_head", c.NHead}, {"n_inner", c.inner()},
	} {
		if err := checkSize(f.name, f.value); err != nil {
			return fmt.Errorf("models: gpt2: %w", err)
		}
	}
	if c.NEmbd%c.NHead != 0 {
		return fmt.Errorf("models: gpt2: n_embd %d is not divisible by n_head %d", c.NEmbd, c.NHead)
	}
	for _, f := range []struct {
		name  string
		value float64
	}{
		{"embd_pdrop", c.EmbdDropout}, {"attn_pdrop", c.AttnDropout}, {"resid_pdrop", c.ResidDropout},
	} {
		if f.value < 0 || f.value >= 1 {
			return fmt.Errorf("models: gpt2: %s is %g, expected [0, 1)", f.name, f.value)
		}
	}
	_, err := activation(c.Activation)
	if err != nil {
		return fmt.Errorf("models: gpt2: activation_function: %w", err)
	}
	return nil
}

func (c GPT2Config) inner() int {
	if c.NInner == nil {
		return 4 * c.NEmbd
	}
	return *c.NInner
}

// activation returns the activation that Hugging Face calls name.
func activation(name string) (graph.Activation, error) {
	switch name {
	case "gelu", "gelu_python":
		return graph.GELU, nil
	case "gelu_new", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_fast", "gelu_accurate":
		return graph.GELUTanh, nil
	case "relu":
		return graph.ReLU, nil
	case "relu2":
		return graph.ReLUSquared, nil
	case "silu", "swish":
		return graph.SiLU, nil
	case "tanh":
		return graph.Tanh, nil
	case "sigmoid":
		return graph.Sigmoid, nil
	case "linear":
		return graph.Identity, nil
	}
	return 0, fmt.Errorf("%q is not known; known are gelu, gelu_new, gelu_fast, gelu_pytorch_tanh, relu, relu2, silu, swish, tanh, sigmoid and linear", name)
}
