package prefer

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/train"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

const vocab, width = 11, 3

// tables is the model of testdata/losses.py.
type tables struct{ embedding, head *graph.Param }

func newTables(t testing.TB, salt int) *tables {
	t.Helper()
	p := graph.NewParams(tensor.Float64, 1)
	m := &tables{p.New("embedding", graph.Zeros(), vocab, width), p.New("head", graph.Zeros(), vocab, width)}
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
	for k, table := range m.Params() {
		for i := range graph.Data[float64](table) {
			graph.Data[float64](table)[i] = float64((i*37+11*(salt+k))%101-50) / 40
		}
	}
	return m
}

func (m *tables) Params() []*graph.Param { return []*graph.Param{m.embedding, m.head} }

func (m *tables) TokenLosses(g *graph.Graph, ids, targets, _ *graph.Node) *graph.Node {
	return g.TokenLosses(g.Embedding(g.Param(m.embedding), ids), g.Param(m.head), nil, targets, graph.CrossEntropyConfig{})
}

func (m *tables) Logits(g *graph.Graph, ids, _ *graph.Node) *graph.Node {
	return g.Linear(g.Embedding(g.Param(m.embedding), ids), g.Param(m.head), nil, graph.LinearConfig{})
}

// Scores is the first logit behind the last token.
func (m *tables) Scores(g *graph.Graph, ids, segments *graph.Node) *graph.Node {
	first := g.Slice(m.Logits(g, ids, nil), 0, 1)
	last := g.Reshape(g.NotNegative(segments), first.Shape()...)
	rows, length := ids.Shape()[0], ids.Shape()[1]
	return g.RowSums(g.Reshape(g.Check(gorgonia.HadamardProd(first, last)), rows, length))
}

// examples are the texts of the golden file, as rows of all inputs that any loss asks for.
type examples struct {
	Pairs     [][3]json.RawMessage
	Margins   []float32
	Desirable []bool

	single  bool   // one text a row
	whole   bool   // ids have the last token too
	targets string // that are counted
	length  int
}

func (e examples) pair(i int) (chosen, rejected []int32, prompt int) {
	for k, into := range []any{&chosen, &rejected, &prompt} {
		if err := json.Unmarshal(e.Pairs[i][k], into); err != nil {
			panic(err)
		}
	}
	return chosen, rejected, prompt
}

func (e examples) Len() int { return len(e.Pairs) }

func (e examples) Layout() data.Layout {
	texts := func(name string, padding float64, shape ...int) data.Input {
		return data.Input{Name: name, Shape: shape, Padding: padding, Length: data.TextLength, Axis: len(shape) - 1}
	}
	shape := []int{2, e.length}
	if e.single {
		shape = shape[1:]
	}
	return data.Layout{Targets: e.targets, Inputs: []data.Input{
		texts(IDs, 0, shape...), texts(Targets, -1, shape...), texts(AllTargets, -1, shape...), texts(layers.Segments, -1, shape...), texts(WholeTargets, -1, e.length),
		texts(MismatchedIDs, 0, e.length), texts(MismatchedTargets, -1, e.length),
		{Name: Margin, Type: data.Float}, {Name: Desirable, Type: data.Float},
	}}
}

func (e examples) Fill(row data.Row, i int, _ uint64) {
	chosen, rejected, prompt := e.pair(i)
	text := func(ids, targets, all []int32, text []int32, prompt, from int) {
		copy(ids, text[:len(text)-1])
		for k := range len(text) - 1 {
			if k+1 >= prompt {
				targets[k] = text[k+1]
			}
			if all != nil && k+1 >= from {
				all[k] = text[k+1]
			}
		}
	}
	ids, targets, all, last := row.Ints(IDs), row.Ints(Targets), row.Ints(AllTargets), row.Ints(layers.Segments)
	n := e.length
	text(ids[:n], targets[:n], all[:n], chosen, prompt, 1)
	text(row.Ints(MismatchedIDs), row.Ints(WholeTargets), nil, chosen, 1, 1)
	last[len(chosen)-2] = 0
	if !e.single {
		text(ids[n:], targets[n:], all[n:], rejected, prompt, prompt)
		last[n+len(rejected)-2] = 0
	}
	if e.whole {
		fill(ids[:n], last[:n], chosen)
		fill(ids[n:], last[n:], rejected)
	}
	other, _, otherPrompt := e.pair((i + 1) % e.Len())
	mismatched := append(append([]int32{}, chosen[:prompt]...), other[otherPrompt:]...)
	clear(row.Ints(MismatchedIDs))
	text(row.Ints(MismatchedIDs), row.Ints(MismatchedTargets), nil, mismatched, prompt, 1)
	row.Floats(Margin)[0] = e.Margins[i]
	if e.Desirable[i] {
		row.Floats(Desirable)[0] = 1
	}
}

// fill writes a text with its last token, and where that is.
func fill(ids, last, text []int32) {
	copy(ids, text)
	for i := range last {
		last[i] = -1
	}
	last[len(text)-1] = 0
}

// outcome is what trl's functions found.
type outcome struct {
	Loss            float64
	Figures         map[string]float64
	Embedding, Head []float64
}

func readGoldens(t *testing.T) (examples, map[string]outcome) {
	t.Helper()
	raw, err := os.ReadFile("testdata/losses.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]json.RawMessage
	var e examples
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		t.Fatal(err)
	}
	outcomes := map[string]outcome{}
	for name, raw := range all {
		var o outcome
		if json.Unmarshal(raw, &o) == nil && o.Head != nil {
			outcomes[name] = o
		}
	}
	e.length = 7
	return e, outcomes
}

// TestLossesAreThoseOfTRL compares losses, figures and gradients with trl's, in one micro-batch and, but where a loss is one of its
// micro-batch, in three.
func TestLossesAreThoseOfTRL(t *testing.T) {
	e, outcomes := readGoldens(t)
	reference := newTables(t, 5)
	for _, p := range reference.Params() {
		p.Frozen = true
	}
	for name, want := range outcomes {
		t.Run(name, func(t *testing.T) {
			policy, rows, most := newTables(t, 0), e, 3
			var m train.Model
			kind, detail, _ := strings.Cut(name, "_")
			switch kind {
			case "dpo":
				c := DefaultDPOConfig()
				if c.LossType = strings.TrimSuffix(detail, "_0.5"); c.LossType != detail {
					c.Beta = 0.5
				}
				if c.LossType == "robust" || c.LossType == "exo_pair" {
					c.LabelSmoothing = 0.1
				}
				m = DPO{policy, reference, c}
			case "orpo":
				m, rows.targets = ORPO{policy, 0.1}, WholeTargets
			case "simpo":
				s := SimPO{Policy: policy, Beta: 2, Gamma: 0.5}
				if detail != "" {
					s.LabelSmoothing = 0.1
				}
				m = s
			case "kto", "apo":
				k := KTO{policy, reference, "kto", 0.1, 1, 1}
				if kind == "apo" {
					k.LossType = name
				} else {
					most = 1 // how far the policy has gone is a mean over the micro-batch
				}
				if detail == "weighted" {
					k.Beta, k.DesirableWeight, k.UndesirableWeight = 0.5, 1.5, 0.5
				}
				m, rows.single = k, true
			case "reward":
				r := Reward{Scorer: policy}
				if detail != "" {
					r.Center = 0.01
				} else {
					rows.Margins = make([]float32, 3)
				}
				m, rows.whole = r, true
			case "gkd":
				d := Distill{policy, reference, map[string]float64{"0": 0, "0.3": 0.3, "1": 1}[detail], 1}
				if detail == "0.3" {
					d.Temperature = 0.9
				}
				m, rows.single, rows.targets = d, true, Targets
			}
			for accumulation := 1; accumulation <= most; accumulation += 2 {
				compare(t, m, policy, rows, accumulation, want)
			}
		})
	}
}

// compare makes a step at a learning rate of 0 and compares what it found.
func compare(t *testing.T, m train.Model, policy *tables, rows examples, accumulation int, want outcome) {
	t.Helper()
	s, err := train.NewStepper(m, train.StepperConfig{Rows: 3 / accumulation, Layout: rows.Layout(), Accumulation: accumulation})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i, b := range s.Batches() {
		if err := data.FillSequential(b, rows, i*b.Rows); err != nil {
			t.Fatal(err)
		}
	}
	r, err := s.Step(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	const tolerance = 1e-12
	near := func(what string, got, want float64) {
		t.Helper()
		if !(math.Abs(got-want) <= tolerance*max(1, math.Abs(want))) {
			t.Errorf("%s in %d micro-batches is %.15g, expected %.15g", what, accumulation, got, want)
		}
	}
	near("the loss", r.Loss, want.Loss)
	for name, v := range want.Figures {
		got, ok := r.Figures.Get(name)
		if !ok {
			t.Errorf("no figure %s among %v", name, r.Figures)
		}
		near(name, got, v)
	}
	for k, gradient := range [][]float64{want.Embedding, want.Head} {
		for i, v := range gradient {
			got := graph.GradData[float64](policy.Params()[k])[i]
			if math.Abs(got-v) > tolerance*max(1, math.Abs(v)) {
				t.Fatalf("gradient %d of %s in %d micro-batches is %.15g, expected %.15g", i, policy.Params()[k].Name, accumulation, got, v)
			}
		}
	}
}
