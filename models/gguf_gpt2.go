package models

// ggufGPT2 is how GPT-2 is stored.
func ggufGPT2() ggufLayout {
	return ggufLayout{
		arch: "gpt2", types: []ggufType{{name: "gpt2"}}, oneEnd: true, read: (*ggufMeta).gpt2, write: (*ggufWriter).gpt2,
		tensors: []ggufTensor{
			{"token_embd", "transformer.wte", asItIs},
			{"position_embd", "transformer.wpe", asItIs},
			{"output_norm", "transformer.ln_f", asItIs},
			{"output", "lm_head", asItIs},
			{"blk.#.attn_norm", "transformer.h.#.ln_1", asItIs},
			{"blk.#.attn_qkv", "transformer.h.#.attn.c_attn", transposed},
			{"blk.#.attn_output", "transformer.h.#.attn.c_proj", transposed},
			{"blk.#.ffn_norm", "transformer.h.#.ln_2", asItIs},
			{"blk.#.ffn_up", "transformer.h.#.mlp.c_fc", transposed},
			{"blk.#.ffn_down", "transformer.h.#.mlp.c_proj", transposed},
		},
	}
}

func (m *ggufMeta) gpt2() map[string]any {
	return map[string]any{
		"n_embd": m.size("embedding_length"), "n_inner": m.size("feed_forward_length"), "n_layer": m.layers(), "n_head": m.size("attention.head_count"),
		"n_positions": m.rows("position_embd.weight"), "layer_norm_epsilon": m.number("attention.layer_norm_epsilon", 1e-5),
		"tie_word_embeddings": !m.has("output.weight"),
	}
}

func (w *ggufWriter) gpt2() {
	inner := 4 * w.width()
	if _, ok := w.number(w.fields, "n_inner"); ok {
		inner = w.size("n_inner")
	}
	w.sizes(inner)
	w.setNumber("attention.layer_norm_epsilon", w.fields, "layer_norm_epsilon")
}
