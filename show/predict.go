package show

import (
	"cmp"
	"math"
	"slices"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
)

// A Choice is a token, or a class, with its probability.
type Choice struct {
	ID          int32
	Probability float64
}

// A Distribution is what a model finds probable in one place.
type Distribution struct {
	// Target is the token or class that is looked at, negative for none, Probability its probability, and Rank its place among all, from 1.
	Target      int32
	Probability float64
	Rank        int
	Entropy     float64  // of all probabilities, in nats
	Top         []Choice // the most probable ones, in order
}

// distribution looks at scores before the softmax.
func distribution(scores []float32, target int32, top int) Distribution {
	most := float64(slices.Max(scores))
	sum, weighted := 0.0, 0.0
	for _, z := range scores {
		p := math.Exp(float64(z) - most)
		sum += p
		weighted += p * (float64(z) - most)
	}
	probability := func(id int) float64 { return math.Exp(float64(scores[id])-most) / sum }
	d := Distribution{Target: -1, Entropy: max(0, math.Log(sum)-weighted/sum)}
	if target >= 0 && int(target) < len(scores) {
		d.Target, d.Probability, d.Rank = target, probability(int(target)), 1
		for id, z := range scores {
			if z > scores[target] || z == scores[target] && id < int(target) {
				d.Rank++
			}
		}
	}
	for _, id := range best(scores, top) {
		d.Top = append(d.Top, Choice{int32(id), probability(id)})
	}
	return d
}

// fewBest is up to how many scores best keeps in order as it goes.
const fewBest = 64

// best returns the places of the n greatest scores, in order; of equal ones the first comes first.
func best(scores []float32, n int) []int {
	n = min(n, len(scores))
	var top []int
	if n > fewBest {
		for id := range scores {
			top = append(top, id)
		}
		slices.SortStableFunc(top, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
		return top[:n]
	}
	for id, z := range scores {
		if len(top) == n && (n == 0 || z <= scores[top[n-1]]) {
			continue
		}
		at := len(top)
		for at > 0 && z > scores[top[at-1]] {
			at--
		}
		if top = slices.Insert(top, at, id); len(top) > n {
			top = top[:n]
		}
	}
	return top
}

// headRows is how many states go through a head at once.
const headRows = 64

// headTrace is a trace of a head on states [1, rows, D].
type headTrace struct {
	states, scores *graph.Node
	width, rows    int
	machine        *graph.Machine
}

// newHead traces a head.
func newHead(m models.Model, rows, width int, head func(g *graph.Graph, states *graph.Node) *graph.Node) (*headTrace, error) {
	g := graph.New(graph.Config{DType: dtypeOf(m)})
	h := &headTrace{width: width, rows: rows, states: g.Input("states", dtypeOf(m), 1, rows, width)}
	h.scores = head(g, h.states)
	var err error
	h.machine, err = graph.Compile(g, h.scores)
	return h, err
}

// each calls f with the scores of each row of states [T, D]. A last part that isn't full is filled up with zeros.
func (h *headTrace) each(states []float32, f func(row int, scores []float32)) error {
	size := h.rows * h.width
	for first := 0; first < len(states); first += size {
		part := states[first:min(len(states), first+size)]
		switch d := h.states.Value().Data().(type) {
		case []float32:
			clear(d)
			copy(d, part)
		case []float64:
			clear(d)
			for i, v := range part {
				d[i] = float64(v)
			}
		}
		if err := h.machine.RunAll(); err != nil {
			return err
		}
		scores := values(h.scores)
		n := len(scores) / h.rows
		for i := range len(part) / h.width {
			f(first/h.width+i, scores[i*n:(i+1)*n])
		}
	}
	return nil
}
