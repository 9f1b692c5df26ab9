package models

import "github.com/seahorse-ml/seahorse/internal/gguf"

// ggufBert is how BERT is stored.
func ggufBert() ggufLayout {
	return ggufLayout{
		arch: "bert", types: []ggufType{{name: "bert"}}, oneEnd: true, read: (*ggufMeta).bert, write: (*ggufWriter).bert,
		tensors: []ggufTensor{
			{"token_embd", "embeddings.word_embeddings", asItIs},
			{"position_embd", "embeddings.position_embeddings", asItIs},
			{"token_types", "embeddings.token_type_embeddings", asItIs},
			{"token_embd_norm", "embeddings.LayerNorm", asItIs},
			{"blk.#.attn_q", "encoder.layer.#.attention.self.query", asItIs},
			{"blk.#.attn_k", "encoder.layer.#.attention.self.key", asItIs},
			{"blk.#.attn_v", "encoder.layer.#.attention.self.value", asItIs},
			{"blk.#.attn_output", "encoder.layer.#.attention.output.dense", asItIs},
			{"blk.#.attn_output_norm", "encoder.layer.#.attention.output.LayerNorm", asItIs},
			{"blk.#.ffn_up", "encoder.layer.#.intermediate.dense", asItIs},
			{"blk.#.ffn_down", "encoder.layer.#.output.dense", asItIs},
			{"blk.#.layer_output_norm", "encoder.layer.#.output.LayerNorm", asItIs},
		},
	}
}

func (m *ggufMeta) bert() map[string]any {
	return map[string]any{
		"architectures": []string{"BertModel"},
		"hidden_size":   m.size("embedding_length"), "intermediate_size": m.size("feed_forward_length"), "num_hidden_layers": m.layers(),
		"num_attention_heads": m.size("attention.head_count"), "max_position_embeddings": m.rows("position_embd.weight"),
		"layer_norm_eps": m.number("attention.layer_norm_epsilon", 1e-12), "type_vocab_size": m.rows("token_types.weight"), "hidden_act": "gelu",
	}
}

func (w *ggufWriter) bert() {
	w.sizes(w.size("intermediate_size"))
	w.setNumber("attention.layer_norm_epsilon", w.fields, "layer_norm_eps")
	w.set("attention.causal", false)
	w.meta = append(w.meta, gguf.Pair{Key: "tokenizer.ggml.token_type_count", Value: w.size("type_vocab_size")})
}
