package models

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/blocks"
	"github.com/seahorse-ml/seahorse/internal/gguf"
	"gorgonia.org/tensor"
)

// LoRA is an adapter of low rank for ExportLoRA: each projection, by the name of its weight, with its two matrices and what their product is
// multiplied by.
type LoRA struct {
	Weight string // such as model.layers.0.self_attn.q_proj.weight
	A, B   string // the names of the matrices [r, In] and [Out, r] in the source
	Scale  float64
}

// ExportLoRA says how an adapter for the model of a path is stored in a GGUF file: in float32, its metadata with it. llama.cpp knows one scale,
// alpha over the rank; what differs from it goes into the second matrices.
func ExportLoRA(path string, source graph.Source, adapters []LoRA, alpha float64) (gguf.Meta, []gguf.Out, error) {
	folder, err := Folder(path)
	if err != nil {
		return nil, nil, err
	}
	fields, _, err := readConfig(folder)
	if err != nil {
		return nil, nil, err
	}
	modelType, _ := fields["model_type"].(string)
	layout, err := ggufLayoutFor(modelType)
	if err != nil {
		return nil, nil, fmt.Errorf("models: %w", err)
	}
	w := &ggufWriter{fields: fields, modelType: modelType, layout: layout, source: source}
	meta := gguf.Meta{
		{Key: gguf.ArchitectureKey, Value: layout.arch}, {Key: "general.type", Value: "adapter"},
		{Key: "adapter.type", Value: "lora"}, {Key: "adapter.lora.alpha", Value: float32(alpha)},
	}
	slices.SortFunc(adapters, func(a, b LoRA) int { return byLayer(a.Weight, b.Weight) })
	var outs []gguf.Out
	for _, a := range adapters {
		t, stored, expert, ok := layout.match(a.Weight, false)
		if !ok || expert >= 0 {
			return nil, nil, fmt.Errorf("models: an adapter of %q can't be stored as GGUF; merge it into the model", a.Weight)
		}
		shape, okA := source.Shape(a.A)
		shapeB, okB := source.Shape(a.B)
		if !okA || !okB || len(shape) != 2 || len(shapeB) != 2 || shape[0] != shapeB[1] {
			return nil, nil, fmt.Errorf("models: an adapter of %q has matrices of %v and %v", a.Weight, shape, shapeB)
		}
		heads := w.heads()
		order, err := heads.order(t.change, shapeB[0])
		if err != nil {
			return nil, nil, fmt.Errorf("models: an adapter of %q: %w", a.Weight, err)
		}
		factor := a.Scale * float64(shape[0]) / alpha
		if math.Abs(factor-1) < 1e-9 {
			factor = 1
		}
		outs = append(outs, loraOut(source, stored+".lora_a", a.A, shape, nil, 1), loraOut(source, stored+".lora_b", a.B, shapeB, order, factor))
	}
	return meta, outs, nil
}

func loraOut(source graph.Source, stored, name string, shape, order []int, factor float64) gguf.Out {
	return gguf.Out{Name: stored, Shape: shape, Kind: blocks.F32, Write: func(to io.Writer) error {
		values := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(shape...))
		if err := source.Read(name, values); err != nil {
			return err
		}
		x := values.Data().([]float32)
		if factor != 1 {
			for i := range x {
				x[i] = float32(float64(x[i]) * factor)
			}
		}
		return writeBlocks(to, blocks.F32, rearranged(x, shape, asItIs, order), shape[1], nil)
	}}
}

// WeightOf returns the name of the weight that peft's name of an adapter's matrix is for.
func WeightOf(name, ending string) (string, bool) {
	module, ok := strings.CutSuffix(name, ending)
	return strings.TrimPrefix(module, "base_model.model.") + ".weight", ok
}
