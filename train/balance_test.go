package train

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

// routed is a model whose tokens choose one of four experts by a table.
type routed struct{ bigram }

func (m *routed) Loss(g *graph.Graph, b models.Batch) (loss, rowLosses *graph.Node) {
	table := make([]float64, testVocab*4)
	for id := range testVocab {
		table[4*id+[]int{0, 1, 0, 0, 3}[id%5]] = 40 // so high that the others' probabilities vanish
	}
	scores := g.Embedding(g.Const("router", table, testVocab, 4), b.IDs)
	g.RouteBalance([]*graph.Node{scores, scores}, graph.BalanceConfig{Active: 1})
	return m.bigram.Loss(g, b)
}

// everyToken is a dataset whose rows have each token once.
type everyToken struct{ rows int }

func (d everyToken) Len() int          { return d.rows }
func (everyToken) Layout() data.Layout { return data.Layout{Length: 5} }

func (d everyToken) Fill(row data.Row, i int, _ uint64) int {
	for k := range row.IDs {
		row.IDs[k], row.Targets[k] = int32(k), int32(k)
	}
	return len(row.IDs)
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
		if e.Balance == nil || math.Abs(*e.Balance-want) > 1e-6 || !strings.Contains(e.String(), "balance 1.760") {
			t.Errorf("%d rows at a time: %v, expected a balance of %g", rows, e, want)
		}
	}
	if e, err := Evaluate(context.Background(), newTable(t, tensor.Float32), valued{3, 0}, EvalConfig{BatchSize: 3}); err != nil || e.Balance != nil {
		t.Errorf("a model without experts: %v, %v", e, err)
	}
}
