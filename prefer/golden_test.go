package prefer

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"os"
	"slices"
	"strconv"
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

// examples are the texts of the golden file.
type examples struct {
	Pairs     [][3]json.RawMessage
	Margins   []float32
	Desirable []bool
}

func (e examples) pair(i int) (chosen, rejected []int32, prompt int) {
	for k, into := range []any{&chosen, &rejected, &prompt} {
		if err := json.Unmarshal(e.Pairs[i][k], into); err != nil {
			panic(err)
		}
	}
	return chosen, rejected, prompt
}

// pairs returns rows of the texts in pairs.
func (e examples) pairs(t testing.TB, whole bool, margins []float32) *Pairs {
	t.Helper()
	return e.rows(t, PairsConfig{Whole: whole}, margins)
}

// rows is pairs with another configuration.
func (e examples) rows(t testing.TB, c PairsConfig, margins []float32) *Pairs {
	t.Helper()
	var all []Pair
	for i := range e.Pairs {
		chosen, rejected, n := e.pair(i)
		p := Pair{Prompt: chosen[:n], Chosen: chosen[n:], Rejected: rejected[n:]}
		if margins != nil {
			p.Margin = margins[i]
		}
		all = append(all, p)
	}
	d, err := NewPairs(all, c)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// texts returns rows of the better texts alone.
func (e examples) texts(t testing.TB) *Texts {
	t.Helper()
	var all []Judged
	for i, desirable := range e.Desirable {
		chosen, _, n := e.pair(i)
		all = append(all, Judged{chosen[:n], chosen[n:], desirable})
	}
	d, err := NewTexts(all, 0)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// counted is a dataset whose targets are counted by tokens.
type counted struct{ *Texts }

func (c counted) Layout() data.Layout {
	l := c.Texts.Layout()
	l.Targets = Targets
	return l
}

// ends is pairs for reward models: the last token is among the ids, and segments tell where it is.
type ends struct{ *Pairs }

func (e ends) Layout() data.Layout {
	l := e.Pairs.Layout().WithLength(data.TextLength, e.length+1)
	l.Inputs = append(l.Inputs, texts(layers.Segments, -1, 2, e.length+1))
	return l
}

func (e ends) Fill(row data.Row, i int, _ uint64) {
	pair, n := e.Pairs.pairs[i], e.length+1
	for k, completion := range [][]int32{pair.Chosen, pair.Rejected} {
		text := slices.Concat(pair.Prompt, completion)
		copy(row.Ints(IDs)[k*n:], text)
		row.Ints(layers.Segments)[k*n+len(text)-1] = 0
	}
	row.Floats(Margin)[0] = pair.Margin
}

// outcome is what trl's functions found.
type outcome struct {
	Loss            float64
	Figures         map[string]float64
	Embedding, Head []float64
	Weights         []float64 // of several losses
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
			policy, most := newTables(t, 0), 3
			var m train.Model
			var rows data.Dataset = e.pairs(t, false, nil)
			kind, detail, _ := strings.Cut(name, "_")
			switch kind {
			case "dpo", "divergence", "ld", "wpo", "sum":
				c := DefaultDPOConfig()
				of := PairsConfig{}
				if before, after, ok := strings.Cut(detail, "/"); ok {
					detail = after
					if alpha := strings.TrimPrefix(before, "ld_"); slices.Contains(Divergences(), before) {
						c.Divergence = before
					} else {
						v := parse(t, alpha)
						of.LDAlpha = &v
					}
				}
				c.UseWeighting, c.LossWeights = kind == "wpo", want.Weights
				types := strings.TrimSuffix(detail, "_0.5")
				if c.LossTypes = strings.Split(types, ","); types != detail {
					c.Beta = 0.5
				}
				of.Better = c.Sums("sft")
				if c.Sums("aot") || c.Sums("aot_unpaired") { // what is sorted is a micro-batch
					most, c.LabelSmoothing = 1, 0.1
				}
				if c.Sums("robust") || c.Sums("exo_pair") {
					c.LabelSmoothing = 0.1
				}
				m, rows = DPO{policy, reference, c}, e.rows(t, of, nil)
			case "orpo":
				m, rows = ORPO{policy, 0.1}, e.pairs(t, true, nil)
			case "simpo":
				s := SimPO{Policy: policy, Beta: 2, Gamma: 0.5}
				if detail != "" {
					s.LabelSmoothing = 0.1
				}
				m = s
			case "cpo":
				c := CPO{Policy: policy, Beta: 0.1, Gamma: 0.5, Alpha: 1}
				var more string
				c.LossType, more, _ = strings.Cut(detail, "_")
				switch more {
				case "smoothed":
					c.Alpha, c.LabelSmoothing = 0.5, 0.1
				case "alone":
					c.Alpha = 0
				}
				m = c
				if c.Alpha > 0 {
					rows = e.rows(t, PairsConfig{Better: true}, nil)
				}
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
				m, rows = k, e.texts(t)
			case "reward":
				r := Reward{Scorer: policy}
				if detail != "" {
					r.Center, rows = 0.01, e.pairs(t, false, e.Margins)
				}
				m, rows = r, ends{rows.(*Pairs)}
			case "gkd":
				d := Distill{policy, reference, parse(t, detail), 1}
				if detail == "0.3" {
					d.Temperature = 0.9
				}
				compareRows(t, d, policy, together{e}, 1, 1, want)
				m, rows = d, counted{e.texts(t)}
			case "gkdtop":
				beta, top, _ := strings.Cut(detail, "_")
				d := Distill{Student: policy, Beta: parse(t, beta), Temperature: 1}
				compareRows(t, d, policy, topped{together{e}, reference, int(parse(t, top))}, 1, 1, want)
				m, rows = d, topped{counted{e.texts(t)}, reference, int(parse(t, top))}
			}
			for accumulation := 1; accumulation <= most; accumulation += 2 {
				compare(t, m, policy, rows, accumulation, want)
			}
		})
	}
}

func parse(t *testing.T, number string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(number, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// together is the better texts in one row, each a segment of its own.
type together struct{ examples }

func (together) Len() int { return 1 }

func (together) Layout() data.Layout { return data.TokenLayout{Length: 20, Segments: true}.Layout() }

func (e together) Fill(row data.Row, _ int, _ uint64) {
	at := 0
	for i := range e.Pairs {
		text, _, n := e.pair(i)
		fillText(row.Ints(IDs)[at:at+len(text)-1], row.Ints(Targets)[at:at+len(text)-1], text[:n], text[n:], false)
		for k := range len(text) - 1 {
			row.Ints(layers.Segments)[at+k] = int32(i)
		}
		at += len(text) - 1
	}
}

// topped is rows with the best tokens of a teacher, which sees one token alone.
type topped struct {
	data.Dataset
	teacher *tables
	top     int
}

func (r topped) Layout() data.Layout {
	l := r.Dataset.Layout()
	shape := []int{l.Length(data.TextLength), r.top}
	l.Inputs = append(l.Inputs, data.Input{Name: data.TeacherIDs, Shape: shape}, data.Input{Name: data.TeacherLogProbs, Type: data.Float, Shape: shape})
	return l
}

func (r topped) Fill(row data.Row, i int, jitter uint64) {
	r.Dataset.Fill(row, i, jitter)
	embedding, head := graph.Data[float64](r.teacher.embedding), graph.Data[float64](r.teacher.head)
	for at, id := range row.Ints(IDs) {
		logits, order, sum := make([]float64, vocab), make([]int32, vocab), 0.0
		for v := range logits {
			for k := range width {
				logits[v] += embedding[int(id)*width+k] * head[v*width+k]
			}
			order[v] = int32(v)
			sum += math.Exp(logits[v])
		}
		slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(logits[b], logits[a]) })
		for k := range r.top {
			row.Ints(data.TeacherIDs)[at*r.top+k] = order[k]
			row.Floats(data.TeacherLogProbs)[at*r.top+k] = float32(logits[order[k]] - math.Log(sum))
		}
	}
}

// compare makes a step at a learning rate of 0 and compares what it found.
func compare(t *testing.T, m train.Model, policy *tables, rows data.Dataset, accumulation int, want outcome) {
	t.Helper()
	compareRows(t, m, policy, rows, 3, accumulation, want)
}

// compareRows is compare for so many rows.
func compareRows(t *testing.T, m train.Model, policy *tables, rows data.Dataset, n, accumulation int, want outcome) {
	t.Helper()
	s, err := train.NewStepper(m, train.StepperConfig{Rows: n / accumulation, Layout: rows.Layout(), Accumulation: accumulation})
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
	tolerance := 1e-12
	if _, ok := rows.(topped); ok {
		tolerance = 1e-6 // what a teacher has said is kept in float32
	}
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

// TestPrecomputedReferences gives the same as a reference beside the policy, whatever the batches are.
func TestPrecomputedReferences(t *testing.T) {
	e, outcomes := readGoldens(t)
	reference := newTables(t, 5)
	pairs, single := e.pairs(t, false, nil), e.texts(t)
	for rows := 1; rows <= 4; rows += 3 {
		if err := pairs.Precompute(context.Background(), reference, rows); err != nil {
			t.Fatal(err)
		}
		if err := single.Precompute(context.Background(), reference, rows); err != nil {
			t.Fatal(err)
		}
		for name, make := range map[string]func(policy *tables) (train.Model, data.Dataset){
			"dpo_sigmoid": func(p *tables) (train.Model, data.Dataset) { return DPO{Policy: p, Config: DefaultDPOConfig()}, pairs },
			"kto": func(p *tables) (train.Model, data.Dataset) {
				return KTO{Policy: p, LossType: "kto", Beta: 0.1, DesirableWeight: 1, UndesirableWeight: 1}, single
			},
		} {
			policy := newTables(t, 0)
			m, d := make(policy)
			result, err := train.Evaluate(context.Background(), m, d, train.EvalConfig{BatchSize: 3})
			if err != nil || math.Abs(result.Loss-outcomes[name].Loss) > 1e-7 { // references are kept in float32
				t.Errorf("%s: %v, %v, expected %g", name, result, err, outcomes[name].Loss)
			}
		}
	}
}

// TestRowsOfPreference cuts at the end, and refuses what leaves nothing to learn.
func TestRowsOfPreference(t *testing.T) {
	long := Pair{Prompt: []int32{1, 2}, Chosen: []int32{3, 4, 5}, Rejected: []int32{6}}
	p, err := NewPairs([]Pair{long}, PairsConfig{Length: 3})
	if err != nil {
		t.Fatal(err)
	}
	b := data.NewBatch(2, p.Layout())
	if err := data.FillSequential(b, p, 0); err != nil {
		t.Fatal(err)
	}
	if got, want := b.Ints(IDs), []int32{1, 2, 3, 1, 2, 0, 0, 0, 0, 0, 0, 0}; !slices.Equal(got, want) {
		t.Errorf("ids %v, expected %v", got, want)
	}
	if got, want := b.Ints(Targets)[:6], []int32{-100, 3, 4, -100, 6, -100}; !slices.Equal(got, want) || p.Cut() != 1 || b.Count != 1 {
		t.Errorf("targets %v, expected %v; %d cut, %d rows", got, want, p.Cut(), b.Count)
	}
	_, none := NewPairs(nil, PairsConfig{})
	_, empty := NewPairs([]Pair{{Prompt: []int32{1}, Chosen: []int32{2}}}, PairsConfig{})
	_, full := NewPairs([]Pair{long}, PairsConfig{Length: 1})
	_, alone := NewTexts([]Judged{{[]int32{1}, []int32{2}, true}}, 0)
	for want, err := range map[string]error{
		"0 pairs": none, "pair 1 of 1 has a prompt of 1 tokens and completions of 1 and 0": empty, "leaves nothing of its completions in 1": full, "1 judged texts": alone,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, expected %q", err, want)
		}
	}
}

func TestLossesRefuse(t *testing.T) {
	e, _ := readGoldens(t)
	policy, pairs := newTables(t, 0), e.pairs(t, false, nil)
	dpo := func(change func(c *DPOConfig)) train.Model {
		c := DefaultDPOConfig()
		change(&c)
		return DPO{policy, policy, c}
	}
	for want, m := range map[string]train.Model{
		`loss type "best", expected one of sigmoid, hinge`: dpo(func(c *DPOConfig) { c.LossTypes = []string{"best"} }),
		"0 loss types and 0 weights":                       dpo(func(c *DPOConfig) { c.LossTypes = nil }),
		"1 loss types and 2 weights":                       dpo(func(c *DPOConfig) { c.LossWeights = []float64{1, 2} }),
		"the weight of loss 1 is NaN":                      dpo(func(c *DPOConfig) { c.LossWeights = []float64{math.NaN()} }),
		"weights of pairs and the loss type aot":           dpo(func(c *DPOConfig) { c.LossTypes, c.UseWeighting = []string{"aot"}, true }),
		"beta 0, expected more than 0":                     dpo(func(c *DPOConfig) { c.Beta = 0 }),
		"label smoothing 0.5":                              dpo(func(c *DPOConfig) { c.LabelSmoothing = 0.5 }),
		"exo_pair needs a label smoothing":                 dpo(func(c *DPOConfig) { c.LossTypes = []string{"exo_pair"} }),
		`divergence "kl", expected one of reverse_kl`:      dpo(func(c *DPOConfig) { c.Divergence = "kl" }),
		"and the loss type apo_zero, expected one of":      dpo(func(c *DPOConfig) { c.Divergence, c.LossTypes = "forward_kl", []string{"apo_zero"} }),
		"alpha NaN":                 dpo(func(c *DPOConfig) { c.Divergence, c.Alpha = "alpha_divergence", math.NaN() }),
		`no input "reference"`:      DPO{Policy: policy, Config: DefaultDPOConfig()},
		"orpo: beta 0":              ORPO{Policy: policy},
		`no input "whole_targets"`:  ORPO{policy, 0.1},
		"cpo: beta 0":               SimPO{Policy: policy},
		`cpo: loss type "best"`:     CPO{Policy: policy, LossType: "best"},
		"and 0 of hinge":            CPO{Policy: policy, LossType: "hinge", Beta: 1, LabelSmoothing: 0.1},
		`no input "better_targets"`: CPO{Policy: policy, LossType: "hinge", Beta: 1, Alpha: 1},
		`kto: loss type ""`:         KTO{Policy: policy, Beta: 1},
		"distillation: beta 2":      Distill{policy, policy, 2, 1},
	} {
		if _, err := train.Evaluate(context.Background(), m, pairs, train.EvalConfig{BatchSize: 3}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, expected %q", err, want)
		}
	}
}
