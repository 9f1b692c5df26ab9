package graph

import (
	"fmt"
	"hash/fnv"
	"math"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"github.com/seahorse-ml/seahorse/internal/random"
)

// An Init says how a new parameter is filled. The zero value says nothing: a
// layer then takes its own default (see Or), and a parameter is filled with 0.
type Init struct {
	dist  distribution
	scale float64 // standard deviation, bound or value
}

type distribution uint8

const (
	unset distribution = iota
	constant
	normal
	uniform
)

// Zeros fills with 0.
func Zeros() Init { return Constant(0) }

// Ones fills with 1.
func Ones() Init { return Constant(1) }

// Constant fills with v.
func Constant(v float64) Init { return Init{constant, v} }

// Normal draws from a normal distribution of mean 0 and the given standard deviation.
func Normal(std float64) Init { return Init{normal, std} }

// Uniform draws evenly from [-bound, bound).
func Uniform(bound float64) Init { return Init{uniform, bound} }

// XavierUniform draws evenly from ±√(6/(in+out)) (Glorot and Bengio, 2010).
func XavierUniform(in, out int) Init { return Uniform(math.Sqrt(6 / float64(in+out))) }

// Or returns i, or fallback if i is the zero value.
func (i Init) Or(fallback Init) Init {
	if i.dist == unset {
		return fallback
	}
	return i
}

func (i Init) String() string {
	switch i.dist {
	case normal:
		return fmt.Sprintf("normal(0, %g)", i.scale)
	case uniform:
		return fmt.Sprintf("uniform(±%g)", i.scale)
	default:
		return fmt.Sprintf("constant(%g)", i.scale)
	}
}

// fill writes the parameter's first values, which depend on the seed and the
// parameter's name only.
func (i Init) fill(p *Param, seed uint64) {
	h := fnv.New64a()
	h.Write([]byte(p.Name))
	switch d := p.value.Data().(type) {
	case []float32:
		fill(d, i, seed, h.Sum64())
	case []float64:
		fill(d, i, seed, h.Sum64())
	}
}

func fill[T kernels.Float](dst []T, i Init, seed, stream uint64) {
	switch i.dist {
	case normal:
		spread(len(dst), elementGrain, func(lo, hi int) {
			random.Normal(dst[lo:hi], seed, stream, uint64(lo))
			kernels.Scale(dst[lo:hi], dst[lo:hi], T(i.scale))
		})()
	case uniform:
		for k := range dst {
			dst[k] = T((2*random.Float64(seed, stream, uint64(k)) - 1) * i.scale)
		}
	default:
		kernels.Fill(dst, T(i.scale))
	}
}
