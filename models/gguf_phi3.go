package models

import (
	"math"

	"github.com/seahorse-ml/seahorse/internal/gguf"
)

// The tensors by which llama.cpp stores the factors that LongRoPE multiplies wavelengths by.
const (
	longFactors  = "rope_factors_long.weight"
	shortFactors = "rope_factors_short.weight"
)

// ggufPhi3 is how Phi-3 is stored.
func ggufPhi3() ggufLayout {
	return ggufLayout{
		arch: "phi3", types: []ggufType{{name: "phi3"}}, ignored: []string{longFactors, shortFactors},
		read: (*ggufMeta).phi3, write: (*ggufWriter).phi3, waves: (*ggufWriter).phi3Waves,
		tensors: []ggufTensor{
			{"token_embd", "model.embed_tokens", asItIs},
			{"output_norm", "model.norm", asItIs},
			{"output", "lm_head", asItIs},
			{"blk.#.attn_norm", "model.layers.#.input_layernorm", asItIs},
			{"blk.#.attn_qkv", "model.layers.#.self_attn.qkv_proj", asItIs},
			{"blk.#.attn_output", "model.layers.#.self_attn.o_proj", asItIs},
			{"blk.#.ffn_norm", "model.layers.#.post_attention_layernorm", asItIs},
			{"blk.#.ffn_up", "model.layers.#.mlp.gate_up_proj", asItIs},
			{"blk.#.ffn_down", "model.layers.#.mlp.down_proj", asItIs},
		},
	}
}

// phi3 is a decoder's configuration with what only a Phi-3 has.
func (m *ggufMeta) phi3() map[string]any {
	c := m.decoder()
	width, heads := m.size("embedding_length"), m.size("attention.head_count")
	rope, _ := c["rope_parameters"].(map[string]any)
	delete(c, "head_dim")
	if heads > 0 && width >= heads {
		if part := float64(m.sizeOr("rope.dimension_count", width/heads)) / float64(width/heads); part != 1 {
			rope["partial_rotary_factor"] = part
		}
	}
	c["sliding_window"] = nil
	if n, ok := m.file.Meta.Int(m.key("attention.sliding_window")); ok && n > 0 {
		c["sliding_window"] = n
	}
	original := m.sizeOr("rope.scaling.original_context_length", m.size("context_length"))
	c["original_max_position_embeddings"] = original
	long, short := m.factors(longFactors), m.factors(shortFactors)
	if long != nil && short != nil {
		rope["rope_type"], rope["long_factor"], rope["short_factor"], rope["original_max_position_embeddings"] = "longrope", long, short, original
	}
	return c
}

// factors returns the values of a tensor, nil where there is none.
func (m *ggufMeta) factors(name string) []float64 {
	t, ok := m.file.Tensor(name)
	if !ok {
		return nil
	}
	values := make([]float32, t.Len())
	t.Kind.Unpack(values, t.Data)
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = shortest(float64(v))
	}
	return out
}

func (w *ggufWriter) phi3() {
	w.decoder()
	rope := w.rope()
	part, ok := w.number(rope, "partial_rotary_factor")
	if !ok {
		part = 1
	}
	w.set("rope.dimension_count", uint32(part*float64(w.headSize())))
	window, _ := w.number(w.fields, "sliding_window")
	w.set("attention.sliding_window", uint32(window))
	original, ok := w.number(rope, "original_max_position_embeddings")
	if !ok {
		if original, ok = w.number(w.fields, "original_max_position_embeddings"); !ok {
			original = float64(w.size("max_position_embeddings"))
		}
	}
	w.set("rope.scaling.original_context_length", uint32(original))
	if base, ok := w.number(rope, "rope_theta"); ok {
		w.set("rope.freq_base", float32(base))
	}
	if _, ok := rope["long_factor"].([]any); ok {
		scale, factor := float64(w.size("max_position_embeddings"))/original, 1.0
		if scale > 1 {
			factor = math.Sqrt(1 + math.Log(scale)/math.Log(original))
		}
		w.set("rope.scaling.attn_factor", float32(factor))
	}
}

func (w *ggufWriter) phi3Waves() []gguf.Out {
	var outs []gguf.Out
	for _, list := range [][2]string{{longFactors, "long_factor"}, {shortFactors, "short_factor"}} {
		if factors := w.numbers(w.rope()[list[1]]); factors != nil {
			outs = append(outs, vectorOut(list[0], factors))
		}
	}
	return outs
}
