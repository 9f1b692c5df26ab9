package graph

import (
	"slices"
	"testing"

	"gorgonia.org/tensor"
)

// TestGradientsAreFoundForGood compares what OnGradient is told with the gradients at the end of the run.
func TestGradientsAreFoundForGood(t *testing.T) {
	for _, overlap := range []bool{false, true} {
		p := newTinyParams(tensor.Float64)
		m, ids, _ := compileTinyBy(t, p, 0, true, func(g *Graph, outputs ...*Node) (*Machine, error) {
			if overlap {
				g.OverlapGradients()
			}
			return Compile(g, outputs...)
		})
		for i := range Ints(ids) {
			Ints(ids)[i] = int32(i % 4)
		}
		found := map[*Param][]float64{}
		var order []*Param
		looked := m.Lookups()
		if len(looked) != 1 || looked[0].Param != p.table || len(looked[0].IDs) != 1 {
			t.Fatalf("overlap %v: the lookups are %v, expected that of the table", overlap, looked)
		}
		var early []float64
		m.OnLookup(func(p *Param) {
			order = append(order, p)
			early = slices.Clone(GradData[float64](p))
		})
		m.OnGradient(func(p *Param) {
			if p != looked[0].Param {
				order = append(order, p)
			}
			found[p] = slices.Clone(GradData[float64](p))
		})
		run(t, m)
		checkEarly(t, p.table, early, Ints(looked[0].IDs[0]))
		if !slices.Equal(order, m.GradientOrder()) || len(order) != len(p.tree.All()) {
			t.Errorf("overlap %v: %d gradients were found, expected those of GradientOrder, %d", overlap, len(order), len(p.tree.All()))
		}
		for p, early := range found {
			if !slices.Equal(early, GradData[float64](p)) {
				t.Errorf("overlap %v: the gradient of %s changed after it was found", overlap, p.Name)
			}
		}
		if order[0] != p.table || order[1] == p.tree.All()[1] {
			t.Errorf("overlap %v: gradients are found in the order %v, expected that of the backward pass", overlap, order)
		}
		m.OnGradient(nil)
		m.OnLookup(nil)
		run(t, m)
		m.Close()
	}
}

// checkEarly compares what was found of a table's gradient early with what it is: all rows but those that ids name are equal, and of these some aren't.
func checkEarly(t *testing.T, table *Param, early []float64, ids []int32) {
	t.Helper()
	later := 0
	for i, g := range GradData[float64](table) {
		if early[i] == g {
			continue
		}
		if later++; !slices.Contains(ids, int32(i/table.Shape[1])) {
			t.Errorf("row %d of %s changed after it was found", i/table.Shape[1], table.Name)
		}
	}
	if later == 0 {
		t.Errorf("no row of %s is found late", table.Name)
	}
}

// TestParametersAreAwaited changes each parameter when the machine is about to read it first, of the table that is looked up only the rows: the loss must
// be that of the new values.
func TestParametersAreAwaited(t *testing.T) {
	p := newTinyParams(tensor.Float64)
	m, ids, loss := compileTiny(t, p, 0)
	defer m.Close()
	for i := range Ints(ids) {
		Ints(ids)[i] = int32(i % 4)
	}
	values := map[*Param][]float64{}
	for _, param := range p.tree.All() {
		values[param] = slices.Clone(Data[float64](param))
	}
	run(t, m)
	want := Scalar(loss)
	for param := range values {
		clear(Data[float64](param))
	}
	looked := 0
	m.OnRead(func(param *Param, rows bool) {
		if !rows {
			copy(Data[float64](param), values[param])
			return
		}
		looked++
		for _, id := range Ints(ids) {
			copy(Data[float64](param)[int(id)*param.Shape[1]:], values[param][int(id)*param.Shape[1]:][:param.Shape[1]])
		}
	})
	run(t, m)
	if looked != 1 {
		t.Errorf("rows are awaited %d times, expected those of the table once", looked)
	}
	if got := Scalar(loss); got != want {
		t.Errorf("the loss is %v, expected %v", got, want)
	}
}
