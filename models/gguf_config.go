package models

import (
	"errors"
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/internal/gguf"
)

// ropeFactors is the tensor by which llama.cpp stores the scaling of wavelengths that Llama 3 has.
const ropeFactors = "rope_freqs.weight"

// ggufMeta reads what the metadata of a file says about its model.
type ggufMeta struct {
	file *gguf.File
	arch string
	errs []error
}

func (m *ggufMeta) key(name string) string { return m.arch + "." + name }

// size returns a positive integer, which must be there.
func (m *ggufMeta) size(name string) int {
	ints := m.file.Meta.Ints(m.key(name))
	if len(ints) == 0 || ints[0] <= 0 || ints[0] > math.MaxInt32 {
		m.errs = append(m.errs, fmt.Errorf("%s is %v, expected a positive integer", m.key(name), m.file.Meta.Get(m.key(name))))
		return 0
	}
	for _, n := range ints {
		if n != ints[0] {
			m.errs = append(m.errs, fmt.Errorf("%s differs from layer to layer, expected one value", m.key(name)))
			return 0
		}
	}
	return ints[0]
}

// sizeOr is size with a value for what isn't there.
func (m *ggufMeta) sizeOr(name string, missing int) int {
	if m.file.Meta.Get(m.key(name)) == nil {
		return missing
	}
	return m.size(name)
}

// number returns a number, or a value for what isn't there.
func (m *ggufMeta) number(name string, missing float64) float64 {
	if v, ok := m.file.Meta.Float(m.key(name)); ok {
		return shortest(v)
	}
	return missing
}

// shortest returns the shortest decimal number that has the same float32: 1e-05 where a file has 9.99999974e-06.
func shortest(v float64) float64 {
	if float64(float32(v)) != v {
		return v
	}
	var short float64
	fmt.Sscan(fmt.Sprint(float32(v)), &short)
	return short
}

func (m *ggufMeta) has(name string) bool { _, ok := m.file.Tensor(name); return ok }

// rows returns the rows of a tensor.
func (m *ggufMeta) rows(name string) int {
	t, ok := m.file.Tensor(name)
	if !ok || len(t.Shape) != 2 {
		m.errs = append(m.errs, fmt.Errorf("the tensor %q is missing or no matrix", name))
		return 0
	}
	return t.Shape[0]
}

// ggufConfig returns the config.json that the metadata of a file stands for.
func ggufConfig(f *gguf.File) (map[string]any, error) {
	m := &ggufMeta{file: f, arch: f.Meta.Text(gguf.ArchitectureKey)}
	if f.Meta.Text("general.type") == "adapter" || f.Meta.Get("adapter.type") != nil {
		return nil, errors.New("a GGUF file of an adapter; expected one of a model")
	}
	layout, err := ggufLayoutOf(m.arch)
	if err != nil {
		return nil, err
	}
	var c map[string]any
	switch m.arch {
	case "gpt2":
		c = m.gpt2()
	case "gptneox":
		c = m.gptNeoX()
	case "bert":
		c = m.bert()
	case "gemma3":
		c = m.gemma3()
	case "phi3":
		c = m.phi3(m.decoder())
	default:
		c = m.decoder()
	}
	c["vocab_size"] = m.rows("token_embd.weight")
	if _, ok := c["model_type"]; !ok {
		c["model_type"] = layout.types[0]
	}
	m.tokens(c)
	return c, errors.Join(m.errs...)
}

// tokens sets the ids of special tokens. Where a text ends by another token than a turn of a conversation, both end it.
func (m *ggufMeta) tokens(c map[string]any) {
	id := func(name string) (int, bool) {
		n, ok := m.file.Meta.Int("tokenizer.ggml." + name + "_token_id")
		return n, ok && n >= 0
	}
	for field, name := range map[string]string{"bos_token_id": "bos", "pad_token_id": "padding"} {
		if n, ok := id(name); ok {
			c[field] = n
		}
	}
	eos, ok := id("eos")
	if !ok {
		return
	}
	c["eos_token_id"] = eos
	if turn, ok := id("eot"); ok && turn != eos && m.arch != "gpt2" && m.arch != "bert" {
		c["eos_token_id"] = []int{eos, turn}
	}
}

// decoder is the configuration of the families with rotary positions and RMS norms.
func (m *ggufMeta) decoder() map[string]any {
	heads := m.size("attention.head_count")
	c := map[string]any{
		"hidden_size": m.size("embedding_length"), "intermediate_size": m.size("feed_forward_length"), "num_hidden_layers": m.size("block_count"),
		"num_attention_heads": heads, "num_key_value_heads": m.sizeOr("attention.head_count_kv", heads), "max_position_embeddings": m.size("context_length"),
		"rms_norm_eps": m.number("attention.layer_norm_rms_epsilon", 1e-5), "tie_word_embeddings": !m.has("output.weight"),
		"rope_parameters": m.rope("rope.freq_base", 10000), "hidden_act": "silu",
	}
	if n := m.sizeOr("attention.key_length", m.sizeOr("rope.dimension_count", 0)); n > 0 {
		c["head_dim"] = n
	}
	switch {
	case m.arch == "llama" && m.sizeOr("expert_count", 0) > 0:
		c["model_type"] = "mixtral"
		c["num_local_experts"], c["num_experts_per_tok"] = m.size("expert_count"), m.size("expert_used_count")
		c["sliding_window"] = nil
	case m.arch == "llama":
		c["attention_bias"], c["mlp_bias"] = m.has("blk.0.attn_q.bias"), m.has("blk.0.ffn_up.bias")
	case m.arch != "gemma3" && m.arch != "phi3" && m.file.Meta.Get(m.key("attention.sliding_window")) != nil:
		m.errs = append(m.errs, fmt.Errorf("%s: layers that slide are not known in files of this architecture", m.key("attention.sliding_window")))
	}
	return c
}

// rope returns rope_parameters.
func (m *ggufMeta) rope(base string, missing float64) map[string]any {
	r := map[string]any{"rope_theta": m.number(base, missing), "rope_type": "default"}
	switch kind := m.file.Meta.Text(m.key("rope.scaling.type")); kind {
	case "", "none":
	case "linear", "yarn":
		r["rope_type"], r["factor"] = kind, m.number("rope.scaling.factor", 1)
		if n := m.sizeOr("rope.scaling.original_context_length", 0); n > 0 {
			r["original_max_position_embeddings"] = n
		}
		for field, name := range map[string]string{"attention_factor": "attn_factor", "beta_fast": "yarn_beta_fast", "beta_slow": "yarn_beta_slow"} {
			if v := m.number("rope.scaling."+name, 0); v != 0 {
				r[field] = v
			}
		}
	default:
		m.errs = append(m.errs, fmt.Errorf("%s is %q, expected linear or yarn", m.key("rope.scaling.type"), kind))
	}
	if t, ok := m.file.Tensor(ropeFactors); ok && m.arch == "llama" {
		m.llama3(r, t)
	}
	return r
}

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
	r["rope_type"], r["factor"], r["low_freq_factor"], r["high_freq_factor"], r["original_max_position_embeddings"] = "llama3", factor, low, high, original
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

func (m *ggufMeta) gpt2() map[string]any {
	return map[string]any{
		"n_embd": m.size("embedding_length"), "n_inner": m.size("feed_forward_length"), "n_layer": m.size("block_count"), "n_head": m.size("attention.head_count"),
		"n_positions": m.rows("position_embd.weight"), "layer_norm_epsilon": m.number("attention.layer_norm_epsilon", 1e-5),
		"tie_word_embeddings": !m.has("output.weight"),
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
		"hidden_size": width, "intermediate_size": m.size("feed_forward_length"), "num_hidden_layers": m.size("block_count"),
		"num_attention_heads": heads, "max_position_embeddings": m.size("context_length"), "layer_norm_eps": m.number("attention.layer_norm_epsilon", 1e-5),
		"use_parallel_residual": parallel || !ok, "attention_bias": m.has("blk.0.attn_qkv.bias"), "tie_word_embeddings": !m.has("output.weight"),
		"rope_parameters": rope,
	}
}

func (m *ggufMeta) bert() map[string]any {
	return map[string]any{
		"architectures": []string{"BertModel"},
		"hidden_size":   m.size("embedding_length"), "intermediate_size": m.size("feed_forward_length"), "num_hidden_layers": m.size("block_count"),
		"num_attention_heads": m.size("attention.head_count"), "max_position_embeddings": m.rows("position_embd.weight"),
		"layer_norm_eps": m.number("attention.layer_norm_epsilon", 1e-12), "type_vocab_size": m.rows("token_types.weight"), "hidden_act": "gelu",
	}
}

// llama3 returns the factors that wavelengths are multiplied by, or nil for none.
func (w *ggufWriter) llama3() []float32 {
	rope := w.rope()
	if kind, _ := rope["rope_type"].(string); kind != "llama3" || w.layout.arch != "llama" {
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
