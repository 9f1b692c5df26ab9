package train

import (
	"fmt"
	"math"
	"regexp"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// A judge reads what a trace finds for each batch: the losses and their weights, and the figures.
type judge struct {
	loss    layers.Loss
	targets []int32   // whose sign is the weight; nil where rows are weighed
	weights []float64 // of the losses
	each    floats    // the losses, where rowLosses is asked for
	rows    []float64 // 1 for each row but padding
	figures []reading
}

// A reading is how a figure is read.
type reading struct {
	layers.Figure
	values  [][]float64 // of each node
	weights []float64   // the figure's own, or one of the judge's
}

// figureName is what may be a key of metrics, such as trl's rewards/chosen.
var figureName = regexp.MustCompile("^[a-z][a-z0-9_]*(/[a-z0-9_]+)*$")

// newJudge judges a model's loss, in training or with its losses and all figures.
func newJudge(g *graph.Graph, loss layers.Loss, in *inputs, training bool) (*judge, error) {
	switch {
	case g.Err() != nil:
		return nil, g.Err()
	case loss.Total == nil || !loss.Total.IsScalar():
		return nil, fmt.Errorf("the model's Loss gives no total, expected a scalar")
	}
	j := &judge{loss: loss, targets: in.batch.Ints(in.batch.Layout.Targets), rows: make([]float64, in.batch.Rows)}
	n, counted := elements(loss.Each), max(len(j.targets), len(j.rows))
	switch {
	case n == 0 && (!training || len(loss.Figures) > 0):
		return nil, fmt.Errorf("the model's Loss gives no loss of each of %d targets", counted)
	case loss.Weights != nil && elements(loss.Weights) != n:
		return nil, fmt.Errorf("the model's Loss gives %d weights of %d losses", elements(loss.Weights), n)
	case loss.Weights == nil && n == len(j.rows) && n != len(j.targets):
		j.targets = nil
	case loss.Weights == nil && n > 0 && n != len(j.targets):
		return nil, fmt.Errorf("the model's Loss gives %d losses of %d targets in %d rows, expected weights of them", n, counted, len(j.rows))
	}
	j.weights = make([]float64, n)
	names := map[string]bool{}
	for _, f := range loss.Figures {
		if f.EvalOnly && training {
			continue
		}
		if err := checkFigure(f.Name); err != nil {
			return nil, err
		}
		if names[f.Name] {
			return nil, fmt.Errorf("two figures of the model's are called %q", f.Name)
		}
		names[f.Name] = true
		r, err := j.reading(f)
		if err != nil {
			return nil, fmt.Errorf("the model's figure %s: %w", f.Name, err)
		}
		j.figures = append(j.figures, r)
	}
	return j, nil
}

// reading finds out how a figure is read.
func (j *judge) reading(f layers.Figure) (reading, error) {
	r := reading{Figure: f, weights: j.weights}
	if len(f.Nodes) == 0 {
		return r, fmt.Errorf("no nodes")
	}
	for _, n := range f.Nodes {
		if n == nil {
			return r, fmt.Errorf("a node is nil")
		}
		r.values = append(r.values, make([]float64, elements(n)))
	}
	n := len(r.values[0])
	switch {
	case f.Weights != nil:
		r.weights = make([]float64, elements(f.Weights))
	case n == len(j.rows) && n != len(j.weights):
		r.weights = j.rows
	}
	if f.Meter == nil && n != 1 && n != len(r.weights) {
		return r, fmt.Errorf("%d elements and %d weights", n, len(r.weights))
	}
	return r, nil
}

func elements(n *graph.Node) int {
	if n == nil {
		return 0
	}
	return n.Shape().TotalSize()
}

// outputs returns what a machine must compute for the losses, their weights and the figures.
func (j *judge) outputs() []*graph.Node {
	var out []*graph.Node
	add := func(n *graph.Node) {
		if n != nil {
			out = append(out, n)
		}
	}
	add(j.loss.Each)
	add(j.loss.Weights)
	for _, f := range j.figures {
		for _, n := range f.Nodes {
			add(n)
		}
		add(f.Weights)
	}
	return out
}

// weigh finds the weights of a batch's losses.
func (j *judge) weigh(b *data.Batch) {
	for i := range j.rows {
		j.rows[i] = float64(bit(i < b.Filled))
	}
	if j.loss.Weights != nil {
		readWeights(j.weights, j.loss.Weights)
		return
	}
	if j.targets == nil {
		copy(j.weights, j.rows)
		return
	}
	for i, target := range j.targets {
		j.weights[i] = float64(bit(target >= 0))
	}
}

// read takes what the machine found for a batch.
func (j *judge) read(b *data.Batch) {
	j.weigh(b)
	for _, f := range j.figures {
		for k, n := range f.Nodes {
			read(f.values[k], n)
		}
		if f.Weights != nil {
			readWeights(f.weights, f.Weights)
		}
	}
}

// add adds what was read to meters of the figures.
func (j *judge) add(meters []layers.Meter) {
	for i, f := range j.figures {
		meters[i].Add(f.weights, f.values...)
	}
}

// pack appends what was read for the figures, and unpack reads it from there, on another rank; packed is how many bytes it has.
func (j *judge) pack(dst []byte) []byte {
	for _, f := range j.figures {
		dst = appendFloats(dst, f.weights...)
		for _, values := range f.values {
			dst = appendFloats(dst, values...)
		}
	}
	return dst
}

func (j *judge) unpack(src []byte) {
	for _, f := range j.figures {
		src = takeFloats(src, f.weights)
		for _, values := range f.values {
			src = takeFloats(src, values)
		}
	}
}

func (j *judge) packed() int {
	n := 0
	for _, f := range j.figures {
		n += 8 * len(f.weights)
		for _, values := range f.values {
			n += 8 * len(values)
		}
	}
	return n
}

// readWeights copies a node's elements, of int32 their signs.
func readWeights(dst []float64, n *graph.Node) {
	if n.Dtype() != tensor.Int32 {
		read(dst, n)
		return
	}
	for i, v := range graph.Ints(n) {
		dst[i] = float64(bit(v >= 0))
	}
}

// read copies a node's elements.
func read(dst []float64, n *graph.Node) {
	if len(dst) == 1 && n.IsScalar() {
		dst[0] = graph.Scalar(n)
		return
	}
	f := floatsOf(n)
	for i := range dst {
		dst[i] = f.at(i)
	}
}

// meters makes one for each figure.
func (j *judge) meters() []layers.Meter {
	all := make([]layers.Meter, len(j.figures))
	for i, f := range j.figures {
		if all[i] = layers.NewMean(); f.Meter != nil {
			all[i] = f.Meter()
		}
	}
	return all
}

// figuresOf returns what meters say, those left out that have no number.
func (j *judge) figuresOf(meters []layers.Meter) Figures {
	var all Figures
	for i, f := range j.figures {
		if v := meters[i].Value(); !math.IsNaN(v) && !math.IsInf(v, 0) {
			all = append(all, Figure{f.Name, v})
		}
	}
	return all
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
