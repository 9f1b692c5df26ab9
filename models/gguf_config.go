package models

import (
	"errors"
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/internal/gguf"
)

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

// layers returns the number of layers, each of which costs memory before it has a tensor: the file must have some of each.
func (m *ggufMeta) layers() int {
	n := m.size("block_count")
	if n > len(m.file.Tensors) {
		m.errs = append(m.errs, fmt.Errorf("%s is %d, and the file has %d tensors in all", m.key("block_count"), n, len(m.file.Tensors)))
		return 0
	}
	return n
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
	c := layout.read(m)
	c["vocab_size"] = m.rows("token_embd.weight")
	if _, ok := c["model_type"]; !ok {
		c["model_type"] = layout.types[0].name
	}
	m.tokens(c, layout.oneEnd)
	return c, errors.Join(m.errs...)
}

// tokens sets the ids of special tokens. Where a text ends by another token than a turn of a conversation, both end it, but for oneEnd.
func (m *ggufMeta) tokens(c map[string]any, oneEnd bool) {
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
	if turn, ok := id("eot"); ok && turn != eos && !oneEnd {
		c["eos_token_id"] = []int{eos, turn}
	}
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
	if t, ok := m.file.Tensor(ropeFactors); ok {
		m.llama3(r, t)
	}
	return r
}
