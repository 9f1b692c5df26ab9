package train

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// table3 is a dataset of three features, a class that some rows don't have, and a price.
type table3 struct{ rows int }

func (d table3) Len() int { return d.rows }

func (table3) Layout() data.Layout {
	return data.Layout{Targets: "class", Inputs: []data.Input{
		{Name: "features", Type: data.Float, Shape: []int{3}}, {Name: "class", Padding: -1}, {Name: "price", Type: data.Float, Shape: []int{1}},
	}}
}

func (d table3) Fill(row data.Row, i int, _ uint64) {
	f := row.Floats("features")
	for k := range f {
		f[k] = float32(math.Sin(float64(3*i + k)))
	}
	if i%3 > 0 {
		row.Ints("class")[0] = int32(i % 2)
	}
	row.Floats("price")[0] = f[0] - 2*f[2]
}

// both finds the class by the mean over those that are there, and the price by the mean over all rows.
type both struct{ class, price *layers.Linear }

func newBoth(t testing.TB, dt tensor.Dtype) *both {
	t.Helper()
	p := graph.NewParams(dt, 1)
	m := &both{layers.NewLinear(layers.LinearConfig{In: 3, Out: 2}, p.Sub("class")), layers.NewLinear(layers.LinearConfig{In: 3, Out: 1}, p.Sub("price"))}
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *both) Params() []*graph.Param { return []*graph.Param{m.class.Weight, m.price.Weight} }

func (m *both) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	x, rows := b.Node(g, "features"), b.Node(g, layers.Rows)
	total, each := g.LinearCrossEntropy(x, g.Param(m.class.Weight), nil, b.Node(g, "class"), b.CrossEntropy())
	price, prices := g.SquaredError(m.price.Forward(g, x), b.Node(g, "price"), graph.SquaredErrorConfig{Targets: rows, Scale: b.Scales[layers.Rows]})
	accuracy := layers.Accuracy(g, each)
	accuracy.EvalOnly = false
	return layers.Loss{Total: g.Add(total, price), Each: each, Figures: []layers.Figure{
		accuracy, {Name: "price_error", Nodes: []*graph.Node{prices}, Weights: rows}, {Name: "class_loss", Nodes: []*graph.Node{total}, EvalOnly: true},
	}}
}

// TestUnitsAccumulateExactly has a loss with a part by classes, of which micro-batches have different numbers, and one by rows.
func TestUnitsAccumulateExactly(t *testing.T) {
	d := table3{12}
	var results []StepResult
	var weights []float64
	for _, accumulation := range []int{1, 2, 6} {
		m := newBoth(t, tensor.Float64)
		s, err := NewStepper(m, StepperConfig{Rows: 12 / accumulation, Layout: d.Layout(), Accumulation: accumulation})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			for i, b := range s.Batches() {
				if err := data.FillSequential(b, d, i*b.Rows); err != nil {
					t.Fatal(err)
				}
			}
			r, err := s.Step(context.Background(), 1e-2)
			if err != nil {
				t.Fatal(err)
			}
			results = append(results, r)
		}
		weights = append(weights, slices.Concat(graph.Data[float64](m.class.Weight), graph.Data[float64](m.price.Weight))...)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	n := len(weights) / 3
	for i := range 2 {
		for k := range n {
			if d := weights[(i+1)*n+k] - weights[k]; math.Abs(d) > 1e-12 {
				t.Errorf("weight %d differs by %g", k, d)
			}
		}
		for step := range 3 {
			got, want := results[3*(i+1)+step], results[step]
			if math.Abs(got.Loss-want.Loss) > 1e-14 || got.Targets != 8 || len(got.Figures) != 2 {
				t.Errorf("step %d: %+v, in one batch %+v", step, got, want)
			}
			for f := range want.Figures {
				if math.Abs(got.Figures[f].Value-want.Figures[f].Value) > 1e-14 {
					t.Errorf("step %d: figures %v, in one batch %v", step, got.Figures, want.Figures)
				}
			}
		}
	}
}

// TestFiguresOfPaddedRows evaluates in batches that don't divide the rows.
func TestFiguresOfPaddedRows(t *testing.T) {
	m := newBoth(t, tensor.Float64)
	want, err := Evaluate(context.Background(), m, table3{11}, EvalConfig{BatchSize: 11})
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	w := graph.Data[float64](m.price.Weight)
	for i := range 11 {
		f := [3]float64{}
		for k := range f {
			f[k] = float64(float32(math.Sin(float64(3*i + k))))
		}
		price := float64(float32(f[0]) - 2*float32(f[2]))
		sum += math.Pow(w[0]*f[0]+w[1]*f[1]+w[2]*f[2]-price, 2) / 11
	}
	if got := figure(want, "price_error"); math.Abs(got-sum) > 1e-12 || want.Targets != 7 || want.Unit != layers.PerRow || want.Tokens {
		t.Errorf("%+v, expected a price error of %g", want, sum)
	}
	for _, rows := range []int{1, 4, 9} {
		got, err := Evaluate(context.Background(), m, table3{11}, EvalConfig{BatchSize: rows})
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range got.Figures {
			if math.Abs(f.Value-want.Figures[i].Value) > 1e-13 || f.Name != want.Figures[i].Name {
				t.Errorf("%d rows at a time: %v, expected %v", rows, got, want)
			}
		}
	}
}

// TestFiguresReachMetrics runs a model that counts rows, interrupts it, and reads its metrics.
func TestFiguresReachMetrics(t *testing.T) {
	config := func() Config {
		c := testConfig(t)
		c.Train, c.Validation, c.MaxSteps = table3{40}, table3{9}, 20
		return c
	}
	c := config()
	if err := newTestTrainer(t, newBoth(t, tensor.Float32), c).Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(c.Dir, MetricsName))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	last := lines[len(lines)-1]
	for _, key := range []string{`"rows":`, `"rows_per_second":`, `"accuracy":`, `"price_error":`, `"eval_loss":`, `"eval_accuracy":`, `"eval_price_error":`, `"eval_class_loss":`} {
		if !strings.Contains(last, key) {
			t.Errorf("%s is missing: %s", key, last)
		}
	}
	var m Metrics
	if err := json.Unmarshal([]byte(last), &m); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(m)
	if err != nil || string(again) != last {
		t.Errorf("read and written again: %s, %v; was %s", again, err, last)
	}
}

func TestMetricsAreWrittenAndRead(t *testing.T) {
	loss := 0.25
	for _, want := range []Metrics{
		{Step: 3, Loss: 1e-300, Unit: layers.PerToken, Targets: 1 << 40, TargetsPerSecond: 12.5, Figures: Figures{{"b", 1}, {"a", -2e9}}},
		{EvalLoss: &loss, EvalFigures: Figures{{"z", 0}, {"loss_of_b", 1.5}}},
	} {
		raw, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got Metrics
		if err := json.Unmarshal(raw, &got); err != nil || cmp.Diff(got, want) != "" {
			t.Errorf("%s was read as %+v, %v", raw, got, err)
		}
	}
	if raw, err := json.Marshal(Metrics{Loss: math.NaN()}); err == nil {
		t.Errorf("no number was written as %s", raw)
	}
}

// bad is a model whose loss is what change makes of a right one.
type bad struct {
	*both
	change func(g *graph.Graph, l *layers.Loss)
}

func (m bad) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	l := m.both.Loss(g, b)
	m.change(g, &l)
	return l
}

func TestLossesThatMakeNoSense(t *testing.T) {
	named := func(name string) func(*graph.Graph, *layers.Loss) {
		return func(_ *graph.Graph, l *layers.Loss) { l.Figures[0].Name = name }
	}
	for want, change := range map[string]func(*graph.Graph, *layers.Loss){
		"gives no total":                                      func(_ *graph.Graph, l *layers.Loss) { l.Total = nil },
		"gives no loss of each of 4 targets":                  func(_ *graph.Graph, l *layers.Loss) { l.Each = nil },
		"gives 3 losses of 4 targets":                         func(g *graph.Graph, l *layers.Loss) { l.Each = g.Const("c", make([]float64, 3), 3) },
		"gives 2 weights of 4 losses":                         func(g *graph.Graph, l *layers.Loss) { l.Weights = g.Const("c", make([]float64, 2), 2) },
		`a figure of the model's is called "a-b"`:             named("a-b"),
		`is called "loss"`:                                    named("loss"),
		`is called "eval_x"`:                                  named("eval_x"),
		`two figures of the model's are called "price_error"`: named("price_error"),
		"figure accuracy: no nodes":                           func(_ *graph.Graph, l *layers.Loss) { l.Figures[0].Nodes = nil },
		"figure accuracy: 3 elements and 4 weights":           func(g *graph.Graph, l *layers.Loss) { l.Figures[0].Nodes[0] = g.Const("c", make([]float64, 3), 3) },
		`no input "image"; there are: class, features, price, rows`: func(g *graph.Graph, _ *layers.Loss) {
			layers.Batch{In: map[string]*graph.Node{"class": nil, "features": nil, "price": nil, "rows": nil}}.Node(g, "image")
		},
	} {
		_, err := Evaluate(context.Background(), bad{newBoth(t, tensor.Float64), change}, table3{4}, EvalConfig{BatchSize: 4})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, expected %q", err, want)
		}
	}
}

// distilled learns what a frozen model of the same names says of each row.
type distilled struct{ student, teacher *both }

func (m distilled) Params() []*graph.Param { return m.student.Params() }

func (m distilled) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	x := b.Node(g, "features")
	taught := m.teacher.price.Forward(g.Sub("teacher"), x)
	total, each := g.SquaredError(m.student.price.Forward(g, x), taught, graph.SquaredErrorConfig{Targets: b.Node(g, layers.Rows), Scale: b.Scale})
	return layers.Loss{Total: total, Each: each}
}

// rowsOnly is table3 without classes.
type rowsOnly struct{ table3 }

func (d rowsOnly) Layout() data.Layout {
	l := d.table3.Layout()
	l.Targets = ""
	return l
}

// TestTwoModelsInOneTrace trains one beside a frozen one, which has no gradient and isn't stored.
func TestTwoModelsInOneTrace(t *testing.T) {
	m := distilled{newBoth(t, tensor.Float32), newBoth(t, tensor.Float32)}
	for i, w := range graph.Data[float32](m.teacher.price.Weight) {
		graph.Data[float32](m.teacher.price.Weight)[i] = w + 1
	}
	taught := slices.Clone(graph.Data[float32](m.teacher.price.Weight))
	for _, p := range m.teacher.Params() {
		p.Frozen = true
	}
	c := testConfig(t)
	c.Train, c.Validation, c.MaxSteps, c.Schedule.LearningRate = rowsOnly{table3{40}}, rowsOnly{table3{9}}, 300, 0.1
	trainer := newTestTrainer(t, m, c)
	if use := trainer.Memory(); use.Steps.Gradients != 3*4 || use.Steps.Parameters != 6*4 {
		t.Errorf("memory %+v, expected gradients of the student's 3 weights alone", use.Steps)
	}
	if err := trainer.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := graph.Data[float32](m.teacher.price.Weight); !slices.Equal(got, taught) {
		t.Errorf("the teacher became %v, was %v", got, taught)
	}
	e, err := Evaluate(context.Background(), m, c.Validation, EvalConfig{BatchSize: 4})
	if err != nil || e.Loss > 1e-3 || e.Targets != 9 {
		t.Errorf("%v, %v", e, err)
	}
	g := graph.New(graph.Config{})
	m.student.price.Forward(g, g.Input("x", tensor.Float32, 1, 3))
	m.teacher.price.Forward(g, g.Input("y", tensor.Float32, 1, 3))
	if err := g.Err(); err == nil || !strings.Contains(err.Error(), `parameter "price.weight": the name is taken; Sub gives`) {
		t.Errorf("error %v", err)
	}
}

// TestDefaultsInAShortRun makes 20 steps by DefaultConfig, and has the files that belong to the model beside it.
func TestDefaultsInAShortRun(t *testing.T) {
	c := DefaultConfig()
	c.Dir, c.Train, c.MaxSteps = filepath.Join(t.TempDir(), "run"), table3{40}, 20
	notes := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(notes, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	c.Files = []string{notes}
	c.Save = func(dir string) error { return os.WriteFile(filepath.Join(dir, "words.txt"), []byte("y"), 0o644) }
	if err := newTestTrainer(t, newBoth(t, tensor.Float32), c).Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"notes.txt", "words.txt", "checkpoint-20/notes.txt", "checkpoint-20/words.txt", "model.safetensors"} {
		if _, err := os.Stat(filepath.Join(c.Dir, path)); err != nil {
			t.Error(err)
		}
	}
	if s := c.schedule(); math.Abs(s.At(0)-1e-4)+math.Abs(s.At(2)-3e-4)+math.Abs(s.At(20)-3e-5) > 1e-15 {
		t.Errorf("rates %g, %g, %g", s.At(0), s.At(2), s.At(20))
	}
}
