package embed

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// goldens is what testdata/losses.py writes.
type goldens struct {
	Vocab, Width, Rows int
	Scores             []float64
	Teacher            [][]float64
	Cases              []struct {
		Name     string
		Config   json.RawMessage
		Texts    int
		Loss     float64
		Gradient []float64
	}
}

func readGoldens(t testing.TB) goldens {
	t.Helper()
	b, err := os.ReadFile("testdata/losses.json")
	if err != nil {
		t.Fatal(err)
	}
	var g goldens
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// text is text k of row i in losses.py.
func (x goldens) text(i, k int) []int32 {
	ids := make([]int32, 1+(i+2*k)%4)
	for j := range ids {
		ids[j] = int32((3*i + 5*k + j*(k+2)) % x.Vocab)
	}
	return ids
}

// table is the model of losses.py.
func (x goldens) table(t testing.TB) *Model {
	t.Helper()
	s, err := newStatic(graph.NewParams(tensor.Float64, 0), layers.EmbeddingConfig{Vocab: x.Vocab, Width: x.Width})
	if err != nil {
		t.Fatal(err)
	}
	for i := range graph.Data[float64](s.Table.Weight) {
		graph.Data[float64](s.Table.Weight)[i] = float64((i*37+11)%101-50) / 40
	}
	m, err := New(s, Config{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// examples are the rows of losses.py.
func (x goldens) examples(t testing.TB, texts int, c LossConfig) *Examples {
	t.Helper()
	var all List
	for i := range x.Rows {
		e := Example{Score: float32(x.Scores[i])}
		for k := range texts {
			e.Texts = append(e.Texts, x.text(i, k))
		}
		for _, v := range x.Teacher[i] {
			e.Vector = append(e.Vector, float32(v))
		}
		all = append(all, e)
	}
	d, err := NewExamples(all, ExamplesConfig{Scored: c.Scored(), Taught: c.Taught()})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// lossOf returns the loss of all rows at once, in a batch of as many rows or more, and the gradient of the table.
func lossOf(t testing.TB, m *Model, c LossConfig, d *Examples, rows int, checkpointing bool) (loss float64, each, gradient []float64, memory int) {
	t.Helper()
	b := data.NewBatch(rows, d.Layout())
	if err := data.FillSequential(b, d, 0); err != nil {
		t.Fatal(err)
	}
	g := graph.New(graph.Config{DType: tensor.Float64, Train: true, Checkpointing: checkpointing})
	in := layers.Batch{In: map[string]*graph.Node{}}
	for _, input := range b.Layout.Inputs {
		shape := append([]int{rows}, input.Shape...)
		if input.Type == data.Float {
			n := g.Input(input.Name, tensor.Float64, shape...)
			for i, v := range b.Floats(input.Name) {
				graph.Floats[float64](n)[i] = float64(v)
			}
			in.In[input.Name] = n
			continue
		}
		n := g.Input(input.Name, tensor.Int32, shape...)
		copy(graph.Ints(n), b.Ints(input.Name))
		in.In[input.Name] = n
	}
	n := g.Input(layers.Rows, tensor.Int32, rows)
	for i := range graph.Ints(n) {
		graph.Ints(n)[i] = int32(i)
		if i >= b.Filled {
			graph.Ints(n)[i] = -1
		}
	}
	in.In[layers.Rows] = n
	l := Learner{m, c}.Loss(g, in)
	if err := g.Grad(l.Total); err != nil {
		t.Fatal(err)
	}
	machine, err := graph.Compile(g, l.Total, l.Each)
	if err != nil {
		t.Fatal(err)
	}
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		t.Fatal(err)
	}
	each = append(each, graph.Floats[float64](l.Each)...)
	for _, p := range m.Params() {
		if p.HasValues() {
			gradient = append(gradient, graph.GradData[float64](p)...)
		}
	}
	return graph.Scalar(l.Total), each, gradient, machine.Memory().Arena
}

// near tells whether two numbers are equal but for rounding in float64. The inputs are multiples of 1/40, and teachers' vectors in float32 aside exact.
func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance*(1+math.Abs(b)) }

func TestLossesOfSentenceTransformers(t *testing.T) {
	x := readGoldens(t)
	for _, test := range x.Cases {
		for _, how := range []struct {
			rows, part int
			check      bool
		}{{x.Rows, 0, false}, {x.Rows + 3, 0, false}, {x.Rows, 2, true}, {x.Rows + 2, 3, true}} {
			t.Run(fmt.Sprintf("%s/%d rows, %d at once", test.Name, how.rows, how.part), func(t *testing.T) {
				c := DefaultLoss("")
				if err := json.Unmarshal(test.Config, &c); err != nil {
					t.Fatal(err)
				}
				c.MiniBatch = how.part
				loss, each, gradient, _ := lossOf(t, x.table(t), c, x.examples(t, test.Texts, c), how.rows, how.check)
				tolerance := 1e-12
				if c.Taught() {
					tolerance = 1e-7 // vectors are float32
				}
				if !near(loss, test.Loss, tolerance) {
					t.Errorf("loss %v, sentence-transformers has %v", loss, test.Loss)
				}
				mean := 0.0
				for _, v := range each[:x.Rows] {
					mean += v / float64(x.Rows)
				}
				if !near(mean, test.Loss, tolerance) {
					t.Errorf("mean of the rows' losses %v, expected %v", mean, test.Loss)
				}
				for i, want := range test.Gradient {
					if !near(gradient[i], want, tolerance) {
						t.Fatalf("gradient %d is %v, sentence-transformers has %v", i, gradient[i], want)
					}
				}
			})
		}
	}
}
