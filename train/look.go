package train

import (
	"math"
	"slices"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// A Look is what a step tells of the inside of a model.
type Look struct {
	Params  []ParamLook  // those that are trained, in the order of the trace
	Results []ResultLook // of the forward pass of the first micro-batch, in their order
}

// A ParamLook is a parameter in a step.
type ParamLook struct {
	Name      string
	Weights   Distribution // before the update
	Gradients Distribution // before clipping
	// Update is the root mean square of what the update added, divided by that of the weights before it, on up to 4,096 elements that lie evenly over the
	// parameter; 0 where all of those weights were 0.
	Update float64

	before []float64 // those elements
}

// A ResultLook is the result of an operation.
type ResultLook struct {
	Op    string // such as linear, gelu or attention
	Near  string // the parameter that it reads, or the nearest before it
	Block int    // of which block it is the result, from 1; 0 for what is inside of one or in none
	// Values are those of all positions, padding included.
	Values Distribution
	// Units is how many units a layer has behind its activation, 0 of other results; Dead are those of them that stay below a thousandth of the
	// layer's root mean square at all positions of the micro-batch.
	Units, Dead int
}

// A LookWatcher is a Callback that is also told of looks, see Config.LookSteps, before Step. What it is given holds until it returns.
type LookWatcher interface {
	Callback
	Looked(e LookEvent) error
}

// LookEvent is what LookWatcher.Looked is told.
type LookEvent struct {
	Look
	Step int
}

// sampled is how many elements of a parameter tell its update.
const sampled = 4096

// alive is the share of the root mean square that a unit must come to somewhere.
const alive = 1e-3

// Look lets the next step fill l, whose memory it uses again. The step computes the same bits, and takes longer. On several ranks the gradients are those of
// all, where the optimizer isn't sharded, and the results those of this rank.
func (s *Stepper) Look(l *Look) { s.look = l }

// lookedAt adds the result of an operation.
func (l *Look) lookedAt(w graph.Watched) {
	n := len(l.Results)
	if n < cap(l.Results) {
		l.Results = l.Results[:n+1]
		l.Results[n].Values.reset()
	} else {
		l.Results = append(l.Results, ResultLook{})
	}
	r := &l.Results[n]
	r.Op, r.Near, r.Block, r.Units, r.Dead = w.Op, w.Near, w.Block, 0, 0
	add(&r.Values, w.Float32)
	add(&r.Values, w.Float64)
	if w.Units && len(w.Shape) > 0 {
		r.Units = w.Shape[len(w.Shape)-1]
		least := alive * r.Values.RMS()
		r.Dead = dead(w.Float32, r.Units, least) + dead(w.Float64, r.Units, least)
	}
}

// dead counts the columns of which no element is as far from 0 as least; of no rows there are none.
func dead[T float32 | float64](values []T, columns int, least float64) int {
	if len(values) == 0 {
		return 0
	}
	n := 0
	for c := range columns {
		living := false
		for i := c; i < len(values) && !living; i += columns {
			living = math.Abs(float64(values[i])) > least
		}
		if !living {
			n++
		}
	}
	return n
}

// before looks at the parameters when their gradients are found.
func (l *Look) before(params []*graph.Param) {
	l.Params = slices.Grow(l.Params[:0], len(params))[:len(params)]
	for i, p := range params {
		q := &l.Params[i]
		q.Name, q.Update = p.Name, 0
		q.Weights.reset()
		q.Gradients.reset()
		if p.DType() == tensor.Float64 {
			add(&q.Weights, graph.Data[float64](p))
			add(&q.Gradients, graph.GradData[float64](p))
		} else {
			add(&q.Weights, graph.Data[float32](p))
			add(&q.Gradients, graph.GradData[float32](p))
		}
		q.before = elementsOf(q.before[:0], p)
	}
}

// after looks at what an update has added.
func (l *Look) after(params []*graph.Param) {
	var now []float64
	for i, p := range params {
		q := &l.Params[i]
		now = elementsOf(now[:0], p)
		var change, size float64
		for k, v := range now {
			change += (v - q.before[k]) * (v - q.before[k])
			size += q.before[k] * q.before[k]
		}
		if size > 0 {
			q.Update = math.Sqrt(change / size)
		}
	}
}

// elementsOf appends up to sampled elements of a parameter that lie evenly.
func elementsOf(dst []float64, p *graph.Param) []float64 {
	n := p.Len()
	most := min(n, sampled)
	for i := range most {
		at := i * n / most
		if p.DType() == tensor.Float64 {
			dst = append(dst, graph.Data[float64](p)[at])
		} else {
			dst = append(dst, float64(graph.Data[float32](p)[at]))
		}
	}
	return dst
}
