package models

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/blocks"
)

// quantizations are the names of the mixtures of formats that GGUF files are written in, as llama.cpp calls them, with the number
// of each in general.file_type.
var quantizations = []struct {
	name     string
	fileType uint32
	kind     blocks.Kind
}{
	{"f32", 0, blocks.F32}, {"f16", 1, blocks.F16}, {"bf16", 32, blocks.BF16}, {"q8_0", 7, blocks.Q8_0}, {"q4_0", 2, blocks.Q4_0}, {"q4_1", 3, blocks.Q4_1},
	{"q5_0", 8, blocks.Q5_0}, {"q5_1", 9, blocks.Q5_1}, {"q4_k_m", 15, blocks.Q4_K}, {"q5_k_m", 17, blocks.Q5_K}, {"q6_k", 18, blocks.Q6_K},
}

// Quantizations returns the names of the mixtures of formats that GGUF files can be written in.
func Quantizations() []string {
	var names []string
	for _, q := range quantizations {
		names = append(names, q.name)
	}
	return names
}

// A Mixture chooses the formats of a GGUF file's tensors as llama.cpp does.
type Mixture struct {
	FileType uint32   // general.file_type
	Fallback []string // tensors whose rows a format's blocks don't divide, and what they have instead

	kind            blocks.Kind
	tied, important bool
	layers, experts int
	seen            map[string]bool
}

// NewMixture returns the mixture of a name for a model: whether its head is the table of embeddings, how many layers and experts it has, and
// whether there is an importance matrix.
func NewMixture(name string, tied bool, layers, experts int, important bool) (*Mixture, error) {
	for _, q := range quantizations {
		if q.name == strings.ToLower(name) {
			return &Mixture{FileType: q.fileType, kind: q.kind, tied: tied, layers: layers, experts: experts, important: important, seen: map[string]bool{}}, nil
		}
	}
	return nil, fmt.Errorf("models: quantization %q is not known; known are %s", name, strings.Join(Quantizations(), ", "))
}

// moreBits tells whether a layer is one of those that get more bits: the first and last eighth, and each third between.
func (m *Mixture) moreBits(layer int) bool {
	return layer < m.layers/8 || layer >= 7*m.layers/8 || (layer-m.layers/8)%3 == 2
}

// Format returns how a tensor is stored.
func (m *Mixture) Format(name string, shape []int) blocks.Kind {
	switch {
	case len(shape) < 2, strings.HasSuffix(name, "_norm.weight"), strings.Contains(name, "ffn_gate_inp"), name == "position_embd.weight", name == "token_types.weight":
		return blocks.F32
	case !m.kind.Quantised():
		return m.kind
	}
	kind := m.wanted(name, shape[len(shape)-1])
	if kind.Fits(shape[len(shape)-1]) {
		return kind
	}
	fallback := cmp.Or(map[blocks.Kind]blocks.Kind{blocks.Q4_K: blocks.Q5_0, blocks.Q5_K: blocks.Q5_1, blocks.Q6_K: blocks.Q8_0}[kind], kind)
	if !fallback.Fits(shape[len(shape)-1]) {
		fallback = blocks.F16
	}
	if !m.seen[name] {
		m.seen[name] = true
		m.Fallback = append(m.Fallback, fmt.Sprintf("%s: rows of %d, %v instead of %v", name, shape[len(shape)-1], fallback, kind))
	}
	return fallback
}

// wanted returns the format of a tensor whatever its rows.
func (m *Mixture) wanted(name string, cols int) blocks.Kind {
	layer := 0
	fmt.Sscanf(name, "blk.%d.", &layer)
	part := name[strings.LastIndexByte(strings.TrimSuffix(name, ".weight"), '.')+1:]
	mixed := m.kind == blocks.Q4_K || m.kind == blocks.Q5_K
	switch {
	case name == "output.weight", m.tied && name == "token_embd.weight":
		switch {
		case !m.kind.Fits(cols), m.kind == blocks.Q8_0:
			return blocks.Q8_0
		}
		return blocks.Q6_K
	case (part == "attn_v.weight" || part == "attn_k.weight") && m.experts == 8:
		return blocks.Q8_0
	case part == "attn_v.weight" && mixed && m.moreBits(layer):
		return blocks.Q6_K
	case strings.HasPrefix(part, "ffn_down") && mixed && m.moreBits(layer):
		return blocks.Q6_K
	case strings.HasPrefix(part, "ffn_down") && m.important && layer < m.layers/8 && m.kind == blocks.Q4_0:
		return blocks.Q4_1
	case strings.HasPrefix(part, "ffn_down") && m.important && layer < m.layers/8 && m.kind == blocks.Q5_0:
		return blocks.Q5_1
	case part == "attn_output.weight" && m.experts == 8 && m.kind == blocks.Q4_K:
		return blocks.Q5_K
	case part == "attn_qkv.weight" && m.kind == blocks.Q4_K:
		return blocks.Q5_K
	case part == "attn_qkv.weight" && m.kind == blocks.Q5_K:
		return blocks.Q6_K
	}
	return m.kind
}
