package train

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// ragged is a dataset of rows of 1 to testLength tokens.
type ragged struct{ rows int }

func (d ragged) Len() int               { return d.rows }
func (ragged) Layout() data.Layout      { return data.TokenLayout{Length: testLength}.Layout() }
func (ragged) Size(i int, _ string) int { return 1 + 3*i%testLength }

func (d ragged) Fill(row data.Row, i int, _ uint64) {
	for k := range d.Size(i, data.TextLength) {
		row.Ints(data.IDs)[k], row.Ints(data.Targets)[k] = int32((i+k)%testVocab), int32((i+2*k)%testVocab)
	}
}

func groupedConfig(t testing.TB) Config {
	c := testConfig(t)
	c.Train, c.GroupByLength = ragged{101}, true
	return c
}

// TestNarrowPassesEqualWhole makes steps on micro-batches of several layouts, and on the same ones with all their padding.
func TestNarrowPassesEqualWhole(t *testing.T) {
	for _, accumulation := range []int{1, 3} {
		testNarrowPasses(t, accumulation)
	}
}

func testNarrowPasses(t *testing.T, accumulation int) {
	d := ragged{40}
	var results [2][]StepResult
	var weights [2][]float64
	for i, narrow := range [][]data.Layout{nil, {data.TokenLayout{Length: 4}.Layout(), data.TokenLayout{Length: testLength - 1}.Layout()}} {
		m := newTestModel(t, tensor.Float64, 0)
		s, err := NewStepper(m, StepperConfig{Rows: 2, Layout: d.Layout(), Accumulation: accumulation, Narrow: narrow})
		if err != nil {
			t.Fatal(err)
		}
		used := map[int]bool{}
		for step := range 12 / accumulation {
			for k, b := range s.Batches() {
				if err := data.FillSequential(b, d, 2*(accumulation*step+k)); err != nil {
					t.Fatal(err)
				}
				used[s.passFor(b).inputs.batch.Layout.Length(data.TextLength)] = true
			}
			r, err := s.Step(context.Background(), 1e-2)
			if err != nil {
				t.Fatal(err)
			}
			results[i] = append(results[i], r)
		}
		if len(used) != 1+len(narrow) {
			t.Errorf("layouts of %v were used, expected all of %d", used, 1+len(narrow))
		}
		weights[i] = slices.Clone(graph.Data[float64](m.Params()[0]))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for step, want := range results[0] {
		if got := results[1][step]; math.Abs(got.Loss-want.Loss) > 1e-12 || math.Abs(got.GradNorm-want.GradNorm) > 1e-11 || got.Targets != want.Targets || got.Figures != nil {
			t.Errorf("step %d: %+v, with all padding %+v", step, got, want)
		}
	}
	for i, want := range weights[0] {
		if math.Abs(weights[1][i]-want) > 1e-9 {
			t.Fatalf("weight %d is %.12g, with all padding %.12g", i, weights[1][i], want)
		}
	}
}

// TestPassHasRoom finds the narrowest layout that holds both texts of a batch, and the whole one for a batch that doesn't say what
// it uses.
func TestPassHasRoom(t *testing.T) {
	s := Stepper{lengths: []string{data.TextLength, data.SourceLength}}
	for _, l := range []data.TokenLayout{{Length: 4, SourceLength: 5}, {Length: 6, SourceLength: 7}, {Length: 9, SourceLength: 9}} {
		s.passes = append(s.passes, pass{inputs: inputs{batch: data.Batch{Layout: l.Layout()}}})
	}
	for _, test := range []struct{ used, source, want int }{{4, 5, 4}, {1, 1, 4}, {5, 5, 6}, {4, 6, 6}, {7, 1, 9}, {1, 8, 9}, {9, 9, 9}, {0, 0, 9}} {
		if got := s.passFor(&data.Batch{Used: []int{test.used, test.source}}).inputs.batch.Layout.Length(data.TextLength); got != test.want {
			t.Errorf("%d and %d tokens go to the layout of %d, expected that of %d", test.used, test.source, got, test.want)
		}
	}
}

// TestGroupedRunIsExact interrupts a run in groups of like size, and goes on.
func TestGroupedRunIsExact(t *testing.T) {
	want := straight(t, groupedConfig(t))
	c := groupedConfig(t)
	for i, place := range []string{"step 7", "step 26", "none"} {
		if err := runUntil(t, c, place, i > 0); (err == nil) != (place == "none") {
			t.Fatalf("%s: %v", place, err)
		}
	}
	readOutcome(t, c.Dir).compare(t, want)
}

func TestGroupedMemory(t *testing.T) {
	c := groupedConfig(t)
	if len(c.stepper().Narrow) == 0 {
		t.Fatal("no narrow layouts")
	}
	m := newTestModel(t, tensor.Float32, 0.1)
	estimate, err := EstimateMemory(m, c)
	if err != nil {
		t.Fatal(err)
	}
	if got := newTestTrainer(t, m, c).Memory(); got != estimate {
		t.Errorf("%+v was expected, %+v taken", estimate, got)
	}
}

func TestNarrowLayoutsAreNarrower(t *testing.T) {
	for _, l := range []data.TokenLayout{{Length: testLength + 1}, {Length: 2, SourceLength: 2}, {Length: 2, Segments: true}} {
		c := StepperConfig{Rows: 1, Layout: data.TokenLayout{Length: testLength}.Layout(), Accumulation: 1, Narrow: []data.Layout{l.Layout()}}
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "no narrower form") {
			t.Errorf("%+v: error %v", l, err)
		}
	}
	c := testConfig(t)
	c.GroupByLength = true
	if _, err := New(newTestModel(t, tensor.Float32, 0), c); err == nil || !strings.Contains(err.Error(), "knows its rows' sizes") {
		t.Errorf("error %v for rows that don't know their sizes", err)
	}
}
