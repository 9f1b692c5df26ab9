package graph

import (
	"fmt"
	"slices"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A buffer is a value's memory; the slice of its type is set, or packed.
type buffer struct {
	f32    []float32
	f64    []float64
	i32    []int32
	packed kernels.Packed // of a parameter that is stored as blocks
}

// call is what an operation is lowered on: the memory of its inputs and outputs.
type call struct {
	dtype   tensor.Dtype
	ins     []buffer
	outs    []target
	addend  buffer // what is added to output 0; empty for nothing
	scratch buffer
	random  *Random
}

// A target is where an output goes.
type target struct {
	buffer
	always  bool  // add to what is there, in every run
	machine *bool // add to what is there while the machine accumulates; nil for never
}

// Random tells the operations that draw random numbers which ones are due: they
// are a function of the seed, the step and the operation's place in the trace.
type Random struct{ Seed, Step uint64 }

// output is a target of one element type. Its data is nil where nothing reads it.
type output[T kernels.Float] struct {
	data    []T
	always  bool
	machine *bool
}

// add tells whether to add to the data rather than to overwrite it. It may
// change from run to run, so it is asked in the run.
func (o output[T]) add() bool { return o.always || o.machine != nil && *o.machine }

// slice returns the buffer's memory as T.
func slice[T kernels.Float](b buffer) []T {
	var zero T
	if _, ok := any(zero).(float32); ok {
		return any(b.f32).([]T)
	}
	return any(b.f64).([]T)
}

func in[T kernels.Float](c *call, i int) []T { return slice[T](c.ins[i]) }

func out[T kernels.Float](c *call, i int) output[T] {
	t := c.outs[i]
	return output[T]{data: slice[T](t.buffer), always: t.always, machine: t.machine}
}

func addend[T kernels.Float](c *call) []T { return slice[T](c.addend) }

func scratch[T kernels.Float](c *call) []T { return slice[T](c.scratch) }

// pick returns the function for the call's element type.
func pick[F any](c *call, f32, f64 F) F {
	if c.dtype == tensor.Float64 {
		return f64
	}
	return f32
}

// do runs one operation outside of a machine: outputs are allocated, a tuple's
// packed one behind the other.
func do(op fused, values []gorgonia.Value) (gorgonia.Value, error) {
	b := op.header()
	c := &call{dtype: b.g.dtype, random: &Random{}}
	for i, v := range values {
		in, err := bufferOf(v)
		if err != nil {
			return nil, fmt.Errorf("graph: %s: input %d: %w", b.name, i, err)
		}
		c.ins = append(c.ins, in)
	}
	shape := b.shape()
	result := tensor.New(tensor.Of(c.dtype), tensor.WithShape(shape...))
	all, err := bufferOf(result)
	if err != nil {
		return nil, err
	}
	offset := 0
	for _, s := range b.outs {
		n := s.TotalSize()
		c.outs = append(c.outs, target{buffer: all.part(offset, n)})
		offset += n
	}
	if s, ok := op.(scratcher); ok {
		c.scratch = makeBuffer(c.dtype, s.scratch(slices.Repeat([]bool{true}, len(b.outs))))
	}
	if err := op.lower(c)(); err != nil {
		return nil, err
	}
	if shape.Dims() == 0 {
		return scalarValue(all), nil
	}
	return result, nil
}

// bufferOf views a Gorgonia value's memory; a scalar is copied.
func bufferOf(v gorgonia.Value) (buffer, error) {
	switch d := v.Data().(type) {
	case []float32:
		return buffer{f32: d}, nil
	case []float64:
		return buffer{f64: d}, nil
	case []int32:
		return buffer{i32: d}, nil
	case float32:
		return buffer{f32: []float32{d}}, nil
	case float64:
		return buffer{f64: []float64{d}}, nil
	case int32:
		return buffer{i32: []int32{d}}, nil
	}
	return buffer{}, fmt.Errorf("values of type %T are not supported", v.Data())
}

func makeBuffer(dt tensor.Dtype, n int) buffer {
	switch dt {
	case tensor.Float64:
		return buffer{f64: make([]float64, n)}
	case tensor.Int32:
		return buffer{i32: make([]int32, n)}
	}
	return buffer{f32: make([]float32, n)}
}

func (b buffer) part(offset, n int) buffer {
	switch {
	case b.f64 != nil:
		return buffer{f64: b.f64[offset : offset+n : offset+n]}
	case b.i32 != nil:
		return buffer{i32: b.i32[offset : offset+n : offset+n]}
	}
	return buffer{f32: b.f32[offset : offset+n : offset+n]}
}

// scalarValue returns element 0 as a Gorgonia scalar.
func scalarValue(b buffer) gorgonia.Value {
	if b.f64 != nil {
		return gorgonia.NewF64(b.f64[0])
	}
	return gorgonia.NewF32(b.f32[0])
}
