package models

import (
	"encoding/json"
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
)

// GPT2Config is a GPT-2's config.json. Fields that a file leaves out have the
// values of DefaultGPT2Config.
type GPT2Config struct {
	ModelType      string   `json:"model_type"`
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
	EosTokenID     *int     `json:"eos_token_id"`
	DType          string   `json:"dtype,omitempty"` // of the stored parameters; written, not read
}

// DefaultGPT2Config returns the smallest published GPT-2, with 124 million
// parameters (Radford et al., 2019), as Hugging Face describes it.
func DefaultGPT2Config() GPT2Config {
	begin, end := 50256, 50256 // two variables: a file that is read writes through both pointers
	return GPT2Config{
		ModelType: "gpt2", Architectures: []string{"GPT2LMHeadModel"},
		VocabSize: 50257, NPositions: 1024, NEmbd: 768, NLayer: 12, NHead: 12,
		Activation: "gelu_new", EmbdDropout: 0.1, AttnDropout: 0.1, ResidDropout: 0.1,
		LayerNormEps: 1e-5, InitRange: 0.02, ScaleAttn: true, TieEmbeddings: true,
		BosTokenID: &begin, EosTokenID: &end,
	}
}

func parseGPT2Config(data []byte) (GPT2Config, error) {
	c := DefaultGPT2Config()
	c.Architectures = nil
	if err := json.Unmarshal(data, &c); err != nil {
		return c, fmt.Errorf("%s: %w", configName, err)
	}
	return c, nil
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
	case "gelu":
		return graph.GELU, nil
	case "gelu_new", "gelu_pytorch_tanh", "gelu_fast":
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
