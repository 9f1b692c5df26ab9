package optim

import (
	"iter"
	"math"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/kernels"
	"github.com/seahorse-ml/seahorse/internal/parallel"
	"gorgonia.org/tensor"
)

// PieceSize is how many elements are summed and updated at a time. Parameter,
// gradient and moments of a piece fit into a core's second cache together. The size is
// part of the result, since the norm is a sum of the pieces' sums.
const PieceSize = 16 << 10

// pieces are all parameters of an optimizer, cut so that cores can share them evenly.
type pieces[T float32 | float64] struct {
	all        []piece[T]
	grads      []boundGrad
	squares    []float64 // sums of squares, one for each piece
	elements   int
	now        step
	past       bool                // whether parameters are written past the caches
	sum, apply func(worker, i int) // loop bodies, made once so that a step allocates nothing
	shards     *Shards             // nil where all pieces are this process's
	own        []int               // the pieces that are, of shards
	owners     []int               // of each piece
}

// piece is a stretch of one parameter.
type piece[T float32 | float64] struct {
	param       *graph.Param
	p, g        []T
	m, v        []T // of the optimizer's state; nil where it has none
	of, lo      int // which of the parameters, and where in it the stretch begins
	decay, rate float64
}

// boundGrad is the gradient that the pieces from the first on are cut from.
type boundGrad struct {
	param *graph.Param
	value *tensor.Dense
	first int
}

// add cuts one parameter into pieces, and what is kept of it where that isn't nil.
func (u *pieces[T]) add(param *graph.Param, m, v []T, g Group) {
	stretch := func(x []T, lo, hi int) []T {
		if x == nil {
			return nil
		}
		return x[lo:hi]
	}
	if param.Value() == nil { // of a sketch, which is never updated
		return
	}
	p := graph.Data[T](param)
	u.elements += len(p)
	u.grads = append(u.grads, boundGrad{param: param, first: len(u.all)})
	for lo := 0; lo < len(p); lo += PieceSize {
		hi := min(lo+PieceSize, len(p))
		u.all = append(u.all, piece[T]{
			param: param, p: p[lo:hi], m: stretch(m, lo, hi), v: stretch(v, lo, hi), of: len(u.grads) - 1, lo: lo, decay: g.WeightDecay, rate: g.Rate,
		})
	}
}

// bind cuts the gradients that are not where they were before: the machine that found them says where they are.
func (u *pieces[T]) bind() {
	for i := range u.grads {
		b := &u.grads[i]
		if b.value == b.param.Grad() {
			continue
		}
		b.value = b.param.Grad()
		grad := graph.GradData[T](b.param)
		for lo := 0; lo < len(grad); lo += PieceSize {
			u.all[b.first+lo/PieceSize].g = grad[lo:min(lo+PieceSize, len(grad))]
		}
	}
}

// finish makes the loops, when all parameters were added. Apply updates a piece.
func (u *pieces[T]) finish(apply func(q *piece[T], now step)) {
	u.squares = make([]float64, len(u.all))
	at := func(i int) int { return i }
	if u.shards != nil {
		u.owners = make([]int, len(u.all))
		for i, p := range u.all {
			if u.owners[i] = u.shards.Owner(p.param, p.lo); u.owners[i] == u.shards.Rank {
				u.own = append(u.own, i)
			}
		}
		at = func(i int) int { return u.own[i] }
	}
	u.sum = func(_, i int) { u.squares[at(i)] = kernels.SumSquares(u.all[at(i)].g) }
	u.apply = func(_, i int) { apply(&u.all[at(i)], u.now) }
}

// count returns how many pieces are this process's.
func (u *pieces[T]) count() int {
	if u.shards != nil {
		return len(u.own)
	}
	return len(u.all)
}

func (u *pieces[T]) norm() (float64, *graph.Param, error) {
	u.bind()
	parallel.Run(u.count(), u.sum)
	if u.shards != nil {
		if err := u.shards.complete(u.squares, u.owners); err != nil {
			return 0, nil, err
		}
	}
	total := 0.0
	for _, s := range u.squares {
		total += s
	}
	norm := math.Sqrt(total)
	if !math.IsInf(norm, 0) && !math.IsNaN(norm) {
		return norm, nil, nil
	}
	for i, s := range u.squares {
		if math.IsInf(s, 0) || math.IsNaN(s) {
			return norm, u.all[i].param, nil
		}
	}
	return norm, u.all[0].param, nil
}

func (u *pieces[T]) norms() iter.Seq2[*graph.Param, float64] {
	return func(yield func(*graph.Param, float64) bool) {
		for i, b := range u.grads {
			end := len(u.all)
			if i+1 < len(u.grads) {
				end = u.grads[i+1].first
			}
			squares := 0.0
			for _, s := range u.squares[b.first:end] {
				squares += s
			}
			if !yield(b.param, math.Sqrt(squares)) {
				return
			}
		}
	}
}

func (u *pieces[T]) step(s step) {
	u.now, u.past = s, kernels.StreamsShared[T](u.elements)
	parallel.Run(u.count(), u.apply)
}
