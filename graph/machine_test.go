package graph

import (
	"fmt"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// tinyModel is a transformer block with a tied head, enough to meet views, tuples,
// sums of gradients and in-place results.
func tinyModel(g *Graph, p *tinyParams, dropout float64) (ids, targets, loss *Node) {
	const b, t = 2, 6
	ids = g.Input("ids", tensor.Int32, b, t)
	targets = g.Input("targets", tensor.Int32, b, t)
	for i := range Ints(ids) {
		Ints(ids)[i] = int32((i * 5) % 11)
		Ints(targets)[i] = int32((i*5 + 3) % 11)
	}
	table := g.Param(p.table)
	x := g.AddRows(g.Embedding(table, ids), g.Param(p.positions))
	h := g.LayerNorm(x, g.Param(p.norm), g.Param(p.normBias), 1e-5)
	qkv := g.Linear(h, g.Param(p.qkv), nil, LinearConfig{})
	a := g.PackedAttention(qkv, AttentionConfig{Heads: 2, Causal: true})
	x = g.Add(x, g.Dropout(g.Linear(a, g.Param(p.out), nil, LinearConfig{}), dropout))
	h = g.LayerNorm(x, nil, nil, 1e-5)
	h = g.Activate(GELUTanh, g.Linear(h, g.Param(p.up), g.Param(p.upBias), LinearConfig{}))
	x = g.Add(x, g.Linear(h, g.Param(p.down), nil, LinearConfig{}))
	loss, _ = g.LinearCrossEntropy(x, table, nil, targets, CrossEntropyConfig{})
	return ids, targets, loss
}

type tinyParams struct {
	tree                                                         *Params
	table, positions, norm, normBias, qkv, out, up, upBias, down *Param
}

func newTinyParams(dt tensor.Dtype) *tinyParams {
	tree := NewParams(dt, 3)
	w := Normal(0.3)
	return &tinyParams{
		tree:  tree,
		table: tree.New("table", w, 11, 8), positions: tree.New("positions", w, 9, 8),
		norm: tree.New("norm", Ones(), 8), normBias: tree.New("norm.bias", Zeros(), 8),
		qkv: tree.New("qkv", w, 24, 8), out: tree.New("out", w, 8, 8),
		up: tree.New("up", w, 32, 8), upBias: tree.New("up.bias", w, 32), down: tree.New("down", w, 8, 32),
	}
}

func compileTiny(t *testing.T, p *tinyParams, dropout float64) (*Machine, *Node, *Node) {
	t.Helper()
	return compileTinyBy(t, p, dropout, true, Compile)
}

// compileTinyBy compiles the tiny model in its own way, with or without a backward pass.
func compileTinyBy(t *testing.T, p *tinyParams, dropout float64, train bool, compile func(*Graph, ...*Node) (*Machine, error)) (*Machine, *Node, *Node) {
	t.Helper()
	g := New(Config{DType: p.table.Value().Dtype(), Train: train})
	ids, _, loss := tinyModel(g, p, dropout)
	if train {
		if err := g.Grad(loss); err != nil {
			t.Fatal(err)
		}
	}
	m, err := compile(g, loss)
	if err != nil {
		t.Fatal(err)
	}
	return m, ids, loss
}

func run(t *testing.T, m *Machine) {
	t.Helper()
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
}

func grads(p *tinyParams) [][]float64 {
	var all [][]float64
	for _, param := range p.tree.All() {
		all = append(all, slices.Clone(GradData[float64](param)))
	}
	return all
}

// TestMachineAgreesWithTapeMachine runs one trace on Gorgonia's machine, which
// gives each value memory of its own and runs each operation by its Do.
func TestMachineAgreesWithTapeMachine(t *testing.T) {
	p := newTinyParams(tensor.Float64)
	m, _, loss := compileTiny(t, p, 0)
	defer m.Close()
	run(t, m)
	want := Scalar(loss)

	g := New(Config{DType: tensor.Float64, Train: true})
	_, _, other := tinyModel(g, p, 0)
	if err := g.Grad(other); err != nil {
		t.Fatal(err)
	}
	tape := gorgonia.NewTapeMachine(g.Expr())
	defer tape.Close()
	if err := tape.RunAll(); err != nil {
		t.Fatal(err)
	}
	if got := Scalar(other); math.Abs(got-want) > 1e-12 {
		t.Errorf("loss on Gorgonia's tape machine %.15g, on ours %.15g", got, want)
	}
	for i, param := range p.tree.All() {
		theirs := g.grads[param].Value().Data().([]float64)
		for k, v := range grads(p)[i] {
			if math.Abs(theirs[k]-v) > 1e-12*(1+math.Abs(v)) {
				t.Errorf("%s[%d]: gradient on the tape machine %.15g, on ours %.15g", param.Name, k, theirs[k], v)
				break
			}
		}
	}
}

func TestRunsAreRepeatable(t *testing.T) {
	p := newTinyParams(tensor.Float64)
	m, _, loss := compileTiny(t, p, 0.4)
	defer m.Close()
	var losses []float64
	for _, step := range []uint64{0, 1, 0, 1} {
		m.SetRandom(Random{Seed: 5, Step: step})
		run(t, m)
		losses = append(losses, Scalar(loss))
	}
	if losses[0] != losses[2] || losses[1] != losses[3] || losses[0] == losses[1] {
		t.Errorf("losses of steps 0, 1, 0, 1 with dropout: %v", losses)
	}
}

func TestThreadsDoNotChangeBits(t *testing.T) {
	defer SetWorkers(Workers())
	var all [][][]float64
	for _, n := range []int{1, 2, 3} {
		SetWorkers(n)
		p := newTinyParams(tensor.Float64)
		m, _, _ := compileTiny(t, p, 0.2)
		run(t, m)
		all = append(all, grads(p))
		m.Close()
	}
	for n := range all {
		for i := range all[n] {
			if !slices.Equal(all[n][i], all[0][i]) {
				t.Errorf("gradient %d differs between 1 and %d threads", i, n+1)
			}
		}
	}
}

func TestAccumulateAddsGradients(t *testing.T) {
	p := newTinyParams(tensor.Float64)
	m, ids, _ := compileTiny(t, p, 0)
	defer m.Close()
	run(t, m)
	first := grads(p)
	for i := range Ints(ids) {
		Ints(ids)[i] = int32(i % 11)
	}
	run(t, m)
	second := grads(p)
	for i := range Ints(ids) {
		Ints(ids)[i] = int32((i * 5) % 11)
	}
	m.Accumulate(true)
	run(t, m)
	for i, sum := range grads(p) {
		for k := range sum {
			if want := first[i][k] + second[i][k]; math.Abs(sum[k]-want) > 1e-12*(1+math.Abs(want)) {
				t.Fatalf("%s[%d]: accumulated %.15g, want %.15g", p.tree.All()[i].Name, k, sum[k], want)
			}
		}
	}
}

// TestOverlapGradients runs two machines in turn, one of which has its gradients in its own memory.
func TestOverlapGradients(t *testing.T) {
	p := newTinyParams(tensor.Float64)
	apart, _, _ := compileTiny(t, p, 0)
	defer apart.Close()
	within, ids, _ := compileTinyBy(t, p, 0, true, func(g *Graph, outputs ...*Node) (*Machine, error) {
		g.OverlapGradients()
		return Compile(g, outputs...)
	})
	if a, w := apart.Memory(), within.Memory(); w.Gradients != 0 || w.Arena <= a.Gradients || w.Total() >= a.Total() {
		t.Errorf("overlapping gradients take %+v, apart %+v", w, a)
	}
	run(t, apart)
	first := grads(p)
	for i := range Ints(ids) {
		Ints(ids)[i] = int32(i % 11)
	}
	run(t, within)
	second := grads(p)
	run(t, apart)
	for i, param := range p.tree.All() {
		if !slices.Equal(GradData[float64](param), first[i]) || slices.Equal(first[i], second[i]) {
			t.Errorf("%s: gradient %v, then %v on other tokens, then on the first again %v", param.Name, first[i], second[i], GradData[float64](param))
		}
	}
	run(t, within)
	within.Accumulate(true)
	if err := within.RunAll(); err == nil || !strings.Contains(err.Error(), "OverlapGradients") {
		t.Errorf("accumulating: error %v", err)
	}
	within.Close()
	runtime.GC()
	for i, g := range grads(p) {
		if !slices.Equal(g, second[i]) {
			t.Errorf("%s: gradient %v after Close, want %v", p.tree.All()[i].Name, g, second[i])
		}
	}
}

// TestCompileInTheMemoryOfAnother runs machines in turn that share an arena, and one that finds no room there.
func TestCompileInTheMemoryOfAnother(t *testing.T) {
	p := newTinyParams(tensor.Float64)
	steps, _, trained := compileTiny(t, p, 0)
	forward, _, evaluated := compileTinyBy(t, p, 0, false, steps.Compile)
	back, _, _ := compileTinyBy(t, p, 0, true, forward.Compile)
	if back.Memory().Arena != 0 || forward.Memory().Arena != 0 || steps.Memory().Arena == 0 {
		t.Errorf("memory of machines that share an arena: %+v, %+v, %+v", steps.Memory(), forward.Memory(), back.Memory())
	}
	run(t, steps)
	want, loss := grads(p), Scalar(trained)
	shared := steps.arena.block
	for i, m := range []*Machine{back, steps, back, back} {
		run(t, forward)
		if Scalar(evaluated) != loss {
			t.Errorf("loss %v, without the backward pass %v", loss, Scalar(evaluated))
		}
		run(t, m)
		if got := grads(p); !reflect.DeepEqual(got, want) {
			t.Errorf("gradients %v, in the memory of another %v", want, got)
		}
		if i == 1 {
			steps.Close()
			if len(shared.Bytes()) == 0 {
				t.Error("memory that others work in was given back")
			}
		}
	}
	small, _, _ := compileTinyBy(t, p, 0, false, Compile)
	large, _, _ := compileTinyBy(t, p, 0, true, small.Compile)
	if small.Memory().Arena >= large.Memory().Arena {
		t.Errorf("a machine of %+v in the memory of one of %+v", large.Memory(), small.Memory())
	}
	for _, m := range []*Machine{forward, back, small, large} {
		m.Close()
	}
	if len(shared.Bytes()) > 0 {
		t.Error("memory that no machine works in is kept")
	}
}

// TestSharedGradient has two parameters whose gradient is one node.
func TestSharedGradient(t *testing.T) {
	tree := NewParams(tensor.Float64, 1)
	a, b := tree.New("a", Normal(1), 2, 3), tree.New("b", Normal(1), 2, 3)
	g := New(Config{DType: tensor.Float64})
	w := g.Const("w", []float64{1, 2, 3, 4, 5, 6}, 2, 3)
	loss := weightedSum(g, g.Linear(g.Add(g.Param(a), g.Param(b)), w, nil, LinearConfig{}))
	if err := g.Grad(loss); err != nil {
		t.Fatal(err)
	}
	m, err := Compile(g, loss)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	run(t, m)
	once := slices.Clone(GradData[float64](a))
	m.Accumulate(true)
	run(t, m)
	for i := range once {
		if GradData[float64](a)[i] != 2*once[i] || GradData[float64](b)[i] != 2*once[i] {
			t.Fatalf("element %d: %g and %g after two runs, want twice %g", i, GradData[float64](a)[i], GradData[float64](b)[i], once[i])
		}
	}
}

func TestRunAllocatesNothing(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		p := newTinyParams(dt)
		m, _, _ := compileTiny(t, p, 0.1)
		run(t, m)
		if n := testing.AllocsPerRun(20, func() { run(t, m) }); n > 0 {
			t.Errorf("%v: a run allocates %g objects, want none", dt, n)
		}
		m.Close()
	}
}

func TestLetReplacesAnInput(t *testing.T) {
	g := New(Config{DType: tensor.Float64})
	x := g.Input("x", tensor.Float64, 2, 2)
	y := g.Scale(x, 3)
	m, err := Compile(g, y)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := gorgonia.Let(x, tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float64{1, 2, 3, 4}))); err != nil {
		t.Fatal(err)
	}
	run(t, m)
	if got := Floats[float64](y); !slices.Equal(got, []float64{3, 6, 9, 12}) {
		t.Errorf("got %v, want [3 6 9 12]", got)
	}
}

// TestStockOperations compares operations of Gorgonia on our machine with its own.
func TestStockOperations(t *testing.T) {
	build := func() (*Graph, *Node) {
		g := New(Config{DType: tensor.Float64})
		x := g.Const("x", []float64{1, -2, 3, -4, 5, -6}, 2, 3)
		y := g.Const("y", []float64{.5, 1, 2, .25, 3, 1}, 2, 3)
		a := g.Check(gorgonia.HadamardProd(x, g.Check(gorgonia.Exp(y))))
		b := g.Check(gorgonia.Mul(a, g.Check(gorgonia.Transpose(y))))
		c := g.Check(gorgonia.Slice(b, gorgonia.S(0, 2), gorgonia.S(1)))
		return g, g.Check(gorgonia.Sum(g.Check(gorgonia.Sub(c, g.Check(gorgonia.Cos(c))))))
	}
	g, ours := build()
	m, err := Compile(g, ours)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	run(t, m)
	other, theirs := build()
	tape := gorgonia.NewTapeMachine(other.Expr())
	defer tape.Close()
	if err := tape.RunAll(); err != nil {
		t.Fatal(err)
	}
	if a, b := Scalar(ours), Scalar(theirs); math.Abs(a-b) > 1e-12 {
		t.Errorf("got %.15g, Gorgonia's machine gets %.15g", a, b)
	}
}

func TestErrorsNameTheCulprit(t *testing.T) {
	tree := NewParams(tensor.Float32, 1)
	w, table := tree.New("w", Zeros(), 4, 8), tree.New("table", Zeros(), 5, 8)
	tests := []struct {
		build func(g *Graph) *Node
		want  string
	}{
		{func(g *Graph) *Node {
			return g.Linear(g.Input("x", tensor.Float32, 2, 7), g.Param(w), nil, LinearConfig{})
		}, "width 7, the weight takes 8"},
		{func(g *Graph) *Node { return g.Embedding(g.Param(table), g.Input("x", tensor.Float32, 2, 7)) }, "int32"},
		{func(g *Graph) *Node { g.Input("x", tensor.Int32, 1); return g.Input("x", tensor.Int32, 1) }, `"x": the name is taken`},
		{func(g *Graph) *Node { return g.Dropout(g.Input("x", tensor.Float32, 2), 1) }, "probability 1"},
		{func(g *Graph) *Node {
			return g.PackedAttention(g.Input("x", tensor.Float32, 1, 2, 10), AttentionConfig{Heads: 3})
		}, "width 10 is not divisible"},
		{func(g *Graph) *Node { return g.Add(g.Input("x", tensor.Float32, 2), g.Input("y", tensor.Float32, 3)) }, "differ"},
	}
	for _, test := range tests {
		g := New(Config{})
		n := test.build(g)
		g.Activate(GELU, g.Add(n, n)) // later calls keep the first error
		if err := g.Err(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got error %v, want one with %q", err, test.want)
		}
		if _, err := Compile(g, n); err == nil {
			t.Error("Compile of a broken trace: want its error")
		}
	}
}

func TestIDOutsideOfTheVocabulary(t *testing.T) {
	p := newTinyParams(tensor.Float32)
	m, ids, _ := compileTiny(t, p, 0)
	defer m.Close()
	for _, bad := range []int32{-1, 11} {
		Ints(ids)[3] = bad
		if err := m.RunAll(); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("id %d at position 3", bad)) {
			t.Errorf("id %d: got error %v", bad, err)
		}
	}
}

// TestLayoutKeepsLivingValuesApart checks the plan itself: two places that are
// alive at the same time share no byte.
func TestLayoutKeepsLivingValuesApart(t *testing.T) {
	g := New(Config{Train: true})
	_, _, loss := tinyModel(g, newTinyParams(tensor.Float32), 0.1)
	if err := g.Grad(loss); err != nil {
		t.Fatal(err)
	}
	p, err := newPlan(g, []*Node{loss})
	if err != nil {
		t.Fatal(err)
	}
	var live []*place
	total := 0
	for _, pl := range p.places {
		if pl.merged == nil && pl.kind == planned {
			live = append(live, pl)
			total += pl.bytes()
		}
	}
	for i, a := range live {
		for _, b := range live[:i] {
			aFirst, aLast := a.lifetime()
			bFirst, bLast := b.lifetime()
			if aLast < bFirst || bLast < aFirst {
				continue
			}
			if a.offset < b.offset+b.bytes() && b.offset < a.offset+a.bytes() {
				t.Errorf("places at %d and %d overlap while both are alive", a.offset, b.offset)
			}
		}
	}
	if p.arena >= total {
		t.Errorf("the arena has %d bytes for values of %d: nothing is reused", p.arena, total)
	}
}

func TestParamsLoadStrictly(t *testing.T) {
	source := fakeSource{"a.w": {2, 3}, "a.extra": {1}, "a.wrong": {4}}
	p := LoadParams(tensor.Float32, source)
	a := p.Sub("a")
	a.New("w", Zeros(), 2, 3)
	a.New("wrong", Zeros(), 5)
	a.New("missing", Zeros(), 1)
	a.New("w", Zeros(), 2, 3)
	err := p.Err()
	for _, want := range []string{`"a.extra": stored, but`, `"a.wrong": stored with shape [4], expected [5]`, `"a.missing": missing`, `"a.w": the name is used twice`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v lacks %q", err, want)
		}
	}
}

type fakeSource map[string][]int

func (s fakeSource) Shape(name string) ([]int, bool)  { v, ok := s[name]; return v, ok }
func (s fakeSource) Readable(string) error            { return nil }
func (s fakeSource) Read(string, *tensor.Dense) error { return nil }
func (s fakeSource) Names() []string {
	var names []string
	for n := range s {
		names = append(names, n)
	}
	return names
}

func TestInitDependsOnSeedAndNameOnly(t *testing.T) {
	one, two := NewParams(tensor.Float32, 1), NewParams(tensor.Float32, 1)
	a := one.New("a", Normal(0.02), 50, 40)
	two.New("b", Normal(0.02), 7, 7)
	again := two.New("a", Normal(0.02), 50, 40)
	if !slices.Equal(Data[float32](a), Data[float32](again)) {
		t.Error("a parameter depends on those made before it")
	}
	var sum, squares float64
	for _, v := range Data[float32](a) {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	n := float64(a.Len())
	// Four standard errors: 0.02·4/√2000 and 0.02·4/√4000.
	if mean, std := sum/n, math.Sqrt(squares/n); math.Abs(mean) > 0.0018 || math.Abs(std-0.02) > 0.0013 {
		t.Errorf("normal(0, 0.02) gave mean %g and standard deviation %g", mean, std)
	}
}
