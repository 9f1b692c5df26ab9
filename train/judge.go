package train

import (
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
)

// A judge adds up what an evaluation finds, batch by batch.
type judge struct {
	losses    *graph.Node    // [B·T]
	hits      *graph.Node    // [B·T]; nil for a regression, and for losses that don't tell
	predicted *graph.Node    // [B, T, C] of a regression, else nil
	routing   *graph.Routing // of mixtures of experts, else nil

	targets int
	loss    float64
	right   float64
	columns []correlation // one for each of C values
	experts []expertCount
}

// An expertCount adds up how an expert is used.
type expertCount struct{ choices, probabilities float64 }

// newJudge judges by the losses of a model's rows.
func newJudge(g *graph.Graph, losses *graph.Node, l data.Layout) (*judge, error) {
	j := &judge{losses: losses, hits: g.Hits(losses), predicted: g.Predicted(losses), routing: g.Routing()}
	if j.routing != nil {
		j.experts = make([]expertCount, j.routing.Choices.Shape().TotalSize())
	}
	if j.predicted != nil {
		if got, want := j.predicted.Shape().TotalSize(), losses.Shape().TotalSize()*l.Values; got != want {
			return nil, fmt.Errorf("the model predicts %d values, expected %d at each position", got, l.Values)
		}
		j.columns = make([]correlation, l.Values)
	}
	return j, nil
}

// outputs returns what a machine must compute.
func (j *judge) outputs() []*graph.Node {
	out := []*graph.Node{j.losses}
	for _, n := range []*graph.Node{j.hits, j.predicted} {
		if n != nil {
			out = append(out, n)
		}
	}
	if r := j.routing; r != nil {
		out = append(out, r.Choices, r.Probabilities)
	}
	return out
}

// add takes in what the machine found for a batch.
func (j *judge) add(b *data.Batch) {
	losses, hits, predicted := floatsOf(j.losses), floatsOf(j.hits), floatsOf(j.predicted)
	for i, target := range b.Targets {
		if target < 0 {
			continue
		}
		j.targets++
		j.loss += losses.at(i)
		if j.hits != nil {
			j.right += hits.at(i)
		}
		for c := range j.columns {
			at := i*len(j.columns) + c
			j.columns[c].add(predicted.at(at), float64(b.Values[at]))
		}
	}
	if r := j.routing; r != nil {
		choices, probabilities := floatsOf(r.Choices), floatsOf(r.Probabilities)
		for e := range j.experts {
			j.experts[e].choices += choices.at(e)
			j.experts[e].probabilities += probabilities.at(e)
		}
	}
}

// evaluation returns the result.
func (j *judge) evaluation() Evaluation {
	e := Evaluation{Targets: j.targets, Loss: j.loss / float64(j.targets)}
	if j.hits != nil {
		accuracy := j.right / float64(j.targets)
		e.Accuracy = &accuracy
	}
	if j.predicted != nil {
		mse := e.Loss
		e.MSE = &mse
		sum := 0.0
		for _, c := range j.columns {
			sum += c.pearson()
		}
		if mean := sum / float64(len(j.columns)); !math.IsNaN(mean) {
			e.Pearson = &mean
		}
	}
	if j.routing != nil {
		e.Balance = balance(j.experts)
	}
	return e
}

// balance returns what graph.RouteBalance would of all rows together, divided by the choices of a row.
func balance(experts []expertCount) *float64 {
	sum, choices, rows := 0.0, 0.0, 0.0
	for _, e := range experts {
		sum += e.choices * e.probabilities
		choices += e.choices
		rows += e.probabilities // which of a row sum to 1
	}
	if choices == 0 {
		return nil
	}
	result := float64(len(experts)) * sum / choices / rows
	return &result
}

// floatsOf returns the memory of an output; nil has none.
func floatsOf(n *graph.Node) floats {
	if n == nil {
		return floats{}
	}
	return floats{graph.Floats[float32](n), graph.Floats[float64](n)}
}

// at returns element i.
func (f floats) at(i int) float64 {
	if f.double != nil {
		return f.double[i]
	}
	return float64(f.single[i])
}

// A correlation adds up two series of numbers by their distances from the means so far, so that no digits are lost where these are
// large (Welford, 1962).
type correlation struct {
	n, meanX, meanY          float64
	squaresX, squaresY, both float64
}

func (c *correlation) add(x, y float64) {
	c.n++
	dx := x - c.meanX
	c.meanX += dx / c.n
	c.squaresX += dx * (x - c.meanX)
	dy := y - c.meanY
	c.meanY += dy / c.n
	c.squaresY += dy * (y - c.meanY)
	c.both += dx * (y - c.meanY)
}

// pearson returns the coefficient, no number where one of the series is constant.
func (c *correlation) pearson() float64 {
	return c.both / math.Sqrt(c.squaresX*c.squaresY)
}
