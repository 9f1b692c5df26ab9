package models

import "fmt"

// decoderTensors are the names that most decoders share.
func decoderTensors(query, key ggufChange) []ggufTensor {
	return []ggufTensor{
		{"token_embd", "model.embed_tokens", asItIs},
		{"output_norm", "model.norm", asItIs},
		{"output", "lm_head", asItIs},
		{"blk.#.attn_norm", "model.layers.#.input_layernorm", asItIs},
		{"blk.#.attn_q", "model.layers.#.self_attn.q_proj", query},
		{"blk.#.attn_k", "model.layers.#.self_attn.k_proj", key},
		{"blk.#.attn_v", "model.layers.#.self_attn.v_proj", asItIs},
		{"blk.#.attn_output", "model.layers.#.self_attn.o_proj", asItIs},
		{"blk.#.attn_q_norm", "model.layers.#.self_attn.q_norm", asItIs},
		{"blk.#.attn_k_norm", "model.layers.#.self_attn.k_norm", asItIs},
		{"blk.#.ffn_norm", "model.layers.#.post_attention_layernorm", asItIs},
		{"blk.#.ffn_gate", "model.layers.#.mlp.gate_proj", asItIs},
		{"blk.#.ffn_up", "model.layers.#.mlp.up_proj", asItIs},
		{"blk.#.ffn_down", "model.layers.#.mlp.down_proj", asItIs},
	}
}

// decoder is the configuration of the families with rotary positions and RMS norms.
func (m *ggufMeta) decoder() map[string]any {
	heads := m.size("attention.head_count")
	c := map[string]any{
		"hidden_size": m.size("embedding_length"), "intermediate_size": m.size("feed_forward_length"), "num_hidden_layers": m.layers(),
		"num_attention_heads": heads, "num_key_value_heads": m.sizeOr("attention.head_count_kv", heads), "max_position_embeddings": m.size("context_length"),
		"rms_norm_eps": m.number("attention.layer_norm_rms_epsilon", 1e-5), "tie_word_embeddings": !m.has("output.weight"),
		"rope_parameters": m.rope("rope.freq_base", 10000), "hidden_act": "silu",
	}
	if n := m.sizeOr("attention.key_length", m.sizeOr("rope.dimension_count", 0)); n > 0 {
		c["head_dim"] = n
	}
	return c
}

// noWindows refuses files whose layers slide.
func (m *ggufMeta) noWindows() {
	if key := m.key("attention.sliding_window"); m.file.Meta.Get(key) != nil {
		m.errs = append(m.errs, fmt.Errorf("%s: layers that slide are not known in files of this architecture", key))
	}
}

// ggufPlain is a decoder that needs nothing but what most have.
func ggufPlain(arch, modelType string, tensors []ggufTensor) ggufLayout {
	return ggufLayout{
		arch: arch, types: []ggufType{{name: modelType}}, tensors: tensors,
		read: func(m *ggufMeta) map[string]any {
			m.noWindows()
			return m.decoder()
		},
		write: func(w *ggufWriter) {
			w.decoder()
			w.rotary()
			w.noWindows()
		},
	}
}

// ggufQwen2 and ggufQwen3 are how Qwens are stored.
func ggufQwen2() ggufLayout { return ggufPlain("qwen2", "qwen2", decoderTensors(asItIs, asItIs)) }
func ggufQwen3() ggufLayout { return ggufPlain("qwen3", "qwen3", decoderTensors(asItIs, asItIs)) }

// ggufOlmo2 is how OLMo 2 is stored.
func ggufOlmo2() ggufLayout {
	return ggufPlain("olmo2", "olmo2", []ggufTensor{
		{"token_embd", "model.embed_tokens", asItIs},
		{"output_norm", "model.norm", asItIs},
		{"output", "lm_head", asItIs},
		{"blk.#.attn_q", "model.layers.#.self_attn.q_proj", asItIs},
		{"blk.#.attn_k", "model.layers.#.self_attn.k_proj", asItIs},
		{"blk.#.attn_v", "model.layers.#.self_attn.v_proj", asItIs},
		{"blk.#.attn_output", "model.layers.#.self_attn.o_proj", asItIs},
		{"blk.#.attn_q_norm", "model.layers.#.self_attn.q_norm", asItIs},
		{"blk.#.attn_k_norm", "model.layers.#.self_attn.k_norm", asItIs},
		{"blk.#.post_attention_norm", "model.layers.#.post_attention_layernorm", asItIs},
		{"blk.#.ffn_gate", "model.layers.#.mlp.gate_proj", asItIs},
		{"blk.#.ffn_up", "model.layers.#.mlp.up_proj", asItIs},
		{"blk.#.ffn_down", "model.layers.#.mlp.down_proj", asItIs},
		{"blk.#.post_ffw_norm", "model.layers.#.post_feedforward_layernorm", asItIs},
	})
}
