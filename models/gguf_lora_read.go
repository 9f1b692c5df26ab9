package models

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/gguf"
)

// LoRASource is an adapter of low rank in a GGUF file. Its tensors have peft's names: lora_A.weight [Rank, In] and lora_B.weight [Out, Rank] behind
// the layer's, with rows in Hugging Face's order.
type LoRASource struct {
	graph.Source
	Alpha float64        // over the rank, what changes are multiplied by; 0 leaves them as they are
	Ranks map[string]int // of each layer that has a change, such as model.layers.0.self_attn.q_proj
	file  *gguf.File
}

// Close lets go of the file.
func (s *LoRASource) Close() error { return s.file.Close() }

// Ends of the names of an adapter's tensors, in GGUF files and in peft's.
const (
	ggufFirst, ggufSecond = ".lora_a", ".lora_b"
	peftFirst, peftSecond = ".lora_A.weight", ".lora_B.weight"
)

// OpenLoRA opens the GGUF file of an adapter, as llama.cpp reads it, for a language model of the architecture that it names. Tensors that aren't
// pairs of matrices for projections are refused.
func OpenLoRA(path string, m *Decoder) (*LoRASource, error) {
	f, err := gguf.Open(path)
	if err != nil {
		return nil, fmt.Errorf("models: %w", err)
	}
	s, err := newLoRASource(f, m)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("models: %s: %w", path, err), f.Close())
	}
	return s, nil
}

func newLoRASource(f *gguf.File, m *Decoder) (*LoRASource, error) {
	if kind, method := f.Meta.Text("general.type"), f.Meta.Text("adapter.type"); kind != "adapter" || method != "lora" {
		return nil, fmt.Errorf(`general.type is %q and adapter.type %q, expected "adapter" and "lora"`, kind, method)
	}
	layout, err := ggufLayoutOf(f.Meta.Text(gguf.ArchitectureKey))
	if err != nil {
		return nil, err
	}
	if !layout.stores(m.parts.family) {
		return nil, fmt.Errorf("the adapter is for the architecture %q, which is that of %s; the model's model_type is %q",
			layout.arch, strings.Join(layout.typeNames(), " and "), m.parts.family)
	}
	heads, err := headsOf(m)
	if err != nil {
		return nil, err
	}
	s := &LoRASource{Ranks: map[string]int{}, file: f}
	s.Alpha, _ = f.Meta.Float("adapter.lora.alpha")
	params := map[string]ggufParam{}
	for _, t := range f.Tensors {
		weight, first := strings.CutSuffix(t.Name, ggufFirst)
		if !first {
			var second bool
			if weight, second = strings.CutSuffix(t.Name, ggufSecond); !second {
				return nil, fmt.Errorf("tensor %q is no matrix of a low-rank change", t.Name)
			}
		}
		row, name, expert, ok := layout.match(weight, true)
		layer, isWeight := strings.CutSuffix(name, ".weight")
		if !ok || !isWeight || expert >= 0 || row.change == expertsAsOne || row.stored == "token_embd" || len(t.Shape) != 2 {
			return nil, fmt.Errorf("tensor %q %v isn't for a projection: changes of embeddings, norms, biases and experts aren't read from GGUF", t.Name, t.Shape)
		}
		if first {
			params[layer+peftFirst], s.Ranks[layer] = ggufParam{tensor: t}, t.Shape[0]
			continue
		}
		order, err := heads.order(row.change, t.Shape[0])
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		params[layer+peftSecond] = ggufParam{tensor: t, rows: order}
	}
	if len(params) == 0 {
		return nil, errors.New("no tensors in it")
	}
	if len(params) != 2*len(s.Ranks) {
		for name := range params {
			layer, _ := strings.CutSuffix(strings.TrimSuffix(name, peftFirst), peftSecond)
			if params[layer+peftFirst].tensor.Name == "" || params[layer+peftSecond].tensor.Name == "" {
				return nil, fmt.Errorf("%s has one of its two matrices", layer)
			}
		}
	}
	s.Source = &ggufSource{path: f.Path, params: params, hold: f.Hold}
	return s, nil
}

// headsOf returns the sizes by which llama.cpp turns rows of a model's projections.
func headsOf(m *Decoder) (ggufHeads, error) {
	data, err := encodeConfig(m.Config, nil)
	if err != nil {
		return ggufHeads{}, err
	}
	fields, err := decodeFields(data)
	if err != nil {
		return ggufHeads{}, err
	}
	w := &ggufWriter{fields: fields}
	return w.heads(), errors.Join(w.errs...)
}
