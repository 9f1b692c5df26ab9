package train

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// TestBlame looks for what isn't finite in a step where all is, and where a parameter isn't.
func TestBlame(t *testing.T) {
	for _, dropout := range []float64{0, 0.2} {
		c := testConfig(t)
		m := newTestModel(t, tensor.Float32, dropout)
		trainer := newTestTrainer(t, m, c)
		if err := trainer.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		if where := trainer.stepper.blame(); where != "" {
			t.Errorf("blamed %s though all is finite", where)
		}
		p := m.Params()[3]
		graph.Data[float32](p)[0] = float32(math.Inf(1))
		if where := trainer.stepper.blame(); !strings.Contains(where, p.Name+" holds +Inf") {
			t.Errorf("blamed %q, expected %s", where, p.Name)
		}
	}
}
