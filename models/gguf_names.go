package models

import (
	"fmt"
	"strings"
)

// ggufChange says how llama.cpp stores a tensor otherwise than Hugging Face.
type ggufChange int

const (
	asItIs       ggufChange = iota
	turnedQuery             // rows of each query head so that rotated pairs are neighbours
	turnedKey               // the same for key heads
	byHead                  // queries, keys and values one behind the other, for Hugging Face's by head
	transposed              // [Out, In] for Hugging Face's [In, Out]
	plusOne                 // a norm's weights and 1
	expertsAsOne            // the experts' matrices as one tensor [E, Out, In]
)

// ggufTensor is a row of the tables of names, without the ending .weight or .bias. # stands for the layer, @ for the expert.
type ggufTensor struct {
	stored string // in GGUF files
	name   string // in Hugging Face's
	change ggufChange
}

// ggufLayout is how llama.cpp stores the models of an architecture.
type ggufLayout struct {
	arch    string   // general.architecture
	types   []string // the model_types that it stores
	tensors []ggufTensor
	ignored []string // stored tensors that no parameter is read from
}

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

// ggufLayouts returns the architectures that are known in GGUF files.
func ggufLayouts() []ggufLayout {
	llama := append(decoderTensors(turnedQuery, turnedKey),
		ggufTensor{"blk.#.ffn_gate_inp", "model.layers.#.block_sparse_moe.gate", asItIs},
		ggufTensor{"blk.#.ffn_gate_exps", "model.layers.#.block_sparse_moe.experts.@.w1", expertsAsOne},
		ggufTensor{"blk.#.ffn_down_exps", "model.layers.#.block_sparse_moe.experts.@.w2", expertsAsOne},
		ggufTensor{"blk.#.ffn_up_exps", "model.layers.#.block_sparse_moe.experts.@.w3", expertsAsOne})
	for i, t := range llama {
		if t.stored == "blk.#.attn_q_norm" { // which Llamas don't have
			llama = append(llama[:i:i], llama[i+2:]...)
			break
		}
	}
	return []ggufLayout{
		{arch: "llama", types: []string{"llama", "mistral", "mixtral"}, tensors: llama, ignored: []string{ropeFactors}},
		{arch: "qwen2", types: []string{"qwen2"}, tensors: decoderTensors(asItIs, asItIs)},
		{arch: "qwen3", types: []string{"qwen3"}, tensors: decoderTensors(asItIs, asItIs)},
		{arch: "olmo2", types: []string{"olmo2"}, tensors: []ggufTensor{
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
		}},
		{arch: "phi3", types: []string{"phi3"}, ignored: []string{longFactors, shortFactors}, tensors: []ggufTensor{
			{"token_embd", "model.embed_tokens", asItIs},
			{"output_norm", "model.norm", asItIs},
			{"output", "lm_head", asItIs},
			{"blk.#.attn_norm", "model.layers.#.input_layernorm", asItIs},
			{"blk.#.attn_qkv", "model.layers.#.self_attn.qkv_proj", asItIs},
			{"blk.#.attn_output", "model.layers.#.self_attn.o_proj", asItIs},
			{"blk.#.ffn_norm", "model.layers.#.post_attention_layernorm", asItIs},
			{"blk.#.ffn_up", "model.layers.#.mlp.gate_up_proj", asItIs},
			{"blk.#.ffn_down", "model.layers.#.mlp.down_proj", asItIs},
		}},
		{arch: "gemma3", types: []string{"gemma3_text"}, tensors: []ggufTensor{
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
		}},
		{arch: "gpt2", types: []string{"gpt2"}, tensors: []ggufTensor{
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
		}},
		{arch: "gptneox", types: []string{"gpt_neox"}, tensors: []ggufTensor{
			{"token_embd", "gpt_neox.embed_in", asItIs},
			{"output_norm", "gpt_neox.final_layer_norm", asItIs},
			{"output", "embed_out", asItIs},
			{"blk.#.attn_norm", "gpt_neox.layers.#.input_layernorm", asItIs},
			{"blk.#.attn_qkv", "gpt_neox.layers.#.attention.query_key_value", byHead},
			{"blk.#.attn_output", "gpt_neox.layers.#.attention.dense", asItIs},
			{"blk.#.ffn_norm", "gpt_neox.layers.#.post_attention_layernorm", asItIs},
			{"blk.#.ffn_up", "gpt_neox.layers.#.mlp.dense_h_to_4h", asItIs},
			{"blk.#.ffn_down", "gpt_neox.layers.#.mlp.dense_4h_to_h", asItIs},
		}},
		{arch: "bert", types: []string{"bert"}, tensors: []ggufTensor{
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
		}},
	}
}

// ggufLayoutOf returns the layout of an architecture.
func ggufLayoutOf(arch string) (ggufLayout, error) {
	var known []string
	for _, l := range ggufLayouts() {
		if l.arch == arch {
			return l, nil
		}
		known = append(known, l.arch)
	}
	return ggufLayout{}, fmt.Errorf("architecture %q is not known in GGUF files; known are %s", arch, strings.Join(known, ", "))
}

// ggufLayoutFor returns the layout that stores a model_type.
func ggufLayoutFor(modelType string) (ggufLayout, error) {
	var known []string
	for _, l := range ggufLayouts() {
		for _, t := range l.types {
			if t == modelType {
				return l, nil
			}
			known = append(known, t)
		}
	}
	return ggufLayout{}, fmt.Errorf("a model of type %q can't be stored as GGUF; known are %s", modelType, strings.Join(known, ", "))
}

// match finds the row for a name of one side and returns that of the other. Of experts that are one tensor, expert is the number
// in the name, else -1.
func (l ggufLayout) match(name string, stored bool) (t ggufTensor, other string, expert int, ok bool) {
	base, suffix := name, ""
	for _, s := range []string{".weight", ".bias"} {
		if b, ok := strings.CutSuffix(name, s); ok {
			base, suffix = b, s
		}
	}
	var number [2]string // of the layer and the expert
	parts := strings.Split(base, ".")
	count := 0
	for i, p := range parts {
		if isNumber(p) && count < 2 {
			number[count] = p
			parts[i] = "#@"[count : count+1]
			count++
		}
	}
	pattern := strings.Join(parts, ".")
	expert = -1
	for _, t := range l.tensors {
		from, to := t.name, t.stored
		if stored {
			from, to = to, from
		}
		if from != pattern {
			continue
		}
		if count == 2 {
			fmt.Sscan(number[1], &expert)
		}
		return t, strings.Replace(to, "#", number[0], 1) + suffix, expert, true
	}
	return ggufTensor{}, "", -1, false
}

func isNumber(s string) bool {
	return s != "" && len(s) < 6 && strings.Trim(s, "0123456789") == ""
}
