package exchange

import (
	"unsafe"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/memory"
	"github.com/seahorse-ml/seahorse/internal/parallel"
	"gorgonia.org/tensor"
)

// A Stack keeps sums of gradients that the next micro-batches would overwrite.
type Stack interface {
	// Round rounds the gradients that a micro-batch has found to bfloat16, in a stack that rounds: before Put, and before what Add adds to them.
	Round()
	// Put puts the parameters' gradients on top.
	Put()
	// Add takes the sum on top away, and adds it to the gradients, whose sums a stack that rounds rounds.
	Add()
	// Reset forgets what is left.
	Reset()
	// Bytes returns the memory of the sums.
	Bytes() int
}

// NewStack makes a stack that has room for so many gradients of all the parameters, which are of one element type. It rounds gradients and sums to
// bfloat16, or leaves them as they are.
func NewStack(params []*graph.Param, depth int, rounds bool) Stack {
	if params[0].DType() == tensor.Float64 {
		return newStack[float64](params, depth, rounds)
	}
	return newStack[float32](params, depth, rounds)
}

// stack is a Stack of one element type.
type stack[T float32 | float64] struct {
	params []*graph.Param
	found  []*tensor.Dense // their gradients, where the last pass has left them
	grads  [][]T           // of found
	pieces []stretch
	levels [][]T // each of all elements
	height int   // levels in use
	rounds bool
	// What is done to each piece.
	copying, adding, rounding func(worker, i int)
}

func newStack[T float32 | float64](params []*graph.Param, depth int, rounds bool) *stack[T] {
	s := &stack[T]{params: params, rounds: rounds, found: make([]*tensor.Dense, len(params)), grads: make([][]T, len(params))}
	var elements int
	s.pieces, elements = stretches(params)
	for range depth {
		s.levels = append(s.levels, memory.Make[T](elements))
	}
	s.copying = func(_, i int) {
		p := &s.pieces[i]
		copy(s.levels[s.height][p.at:], s.grads[p.param][p.lo:p.hi])
	}
	s.adding = func(_, i int) {
		p := &s.pieces[i]
		accumulate(s.grads[p.param][p.lo:p.hi], s.levels[s.height][p.at:p.end()], s.rounds)
	}
	s.rounding = func(_, i int) {
		p := &s.pieces[i]
		round(s.grads[p.param][p.lo:p.hi])
	}
	return s
}

// find notes where the gradients are.
func (s *stack[T]) find() {
	for i, p := range s.params {
		if s.found[i] != p.Grad() {
			s.found[i], s.grads[i] = p.Grad(), graph.GradData[T](p)
		}
	}
}

func (s *stack[T]) Round() {
	if s.rounds {
		s.find()
		parallel.Run(len(s.pieces), s.rounding)
	}
}

func (s *stack[T]) Put() {
	s.find()
	parallel.Run(len(s.pieces), s.copying)
	s.height++
}

func (s *stack[T]) Add() {
	s.find()
	s.height--
	parallel.Run(len(s.pieces), s.adding)
}

func (s *stack[T]) Reset() { s.height = 0 }

func (s *stack[T]) Bytes() int {
	total := 0
	for _, l := range s.levels {
		total += len(l) * int(unsafe.Sizeof(l[0]))
	}
	return total
}
