package train

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// routed is a model whose tokens choose one of four experts by a table.
type routed struct{ bigram }

func (m *routed) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	table := make([]float64, testVocab*4)
	for id := range testVocab {
		table[4*id+[]int{0, 1, 0, 0, 3}[id%5]] = 40 // so high that the others' probabilities vanish
	}
	scores := g.Embedding(g.Const("router", table, testVocab, 4), b.Node(g, layers.IDs))
	_, counts := g.RouteBalance([]*graph.Node{scores, scores}, graph.BalanceConfig{Active: 1})
	loss := m.bigram.Loss(g, b)
	loss.Figures = append(loss.Figures, layers.Balance(counts))
	return loss
}

// everyToken is a dataset whose rows have each token once.
type everyToken struct{ rows int }

func (d everyToken) Len() int          { return d.rows }
func (everyToken) Layout() data.Layout { return data.TokenLayout{Length: 5}.Layout() }

func (d everyToken) Fill(row data.Row, i int, _ uint64) {
	for k := range row.Ints(data.IDs) {
		row.Ints(data.IDs)[k], row.Ints(data.Targets)[k] = int32(k), int32(k)
	}
}

// TestEvaluateBalance counts over all rows, whatever the batches are.
func TestEvaluateBalance(t *testing.T) {
	m := &routed{*newBigram(t)}
	want := 4 * (0.6*0.6 + 0.2*0.2 + 0.2*0.2) // the shares of the experts that are chosen
	for _, rows := range []int{1, 2, 6} {
		e, err := Evaluate(context.Background(), m, everyToken{6}, EvalConfig{BatchSize: rows})
		if err != nil {
			t.Fatal(err)
		}
		if !(math.Abs(figure(e, "balance")-want) <= 1e-6) || !strings.Contains(e.String(), "balance 1.76") {
			t.Errorf("%d rows at a time: %v, expected a balance of %g", rows, e, want)
		}
	}
}
