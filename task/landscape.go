package task

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/train"
	"gorgonia.org/tensor"
)

// LandscapeConfig configures Measurement.Landscape.
type LandscapeConfig struct {
	Points int     // along each direction, odd, 3 to 1001
	Reach  float64 // how far it goes along each direction to both sides, where 1 is as long as the parameters themselves; > 0
	Rows   int     // of the data that the loss is measured on at most, spread evenly; 0 means all
	Seed   uint64  // of the directions
	// Progress is told how many points are done; nil for silence.
	Progress func(done, total int)
}

// mostPoints are a million losses.
const mostPoints = 1001

// Validate tells what is wrong with the configuration, or nil.
func (c LandscapeConfig) Validate() error {
	switch {
	case c.Points < 3 || c.Points%2 == 0 || c.Points > mostPoints:
		return fmt.Errorf("task: landscape: %d points, expected an odd number from 3 to %d", c.Points, mostPoints)
	case !(c.Reach > 0) || math.IsInf(c.Reach, 0):
		return fmt.Errorf("task: landscape: a reach of %g, expected a positive number", c.Reach)
	case c.Rows < 0:
		return fmt.Errorf("task: landscape: %d rows, expected at least 0", c.Rows)
	}
	return nil
}

// A Landscape is the loss of a model whose parameters are moved along two directions.
type Landscape struct {
	Along  []float64   // places on each direction, 0 in the middle
	Losses [][]float64 // by the place on the second direction, then on the first; +∞ where the loss is no number
	Rows   int         // that the loss is the mean of
}

// Landscape measures the loss around the model, which must be loaded and held as floats, along two directions that are drawn at random and given
// the length of the model's own parameters, filter by filter: each row of a matrix, what one neuron takes (Li et al., 2018). Vectors such
// as biases and the factors of norms stay as they are. The model is as before when it returns.
func (m *Measurement) Landscape(ctx context.Context, c LandscapeConfig) (*Landscape, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if m.trained.Adapter != nil {
		return nil, errors.New("task: landscape: the model has an adapter; merge it first")
	}
	learned, err := m.learner()
	if err != nil {
		return nil, err
	}
	moved, err := directions(m.trained.Model, c.Seed)
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, p := range moved {
			p.set(0, 0)
		}
	}()
	rows := data.Dataset(m.Rows)
	if c.Rows > 0 && c.Rows < rows.Len() {
		rows = someRows{m.Rows, c.Rows}
	}
	eval := train.EvalConfig{BatchSize: min(m.Config.BatchSize, rows.Len())}
	l := &Landscape{Rows: rows.Len()}
	for i := range c.Points {
		l.Along = append(l.Along, c.Reach*float64(2*i-c.Points+1)/float64(c.Points-1))
	}
	for _, second := range l.Along {
		var line []float64
		for _, first := range l.Along {
			for _, p := range moved {
				p.set(first, second)
			}
			found, err := train.Evaluate(ctx, learned, rows, eval)
			if errors.Is(err, train.ErrDiverged) {
				found.Loss, err = math.Inf(1), nil
			}
			if err != nil {
				return nil, err
			}
			line = append(line, found.Loss)
			if c.Progress != nil {
				c.Progress(len(l.Losses)*c.Points+len(line), c.Points*c.Points)
			}
		}
		l.Losses = append(l.Losses, line)
	}
	return l, nil
}

// movedParam is a parameter with where it was and its two directions.
type movedParam struct {
	value, base   []float32
	first, second []float32
}

// set moves a parameter from where it was.
func (p movedParam) set(first, second float64) {
	a, b := float32(first), float32(second)
	for i := range p.value {
		p.value[i] = p.base[i] + a*p.first[i] + b*p.second[i]
	}
}

// directions draws two directions of all matrices of a model.
func directions(model interface{ Params() []*graph.Param }, seed uint64) ([]movedParam, error) {
	columns := map[*graph.Param]bool{} // whose filters are columns
	for _, l := range layers.Find[layers.Linear](model) {
		columns[l.Weight] = l.InOut()
	}
	trees := [2]*graph.Params{graph.NewParams(tensor.Float32, 2*seed), graph.NewParams(tensor.Float32, 2*seed+1)}
	var all []movedParam
	for _, p := range model.Params() {
		if p.Packed() != nil || p.DType() != tensor.Float32 {
			return nil, fmt.Errorf("task: landscape: parameter %q isn't held as float32", p.Name)
		}
		if p.Shape.Dims() < 2 {
			continue
		}
		m := movedParam{value: graph.Data[float32](p)}
		m.base = slices.Clone(m.value)
		for k, to := range []*[]float32{&m.first, &m.second} {
			drawn := trees[k].New(p.Name, graph.Normal(1), p.Shape...)
			if err := trees[k].Err(); err != nil {
				return nil, err
			}
			*to = graph.Data[float32](drawn)
			likeFilters(*to, m.base, p.Shape[0], columns[p])
		}
		all = append(all, m)
	}
	if len(all) == 0 {
		return nil, errors.New("task: landscape: the model has no matrices")
	}
	return all, nil
}

// likeFilters gives each filter of x the length that it has in a parameter of so many rows. Filters are rows, or columns.
func likeFilters(x, parameter []float32, rows int, columns bool) {
	width := len(x) / rows
	filters, size, step, next := rows, width, 1, width
	if columns {
		filters, size, step, next = width, rows, width, 1
	}
	for f := range filters {
		have, want := 0.0, 0.0
		for i := range size {
			at := f*next + i*step
			have += float64(x[at]) * float64(x[at])
			want += float64(parameter[at]) * float64(parameter[at])
		}
		scale := 0.0
		if have > 0 {
			scale = math.Sqrt(want / have)
		}
		for i := range size {
			x[f*next+i*step] *= float32(scale)
		}
	}
}

// someRows are some of the rows of a dataset, spread evenly.
type someRows struct {
	data.Dataset
	n int
}

// Len returns the number of rows.
func (s someRows) Len() int { return s.n }

// Fill writes a row.
func (s someRows) Fill(row data.Row, i int, jitter uint64) {
	s.Dataset.Fill(row, int(int64(i)*int64(s.Dataset.Len())/int64(s.n)), jitter)
}
