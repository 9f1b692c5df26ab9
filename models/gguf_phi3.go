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

// phi3 changes a decoder's configuration to a Phi-3's.
func (m *ggufMeta) phi3(c map[string]any) map[string]any {
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

// phi3 writes what only a Phi-3 has, and returns the factors of wavelengths.
func (w *ggufWriter) phi3(set func(string, any), head float64) {
	rope := w.rope()
	part, ok := w.number(rope, "partial_rotary_factor")
	if !ok {
		part = 1
	}
	set("rope.dimension_count", uint32(part*head))
	window, _ := w.number(w.fields, "sliding_window")
	set("attention.sliding_window", uint32(window))
	original, ok := w.number(rope, "original_max_position_embeddings")
	if !ok {
		if original, ok = w.number(w.fields, "original_max_position_embeddings"); !ok {
			original = float64(w.size("max_position_embeddings"))
		}
	}
	set("rope.scaling.original_context_length", uint32(original))
	if base, ok := w.number(rope, "rope_theta"); ok {
		set("rope.freq_base", float32(base))
	}
	if _, ok := rope["long_factor"].([]any); ok {
		scale, factor := float64(w.size("max_position_embeddings"))/original, 1.0
		if scale > 1 {
			factor = math.Sqrt(1 + math.Log(scale)/math.Log(original))
		}
		set("rope.scaling.attn_factor", float32(factor))
	}
}

// wavelengths returns the tensors of factors that wavelengths are multiplied by.
func (w *ggufWriter) wavelengths() []gguf.Out {
	var outs []gguf.Out
	add := func(name string, factors []float32) {
		if factors != nil {
			outs = append(outs, vectorOut(name, factors))
		}
	}
	add(ropeFactors, w.llama3())
	if w.layout.arch == "phi3" {
		add(longFactors, w.numbers(w.rope()["long_factor"]))
		add(shortFactors, w.numbers(w.rope()["short_factor"]))
	}
	return outs
}
