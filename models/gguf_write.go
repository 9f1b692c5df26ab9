package models

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/blocks"
	"github.com/seahorse-ml/seahorse/internal/gguf"
	"github.com/seahorse-ml/seahorse/internal/parallel"
	"gorgonia.org/tensor"
)

// ToGGUF says how the tensors of a source, under Hugging Face's names, are stored in a GGUF file: the metadata of the model that
// a config.json describes, and its tensors in the order of its layers. Format chooses how a tensor is stored, by the name and the shape that it
// has in the file; importance may give weights of a tensor's columns, or nil.
func ToGGUF(config []byte, source graph.Source, c ToGGUFConfig) (gguf.Meta, []gguf.Out, error) {
	fields := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(config))
	d.UseNumber()
	if err := d.Decode(&fields); err != nil {
		return nil, nil, fmt.Errorf("models: %s: %w", configName, err)
	}
	modelType, _ := fields["model_type"].(string)
	layout, err := ggufLayoutFor(modelType)
	if err != nil {
		return nil, nil, fmt.Errorf("models: %w", err)
	}
	w := &ggufWriter{fields: fields, modelType: modelType, layout: layout, source: source, config: c}
	w.meta = gguf.Meta{{Key: gguf.ArchitectureKey, Value: layout.arch}, {Key: "general.type", Value: "model"}}
	layout.write(w)
	outs := w.tensors()
	if layout.waves != nil {
		outs = append(outs, layout.waves(w)...)
	}
	if err := errors.Join(w.errs...); err != nil {
		return nil, nil, fmt.Errorf("models: as GGUF: %s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return w.meta, outs, nil
}

// ToGGUFConfig configures ToGGUF.
type ToGGUFConfig struct {
	Format     func(name string, shape []int) blocks.Kind // nil stores all in float32
	Importance func(name string) []float32                // of a tensor's columns; nil for none
}

type ggufWriter struct {
	fields    map[string]any
	modelType string
	layout    ggufLayout
	source    graph.Source
	config    ToGGUFConfig
	meta      gguf.Meta
	errs      []error
}

// fail keeps an error, once.
func (w *ggufWriter) fail(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	if !slices.ContainsFunc(w.errs, func(known error) bool { return known.Error() == err.Error() }) {
		w.errs = append(w.errs, err)
	}
}

// number returns a field of config.json, or of an object in it.
func (w *ggufWriter) number(in map[string]any, names ...string) (float64, bool) {
	for _, name := range names {
		if n, ok := in[name].(json.Number); ok {
			v, err := n.Float64()
			return v, err == nil
		}
	}
	return 0, false
}

// size returns a field that must be there.
func (w *ggufWriter) size(names ...string) uint32 {
	v, ok := w.number(w.fields, names...)
	if !ok || v < 0 || v != float64(uint32(v)) {
		w.fail("%s says no %s", configName, names[0])
	}
	return uint32(v)
}

// object returns an object of config.json, empty where there is none.
func (w *ggufWriter) object(in map[string]any, name string) map[string]any {
	o, _ := in[name].(map[string]any)
	return o
}

// tensors returns the tensors, in the order of the layers.
func (w *ggufWriter) tensors() []gguf.Out {
	names := w.source.Names()
	slices.SortFunc(names, byLayer)
	experts := map[string][]string{} // by the tensor that they are stored in
	var outs []gguf.Out
	for _, name := range names {
		t, stored, expert, ok := w.layout.match(name, false)
		switch {
		case !ok && (strings.HasPrefix(name, "pooler.") || strings.HasPrefix(name, "bert.pooler.")):
			// llama.cpp keeps no pooler.
		case !ok:
			w.fail("the tensor %q has no name there", name)
		case expert >= 0:
			experts[stored] = append(experts[stored], name)
			if expert == 0 {
				outs = append(outs, gguf.Out{Name: stored})
			}
		default:
			outs = append(outs, w.one(t, name, stored))
		}
	}
	for i, o := range outs {
		if o.Shape == nil {
			outs[i] = w.stack(o.Name, experts[o.Name])
		}
	}
	return outs
}

// vectorOut stores a vector in float32.
func vectorOut(name string, values []float32) gguf.Out {
	return gguf.Out{Name: name, Shape: []int{len(values)}, Kind: blocks.F32, Write: func(to io.Writer) error {
		return writeBlocks(to, blocks.F32, values, len(values), nil)
	}}
}

// numbers returns a list of numbers in config.json, nil where there is none.
func (w *ggufWriter) numbers(list any) []float32 {
	members, _ := list.([]any)
	var out []float32
	for _, m := range members {
		if n, ok := m.(json.Number); ok {
			v, _ := n.Float64()
			out = append(out, float32(v))
		}
	}
	return out
}

// byLayer orders names by the numbers in them.
func byLayer(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		if as[i] == bs[i] {
			continue
		}
		if isNumber(as[i]) && isNumber(bs[i]) && len(as[i]) != len(bs[i]) {
			return len(as[i]) - len(bs[i])
		}
		return strings.Compare(as[i], bs[i])
	}
	return len(as) - len(bs)
}

// format returns how a tensor is stored: vectors in float32.
func (w *ggufWriter) format(stored string, shape []int) blocks.Kind {
	if len(shape) < 2 || w.config.Format == nil {
		return blocks.F32
	}
	return w.config.Format(stored, shape)
}

// read returns the values of a tensor.
func (w *ggufWriter) read(name string) ([]float32, []int, error) {
	shape, _ := w.source.Shape(name)
	t := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(shape...))
	if err := w.source.Read(name, t); err != nil {
		return nil, nil, err
	}
	return t.Data().([]float32), shape, nil
}

// one writes a tensor by itself.
func (w *ggufWriter) one(t ggufTensor, name, stored string) gguf.Out {
	shape, _ := w.source.Shape(name)
	shape = slices.Clone(shape)
	change := t.change
	if change == transposed && len(shape) == 2 {
		shape[0], shape[1] = shape[1], shape[0]
	} else if change == transposed {
		change = asItIs
	}
	heads := w.heads()
	order, err := heads.order(change, shape[0])
	if err != nil {
		w.fail("tensor %q: %w", name, err)
	}
	kind := w.format(stored, shape)
	return gguf.Out{Name: stored, Shape: shape, Kind: kind, Write: func(to io.Writer) error {
		values, from, err := w.read(name)
		if err != nil {
			return err
		}
		cols := shape[len(shape)-1]
		return writeBlocks(to, kind, rearranged(values, from, change, order), cols, w.importance(stored))
	}}
}

func (w *ggufWriter) heads() ggufHeads {
	heads := w.size("num_attention_heads", "n_head")
	return ggufHeads{query: int(heads), key: int(w.keyHeads(heads))}
}

func (w *ggufWriter) importance(stored string) []float32 {
	if w.config.Importance == nil {
		return nil
	}
	return w.config.Importance(stored)
}

// rearranged returns values in llama.cpp's order.
func rearranged(values []float32, shape []int, change ggufChange, order []int) []float32 {
	switch {
	case change == plusOne:
		for i := range values {
			values[i]++
		}
	case change == transposed:
		out, rows, cols := make([]float32, len(values)), shape[0], shape[1]
		for r := range rows {
			for c := range cols {
				out[c*rows+r] = values[r*cols+c]
			}
		}
		return out
	case order != nil:
		out, cols := make([]float32, len(values)), len(values)/len(order)
		for r, to := range order {
			copy(out[to*cols:][:cols], values[r*cols:][:cols])
		}
		return out
	}
	return values
}

// stack writes the matrices of experts one behind the other.
func (w *ggufWriter) stack(stored string, names []string) gguf.Out {
	slices.SortFunc(names, byLayer)
	shape, _ := w.source.Shape(names[0])
	whole := append([]int{len(names)}, shape...)
	kind := w.format(stored, whole)
	return gguf.Out{Name: stored, Shape: whole, Kind: kind, Write: func(to io.Writer) error {
		for _, name := range names {
			values, shape, err := w.read(name)
			if err == nil {
				err = writeBlocks(to, kind, values, shape[len(shape)-1], w.importance(stored))
			}
			if err != nil {
				return err
			}
		}
		return nil
	}}
}

// writeBlocks packs rows and writes them.
func writeBlocks(to io.Writer, kind blocks.Kind, values []float32, cols int, importance []float32) error {
	rows, size := len(values)/cols, kind.Size(cols)
	data := make([]byte, rows*size)
	parallel.Run(rows, func(_, r int) { kind.PackWeighted(data[r*size:][:size], values[r*cols:][:cols], importance) })
	_, err := to.Write(data)
	return err
}
