package models

import (
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/safetensors"
	"gorgonia.org/tensor"
)

// rowOrder says in which order a model keeps the rows of a stored tensor: row i is
// the stored row order[i]. Nil keeps the stored order.
type rowOrder func(name string) []int

// ordered is a source whose tensors come with their rows in the model's order.
type ordered struct {
	graph.Source
	order rowOrder
}

func (o ordered) Read(name string, dst *tensor.Dense) error {
	if err := o.Source.Read(name, dst); err != nil {
		return err
	}
	if order := o.order(name); order != nil {
		switch d := dst.Data().(type) {
		case []float32:
			copy(d, pickRows(d, order))
		case []float64:
			copy(d, pickRows(d, order))
		}
	}
	return nil
}

// pickRows returns the rows of data that order names, in its order.
func pickRows[T float32 | float64](data []T, order []int) []T {
	size := len(data) / len(order)
	out := make([]T, 0, len(data))
	for _, row := range order {
		out = append(out, data[row*size:(row+1)*size]...)
	}
	return out
}

// inverse returns the order that undoes order.
func inverse(order []int) []int {
	back := make([]int, len(order))
	for i, row := range order {
		back[row] = i
	}
	return back
}

// storedTensors returns a model's parameters as they are stored.
func storedTensors(params []*graph.Param, order rowOrder) []safetensors.Tensor {
	tensors := make([]safetensors.Tensor, len(params))
	for i, p := range params {
		data := p.Value().Data()
		if rows := order(p.Name); rows != nil {
			switch d := data.(type) {
			case []float32:
				data = pickRows(d, inverse(rows))
			case []float64:
				data = pickRows(d, inverse(rows))
			}
		}
		tensors[i] = safetensors.Tensor{Name: p.Name, Shape: p.Shape, Data: data}
	}
	return tensors
}

// asStored is the order of the families that keep all rows where they are stored.
func asStored(string) []int { return nil }
