package models

// ggufGPTNeoX is how GPT-NeoX is stored.
func ggufGPTNeoX() ggufLayout {
	return ggufLayout{
		arch: "gptneox", types: []ggufType{{name: "gpt_neox"}}, read: (*ggufMeta).gptNeoX, write: (*ggufWriter).gptNeoX,
		tensors: []ggufTensor{
			{"token_embd", "gpt_neox.embed_in", asItIs},
			{"output_norm", "gpt_neox.final_layer_norm", asItIs},
			{"output", "embed_out", asItIs},
			{"blk.#.attn_norm", "gpt_neox.layers.#.input_layernorm", asItIs},
			{"blk.#.attn_qkv", "gpt_neox.layers.#.attention.query_key_value", byHead},
			{"blk.#.attn_output", "gpt_neox.layers.#.attention.dense", asItIs},
			{"blk.#.ffn_norm", "gpt_neox.layers.#.post_attention_layernorm", asItIs},
			{"blk.#.ffn_up", "gpt_neox.layers.#.mlp.dense_h_to_4h", asItIs},
			{"blk.#.ffn_down", "gpt_neox.layers.#.mlp.dense_4h_to_h", asItIs},
		},
	}
}

func (m *ggufMeta) gptNeoX() map[string]any {
	width, heads := m.size("embedding_length"), m.size("attention.head_count")
	rope := m.rope("rope.freq_base", 10000)
	if heads > 0 && width >= heads {
		rope["partial_rotary_factor"] = float64(m.size("rope.dimension_count")) / float64(width/heads)
	}
	parallel, ok := m.file.Meta.Bool(m.key("use_parallel_residual"))
	return map[string]any{
		"hidden_size": width, "intermediate_size": m.size("feed_forward_length"), "num_hidden_layers": m.layers(),
		"num_attention_heads": heads, "max_position_embeddings": m.size("context_length"), "layer_norm_eps": m.number("attention.layer_norm_epsilon", 1e-5),
		"use_parallel_residual": parallel || !ok, "attention_bias": m.has("blk.0.attn_qkv.bias"), "tie_word_embeddings": !m.has("output.weight"),
		"rope_parameters": rope,
	}
}

func (w *ggufWriter) gptNeoX() {
	w.sizes(w.size("intermediate_size"))
	w.setNumber("attention.layer_norm_epsilon", w.fields, "layer_norm_eps")
	rope := w.rope()
	part, ok := w.number(rope, "partial_rotary_factor")
	if !ok {
		part = 0.25
	}
	w.set("rope.dimension_count", uint32(part*float64(w.headSize())))
	w.setNumber("rope.freq_base", rope, "rope_theta")
	parallel, ok := w.fields["use_parallel_residual"].(bool)
	w.set("use_parallel_residual", parallel || !ok)
}
