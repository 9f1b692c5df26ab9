package models

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/blocks"
	"github.com/seahorse-ml/seahorse/internal/gguf"
	"gorgonia.org/tensor"
)

// GGUFExport is a model as a GGUF file has it, without its tokenizer.
type GGUFExport struct {
	Meta     gguf.Meta
	Tensors  []gguf.Out
	Formats  map[string]int // how many tensors have each format
	Fallback []string       // tensors whose rows the blocks of a format don't divide, and what they have instead
}

// ExportGGUF says how the model m, which was opened from a path, is stored in the formats of a quantization (see Quantizations). Importance gives
// weights of the columns of parameters by their names, or is nil.
func ExportGGUF(path string, m Model, quantization string, importance map[string][]float32) (GGUFExport, error) {
	var e GGUFExport
	folder, err := Folder(path)
	if err != nil {
		return e, err
	}
	fields, _, err := readConfig(folder)
	if err != nil {
		return e, err
	}
	config, err := json.Marshal(fields)
	if err != nil {
		return e, fmt.Errorf("models: %s: %w", path, err)
	}
	source := paramSource(m.Params())
	count := func(names ...string) int {
		w := ggufWriter{fields: fields}
		n, _ := w.number(fields, names...)
		return int(n)
	}
	_, untied := source.Shape(headName)
	if _, ok := source.Shape("embed_out.weight"); ok {
		untied = true
	}
	mixture, err := NewMixture(quantization, !untied, count("num_hidden_layers", "n_layer"), count("num_local_experts"), importance != nil)
	if err != nil {
		return e, err
	}
	modelType, _ := fields["model_type"].(string)
	layout, err := ggufLayoutFor(modelType)
	if err != nil {
		return e, fmt.Errorf("models: %w", err)
	}
	byStored := map[string][]float32{}
	for name, weights := range importance {
		if t, stored, _, ok := layout.match(name, false); ok && t.change != transposed {
			byStored[stored] = weights
		}
	}
	e.Formats = map[string]int{}
	e.Meta, e.Tensors, err = ToGGUF(config, source, ToGGUFConfig{
		Format: func(name string, shape []int) blocks.Kind {
			k := mixture.Format(name, shape)
			e.Formats[k.String()]++
			return k
		},
		Importance: func(name string) []float32 { return byStored[name] },
	})
	if err != nil {
		return e, err
	}
	e.Fallback = mixture.Fallback
	e.Meta = append(e.Meta, gguf.Pair{Key: "general.file_type", Value: mixture.FileType}, gguf.Pair{Key: "general.quantization_version", Value: uint32(2)})
	return e, nil
}

// paramSource gives out parameters as a source: for models that are stored in another way.
type paramSource []*graph.Param

func (s paramSource) find(name string) *graph.Param {
	i := slices.IndexFunc(s, func(p *graph.Param) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return s[i]
}

func (s paramSource) Names() []string {
	names := make([]string, len(s))
	for i, p := range s {
		names[i] = p.Name
	}
	return names
}

func (s paramSource) Shape(name string) ([]int, bool) {
	p := s.find(name)
	if p == nil {
		return nil, false
	}
	return p.Shape, true
}

func (s paramSource) Readable(name string) error {
	if p := s.find(name); p == nil || !p.HasValues() {
		return fmt.Errorf("models: the parameter %q has no values", name)
	}
	return nil
}

func (s paramSource) Read(name string, dst *tensor.Dense) error {
	if err := s.Readable(name); err != nil {
		return err
	}
	return tensor.Copy(dst, s.find(name).Floats())
}
