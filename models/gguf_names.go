package models

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/gguf"
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

// ggufLayout is how llama.cpp stores the models of an architecture: a row of ggufLayouts. All else that is known of it is in the file of its row.
type ggufLayout struct {
	arch    string     // general.architecture
	types   []ggufType // the model_types that it stores, that of files which say no more first
	tensors []ggufTensor
	ignored []string // stored tensors that no parameter is read from
	oneEnd  bool     // a text ends by one token, whatever ends a turn

	read  func(m *ggufMeta) map[string]any // the config.json that a file's metadata stand for
	write func(w *ggufWriter)              // sets the metadata that a config.json stands for
	waves func(w *ggufWriter) []gguf.Out   // tensors that wavelengths are multiplied by; nil for none
}

// ggufType is a model_type that an architecture stores.
type ggufType struct {
	name   string
	slides bool // its layers have the window that sliding_window says, whatever else stands there
}

// stores tells whether the architecture stores models of a type.
func (l ggufLayout) stores(modelType string) bool {
	return slices.ContainsFunc(l.types, func(t ggufType) bool { return t.name == modelType })
}

// typeNames returns the names of the types that an architecture stores.
func (l ggufLayout) typeNames() (all []string) {
	for _, t := range l.types {
		all = append(all, t.name)
	}
	return all
}

// ggufLayouts returns the architectures that are known in GGUF files.
func ggufLayouts() []ggufLayout {
	return []ggufLayout{ggufLlama(), ggufQwen2(), ggufQwen3(), ggufOlmo2(), ggufPhi3(), ggufGemma3(), ggufGPT2(), ggufGPTNeoX(), ggufBert()}
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
		if l.stores(modelType) {
			return l, nil
		}
		known = append(known, l.typeNames()...)
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
