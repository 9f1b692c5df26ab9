package layers

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// allExperts is what a Mixture computes, by every expert for every token.
func allExperts(g *graph.Graph, m *Mixture, x *graph.Node) *graph.Node {
	gates := g.Route(m.Router.Forward(g, x), m.config.Active)
	var y *graph.Node
	for i, expert := range m.Experts {
		part := g.Weigh(expert.Forward(g, x), gates, i)
		if y == nil {
			y = part
		} else {
			y = g.Add(y, part)
		}
	}
	return y
}

// waves fills a tensor with numbers of no pattern.
func waves[T float32 | float64](x []T) {
	for i := range x {
		x[i] = T(math.Sin(float64(i * i)))
	}
}

// TestMixtureEqualsAllExperts compares results and gradients with those of computing every
// expert for every token.
func TestMixtureEqualsAllExperts(t *testing.T) {
	const width, experts = 6, 5
	for active := 1; active <= experts; active++ {
		for _, gated := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d of %d, gated %v", active, experts, gated), func(t *testing.T) {
				p := graph.NewParams(tensor.Float64, 3)
				expert := FeedForwardConfig{Width: width, Hidden: 7, Activation: graph.SiLU, Gated: gated}
				m := NewMixture(MixtureConfig{Experts: experts, Active: active, Expert: expert, Init: graph.Normal(1)}, p)
				run := func(forward func(g *graph.Graph, x *graph.Node) *graph.Node) (y []float64, gradients map[string][]float64) {
					g := graph.New(graph.Config{DType: tensor.Float64, Train: true})
					x := g.Input("x", tensor.Float64, 2, 9, width)
					waves(graph.Floats[float64](x))
					out := forward(g, x)
					target := g.Const("target", make([]float64, 2*9*width), 2, 9, width)
					loss, _ := g.SquaredError(out, target, graph.SquaredErrorConfig{})
					if err := g.Grad(loss); err != nil {
						t.Fatal(err)
					}
					machine, err := graph.Compile(g, out, loss)
					if err != nil {
						t.Fatal(err)
					}
					defer machine.Close()
					for range 2 { // the second run finds what the first left in every buffer
						if err := machine.RunAll(); err != nil {
							t.Fatal(err)
						}
					}
					gradients = map[string][]float64{}
					for _, q := range p.All() {
						gradients[q.Name] = slices.Clone(graph.GradData[float64](q))
					}
					return slices.Clone(graph.Floats[float64](out)), gradients
				}
				y, gradients := run(func(g *graph.Graph, x *graph.Node) *graph.Node {
					y, _ := m.Forward(g, x)
					return y
				})
				wantY, want := run(func(g *graph.Graph, x *graph.Node) *graph.Node { return allExperts(g, m, x) })
				if d := distance(y, wantY); !(d < 1e-14) {
					t.Errorf("results differ by %g", d)
				}
				for name := range want {
					if d := distance(gradients[name], want[name]); !(d < 1e-14) {
						t.Errorf("the gradient of %s differs by %g", name, d)
					}
				}
			})
		}
	}
}

func distance(a, b []float64) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	worst := 0.0
	for i := range a {
		worst = max(worst, math.Abs(a[i]-b[i]))
	}
	return worst
}

// mixtureStep compiles a forward and backward pass of a mixture of 8 experts.
func mixtureStep(t testing.TB, active, rows, width, hidden int) (*graph.Machine, *graph.Params) {
	t.Helper()
	p := graph.NewParams(tensor.Float32, 3)
	m := NewMixture(MixtureConfig{Experts: 8, Active: active, Init: graph.Normal(1), Expert: FeedForwardConfig{Width: width, Hidden: hidden, Activation: graph.SiLU, Gated: true}}, p)
	g := graph.New(graph.Config{Train: true})
	x := g.Input("x", tensor.Float32, 1, rows, width)
	waves(graph.Floats[float32](x))
	y, scores := m.Forward(g, x)
	balance, _ := g.RouteBalance([]*graph.Node{scores}, graph.BalanceConfig{Active: active})
	loss, _ := g.SquaredError(y, g.Const("target", make([]float64, rows*width), 1, rows, width), graph.SquaredErrorConfig{})
	if err := g.Grad(g.Add(loss, g.Scale(balance, 0.01))); err != nil {
		t.Fatal(err)
	}
	machine, err := graph.Compile(g, loss)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { machine.Close() })
	return machine, p
}

func TestMixtureIsTheSameOnAnyThreads(t *testing.T) {
	before := graph.Workers()
	defer graph.SetWorkers(before)
	var first [][]float32
	for _, workers := range []int{1, 2, 3} {
		graph.SetWorkers(workers)
		machine, p := mixtureStep(t, 2, 77, 40, 48)
		if err := machine.RunAll(); err != nil {
			t.Fatal(err)
		}
		for i, q := range p.All() {
			gradient := slices.Clone(graph.GradData[float32](q))
			if workers == 1 {
				first = append(first, gradient)
			} else if !slices.Equal(gradient, first[i]) {
				t.Errorf("the gradient of %s is another on %d threads", q.Name, workers)
			}
		}
	}
}

func TestMixtureAllocatesNothing(t *testing.T) {
	machine, _ := mixtureStep(t, 2, 77, 40, 48)
	run := func() {
		if err := machine.RunAll(); err != nil {
			t.Fatal(err)
		}
	}
	run()
	if n := testing.AllocsPerRun(5, run); n > 0 {
		t.Errorf("a run makes %g allocations", n)
	}
}

// BenchmarkMixture shows that the time of a step falls with the experts that are used.
func BenchmarkMixture(b *testing.B) {
	const rows, width, hidden = 1024, 256, 704
	for _, active := range []int{1, 2, 4, 8} {
		b.Run(fmt.Sprintf("%d of 8 experts", active), func(b *testing.B) {
			machine, _ := mixtureStep(b, active, rows, width, hidden)
			for b.Loop() {
				if err := machine.RunAll(); err != nil {
					b.Fatal(err)
				}
			}
			flops := 3 * 3 * 2 * float64(rows*active*width*hidden)
			b.ReportMetric(flops*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}
