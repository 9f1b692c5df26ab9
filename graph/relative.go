package graph

import (
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// RelativeBiasConfig configures Graph.RelativeBias.
type RelativeBiasConfig struct {
	Queries, Keys int   // T and S, > 0
	Bidirectional bool  // half of the buckets are for keys behind the query; default false
	MaxDistance   int   // distances from here on share the last bucket
	At            *Node // [B, T] int32, positions of the queries, the same in all texts; nil for the last T of S
}

// RelativeBias spreads a table [buckets, H] of biases to [H, T, S], what is added to
// the scores of attention (Raffel et al., 2020): each short distance from query to key
// has a bucket, longer ones share buckets that grow with their logarithm.
func (g *Graph) RelativeBias(table *Node, c RelativeBiasConfig) *Node {
	if g.err != nil {
		return g.broken
	}
	ts := table.Shape()
	least := 2 // buckets
	if c.Bidirectional {
		least = 4
	}
	if ts.Dims() != 2 || ts[0] < least || ts[0]%least != 0 {
		return g.Fail(fmt.Errorf("graph: relative bias: table %v, expected [a multiple of %d, H]", ts, least))
	}
	if c.Queries <= 0 || c.Keys <= 0 || c.MaxDistance <= ts[0]/least {
		return g.Fail(fmt.Errorf("graph: relative bias: %d queries, %d keys and a largest distance of %d for %d buckets", c.Queries, c.Keys, c.MaxDistance, ts[0]))
	}
	inputs := []*Node{table}
	if c.At != nil {
		if s := c.At.Shape(); s.Dims() != 2 || s[1] != c.Queries || c.At.Dtype() != tensor.Int32 {
			return g.Fail(fmt.Errorf("graph: relative bias: positions %v %v, expected int32 [B, %d]", c.At.Dtype(), s, c.Queries))
		}
		inputs = append(inputs, c.At)
	}
	op := &relativeBiasOp{config: c, buckets: ts[0], heads: ts[1]}
	return g.apply("relative bias", op, tensor.Shape{ts[1], c.Queries, c.Keys}, inputs...)
}

// relativeBiasOp has the inputs table and maybe positions.
type relativeBiasOp struct {
	base
	config         RelativeBiasConfig
	buckets, heads int
}

func (o *relativeBiasOp) DiffWRT(inputs int) []bool { return []bool{true, false}[:inputs] }

func (o *relativeBiasOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	back := &relativeBiasGradOp{forward: o}
	grads := make(gorgonia.Nodes, len(in))
	grads[0] = o.g.apply("relative bias backward", back, in[0].Shape().Clone(), append([]*Node{grad}, in[1:]...)...)
	return grads, o.g.err
}

// bucket returns the bucket of a key's position less the query's.
func (o *relativeBiasOp) bucket(distance int) int {
	n, first := o.buckets, 0
	if o.config.Bidirectional {
		n /= 2
		if distance > 0 {
			first = n
		}
		distance = max(distance, -distance)
	} else {
		distance = max(0, -distance)
	}
	exact := n / 2
	if distance < exact {
		return first + distance
	}
	// The reference computes in float32, which decides where a distance falls on a bound.
	ratio := float32(math.Log(float64(float32(distance)/float32(exact)))) / float32(math.Log(float64(o.config.MaxDistance)/float64(exact)))
	return first + min(exact+int(ratio*float32(n-exact)), n-1)
}

// fill writes the bucket of each query and key to buckets [T, S].
func (o *relativeBiasOp) fill(buckets []int32, at []int32) error {
	c := o.config
	for t := range c.Queries {
		position := t + c.Keys - c.Queries
		if at != nil {
			position = int(at[t])
			for b := t; b < len(at); b += c.Queries {
				if at[b] != at[t] {
					return fmt.Errorf("texts are at the positions %d and %d; relative biases need them to be the same", at[t], at[b])
				}
			}
		}
		for s := range c.Keys {
			buckets[t*c.Keys+s] = int32(o.bucket(s - position))
		}
	}
	return nil
}

func (o *relativeBiasOp) lower(c *call) func() error {
	return pick(c, lowerRelativeBias[float32], lowerRelativeBias[float64])(o, c)
}

func lowerRelativeBias[T kernels.Float](o *relativeBiasOp, c *call) func() error {
	dst, table := out[T](c, 0).data, in[T](c, 0)
	buckets, refill, err := o.lowerBuckets(c, 1)
	cells := len(buckets)
	run := spread(o.heads, 1, func(lo, hi int) {
		for h := lo; h < hi; h++ {
			for i, bucket := range buckets {
				dst[h*cells+i] = table[int(bucket)*o.heads+h]
			}
		}
	})
	return func() error {
		if err != nil {
			return err
		}
		if err := refill(); err != nil {
			return err
		}
		run()
		return nil
	}
}

// lowerBuckets returns the buckets, and what brings them up to date in each run; the
// positions are the given input, if there are any.
func (o *relativeBiasOp) lowerBuckets(c *call, positions int) (buckets []int32, refill func() error, err error) {
	buckets = make([]int32, o.config.Queries*o.config.Keys)
	if o.config.At == nil {
		return buckets, func() error { return nil }, o.fill(buckets, nil)
	}
	at := c.ins[positions].i32
	return buckets, func() error { return o.fill(buckets, at) }, nil
}

// relativeBiasGradOp sums a gradient [H, T, S] into the table's. Inputs are the
// gradient and maybe the positions.
type relativeBiasGradOp struct {
	base
	forward *relativeBiasOp
}

func (o *relativeBiasGradOp) accumulates(int) bool { return true }

func (o *relativeBiasGradOp) lower(c *call) func() error {
	return pick(c, lowerRelativeBiasGrad[float32], lowerRelativeBiasGrad[float64])(o, c)
}

func lowerRelativeBiasGrad[T kernels.Float](o *relativeBiasGradOp, c *call) func() error {
	dst, grad, heads := out[T](c, 0), in[T](c, 0), o.forward.heads
	buckets, refill, err := o.forward.lowerBuckets(c, 1)
	cells := len(buckets)
	run := spread(heads, 1, func(lo, hi int) {
		for h := lo; h < hi; h++ {
			for i, bucket := range buckets {
				dst.data[int(bucket)*heads+h] += grad[h*cells+i]
			}
		}
	})
	return func() error {
		if err != nil {
			return err
		}
		if err := refill(); err != nil {
			return err
		}
		if !dst.add() {
			clear(dst.data)
		}
		run()
		return nil
	}
}
