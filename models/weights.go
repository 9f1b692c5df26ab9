package models

import (
	"errors"

	"github.com/seahorse-ml/seahorse/internal/gguf"
	"github.com/seahorse-ml/seahorse/weights"
	"gorgonia.org/tensor"
)

// openOrigin opens what is stored in a directory or a GGUF file, in float32. Of a sketch nothing need be.
func openOrigin(dir string, sketch bool) (o origin, closeWeights func() error, err error) {
	o = origin{dt: tensor.Float32, sketch: sketch}
	open := weights.Open
	if gguf.Is(dir) {
		open = openGGUFWeights
	}
	source, err := open(dir)
	switch {
	case err == nil:
		o.source = source
		return o, source.Close, nil
	case sketch && errors.Is(err, weights.ErrNone):
		return o, func() error { return nil }, nil
	}
	return o, nil, err
}
