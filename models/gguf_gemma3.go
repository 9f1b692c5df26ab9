package models

// ggufGemma3 is how Gemma 3 is stored.
func ggufGemma3() ggufLayout {
	return ggufLayout{
		arch: "gemma3", types: []ggufType{{name: "gemma3_text"}}, read: (*ggufMeta).gemma3, write: (*ggufWriter).gemma3,
		tensors: []ggufTensor{
			{"token_embd", "model.embed_tokens", asItIs},
			{"output_norm", "model.norm", plusOne},
			{"output", "lm_head", asItIs},
			{"blk.#.attn_norm", "model.layers.#.input_layernorm", plusOne},
			{"blk.#.attn_q", "model.layers.#.self_attn.q_proj", asItIs},
			{"blk.#.attn_k", "model.layers.#.self_attn.k_proj", asItIs},
			{"blk.#.attn_v", "model.layers.#.self_attn.v_proj", asItIs},
			{"blk.#.attn_output", "model.layers.#.self_attn.o_proj", asItIs},
			{"blk.#.attn_q_norm", "model.layers.#.self_attn.q_norm", plusOne},
			{"blk.#.attn_k_norm", "model.layers.#.self_attn.k_norm", plusOne},
			{"blk.#.post_attention_norm", "model.layers.#.post_attention_layernorm", plusOne},
			{"blk.#.ffn_norm", "model.layers.#.pre_feedforward_layernorm", plusOne},
			{"blk.#.ffn_gate", "model.layers.#.mlp.gate_proj", asItIs},
			{"blk.#.ffn_up", "model.layers.#.mlp.up_proj", asItIs},
			{"blk.#.ffn_down", "model.layers.#.mlp.down_proj", asItIs},
			{"blk.#.post_ffw_norm", "model.layers.#.post_feedforward_layernorm", plusOne},
		},
	}
}

func (m *ggufMeta) gemma3() map[string]any {
	c := m.decoder()
	delete(c, "hidden_act")
	heads, width, size := m.size("attention.head_count"), m.size("embedding_length"), m.sizeOr("attention.key_length", 256)
	scalar := size
	if m.size("block_count") == 62 && heads > 0 { // of 27 billion parameters, as llama.cpp tells it
		scalar = width / heads
	}
	full := m.rope("rope.freq_base", 1e6)
	c["hidden_activation"], c["head_dim"], c["query_pre_attn_scalar"] = "gelu_pytorch_tanh", size, scalar
	c["sliding_window"], c["rms_norm_eps"] = m.sizeOr("attention.sliding_window", m.sizeOr("context_length", 1)), m.number("attention.layer_norm_rms_epsilon", 1e-6)
	c["rope_parameters"] = map[string]any{
		fullAttention:    full,
		slidingAttention: map[string]any{"rope_type": "default", "rope_theta": m.number("rope.freq_base_swa", 10000)},
	}
	if v := m.number("final_logit_softcapping", 0); v != 0 {
		c["final_logit_softcapping"] = v
	}
	return c
}

func (w *ggufWriter) gemma3() {
	w.decoder()
	w.rotary()
	w.set("attention.sliding_window", w.size("sliding_window"))
	w.setNumber("rope.freq_base_swa", w.object(w.object(w.fields, "rope_parameters"), slidingAttention), "rope_theta")
	w.setNumber("final_logit_softcapping", w.fields, "final_logit_softcapping")
}
