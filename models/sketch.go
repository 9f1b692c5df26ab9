package models

import (
	"math"
	"math/bits"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// Sketch returns the model of a directory without its values: what config.json says, held to the names and shapes of the tensors
// that are stored there, if any are. It takes next to no memory, however large the model, and serves to count
// parameters and to plan memory; it can't run or be saved. See OpenEdited for edit, which may be nil.
func Sketch(dir string, edit func(config map[string]any)) (Model, error) {
	return open(dir, edit, true)
}

// SketchNew returns what New would make, without its values; see Sketch.
func SketchNew(arch string, s Size) (Model, error) {
	return New(arch, s, graph.SketchParams(tensor.Float32, nil))
}

// CountParameters returns the number of a model's parameters, or the largest int64 if it is beyond.
func CountParameters(m Model) int64 {
	var total uint64
	for _, p := range m.Params() {
		n := uint64(1)
		for _, d := range p.Shape {
			high, low := bits.Mul64(n, uint64(d))
			if high != 0 {
				return math.MaxInt64
			}
			n = low
		}
		if total += n; n > math.MaxInt64 || total > math.MaxInt64 {
			return math.MaxInt64
		}
	}
	return int64(total)
}
