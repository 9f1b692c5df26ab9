package models

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/gguf"
)

// ropeFactors is the tensor by which llama.cpp stores the scaling of wavelengths that Llama 3 has.
const ropeFactors = "rope_freqs.weight"

// ggufLlama is how Llamas are stored, and what is like them: llama.cpp tells a Mixtral by its experts.
func ggufLlama() ggufLayout {
	tensors := slices.DeleteFunc(decoderTensors(turnedQuery, turnedKey), func(t ggufTensor) bool { // Llamas don't have them
		return t.stored == "blk.#.attn_q_norm" || t.stored == "blk.#.attn_k_norm"
	})
	tensors = append(tensors,
		ggufTensor{"blk.#.ffn_gate_inp", "model.layers.#.block_sparse_moe.gate", asItIs},
		ggufTensor{"blk.#.ffn_gate_exps", "model.layers.#.block_sparse_moe.experts.@.w1", expertsAsOne},
		ggufTensor{"blk.#.ffn_down_exps", "model.layers.#.block_sparse_moe.experts.@.w2", expertsAsOne},
		ggufTensor{"blk.#.ffn_up_exps", "model.layers.#.block_sparse_moe.experts.@.w3", expertsAsOne})
	return ggufLayout{
		arch: "llama", types: []ggufType{{name: "llama"}, {name: "mistral", slides: true}, {name: "mixtral", slides: true}}, tensors: tensors,
		ignored: []string{ropeFactors}, read: (*ggufMeta).llama, write: (*ggufWriter).llama, waves: (*ggufWriter).llamaWaves,
	}
}

func (m *ggufMeta) llama() map[string]any {
	c := m.decoder()
	if m.sizeOr("expert_count", 0) > 0 {
		c["model_type"], c["sliding_window"] = "mixtral", nil
		c["num_local_experts"], c["num_experts_per_tok"] = m.size("expert_count"), m.size("expert_used_count")
	} else {
		c["attention_bias"], c["mlp_bias"] = m.has("blk.0.attn_q.bias"), m.has("blk.0.ffn_up.bias")
	}
	return c
}

func (w *ggufWriter) llama() {
	w.decoder()
	w.rotary(llama3Scaling)
	w.noWindows()
	if slices.ContainsFunc(w.source.Names(), func(name string) bool { return strings.Contains(name, ".experts.") }) {
		w.set("expert_count", w.size("num_local_experts"))
		w.set("expert_used_count", w.size("num_experts_per_tok"))
	}
	w.set("vocab_size", w.size("vocab_size"))
}

func (w *ggufWriter) llamaWaves() []gguf.Out {
	if factors := w.llama3(); factors != nil {
		return []gguf.Out{vectorOut(ropeFactors, factors)}
	}
	return nil
}

// llama3Scaling is the rope_type of Llama 3.
const llama3Scaling = "llama3"

// llama3 finds the scaling of Llama 3 that wavelengths' factors come from.
func (m *ggufMeta) llama3(r map[string]any, t gguf.Tensor) {
	const low, high, original = 1.0, 4.0, 8192
	factors := make([]float32, t.Len())
	t.Kind.Unpack(factors, t.Data)
	factor := 1.0
	for _, f := range factors {
		factor = max(factor, float64(f))
	}
	theta, _ := r["rope_theta"].(float64)
	for i, f := range factors {
		wave := 2 * math.Pi * math.Pow(theta, float64(i)/float64(len(factors)))
		want := llama3Factor(wave, factor, low, high, original)
		if math.Abs(float64(f)-want) > 1e-3*want {
			m.errs = append(m.errs, fmt.Errorf("%s: factor %d is %g, and Llama 3's scaling has %g there; no other is known", ropeFactors, i, f, want))
			return
		}
	}
	if factor == 1 {
		return
	}
	r["rope_type"], r["factor"], r["low_freq_factor"], r["high_freq_factor"], r["original_max_position_embeddings"] = llama3Scaling, factor, low, high, original
}

// llama3 returns the factors that wavelengths are multiplied by, or nil for none.
func (w *ggufWriter) llama3() []float32 {
	rope := w.rope()
	if ropeKind(rope) != llama3Scaling {
		return nil
	}
	get := func(name string, missing float64) float64 {
		if v, ok := w.number(rope, name); ok {
			return v
		}
		return missing
	}
	head, ok := w.number(w.fields, "head_dim")
	if !ok || head == 0 {
		head = float64(w.size("hidden_size") / max(1, w.size("num_attention_heads")))
	}
	theta, factor := get("rope_theta", 10000), get("factor", 8)
	low, high, original := get("low_freq_factor", 1), get("high_freq_factor", 4), get("original_max_position_embeddings", 8192)
	factors := make([]float32, int(head)/2)
	for i := range factors {
		wave := 2 * math.Pi * math.Pow(theta, 2*float64(i)/head)
		factors[i] = float32(llama3Factor(wave, factor, low, high, original))
	}
	return factors
}

// llama3Factor is what Llama 3's scaling multiplies a wavelength by.
func llama3Factor(wave, factor, low, high, original float64) float64 {
	switch {
	case wave < original/high:
		return 1
	case wave > original/low:
		return factor
	}
	share := (original/wave - low) / (high - low)
	return 1 / ((1-share)/factor + share)
}
