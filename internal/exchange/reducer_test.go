package exchange_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/exchange"
	"github.com/seahorse-ml/seahorse/internal/float16"
	"github.com/seahorse-ml/seahorse/optim"
	"github.com/seahorse-ml/seahorse/train"
	"gorgonia.org/tensor"
)

// sizes are those of parameters that make several buckets, of which one is cut over some and some share one.
var sizes = []int{3, 400_001, 70, 700_000, optim.PieceSize, optim.PieceSize + 1, 5}

func newParams(t *testing.T, sizes []int) []*graph.Param {
	t.Helper()
	tree := graph.NewParams(tensor.Float32, 1)
	for i, n := range sizes {
		shape := []int{n}
		if n%tableWidth == 0 {
			shape = []int{n / tableWidth, tableWidth}
		}
		tree.New(fmt.Sprint("p", i), graph.Zeros(), shape...)
	}
	if err := tree.Err(); err != nil {
		t.Fatal(err)
	}
	return tree.All()
}

// tableWidth is that of parameters that are tables, and table their number of elements: several buckets, of which pieces end within rows.
const (
	tableWidth = 84
	table      = 15_000 * tableWidth
)

// element is what a micro-batch finds for an element: numbers whose sums are rounded.
func element(micro, param, i int) float32 {
	x := uint32(micro*7919+param*104729+i) * 2654435761
	return float32(math.Ldexp(float64(x>>8), int(x%13)-30))
}

func fill(params []*graph.Param, micro int) {
	for k, p := range params {
		g := graph.GradData[float32](p)
		for i := range g {
			g[i] = element(micro, k, i)
		}
	}
}

// treeSum is the sum of the micro-batches from first on in plain Go, rounded to bfloat16 or not.
func treeSum(n, first, param, i int, rounded bool) (sum float32) {
	if n == 1 {
		sum = element(first, param, i)
	} else {
		p := 1
		for 2*p < n {
			p *= 2
		}
		sum = treeSum(p, first, param, i, rounded) + treeSum(n-p, first+p, param, i, rounded)
	}
	if rounded {
		sum = float16.Brain(float16.ToBrain(sum))
	}
	return sum
}

// reducing is a case of what is added up.
type reducing struct {
	ranks, each   int
	gather, round bool
	sizes         []int
	late          int // each so many rows of the tables are late on a rank; 0 exchanges them whole
}

// TestReducersAddUpInTheTree compares the sums on all ranks with those in plain Go, twice in a row, and spreads values.
func TestReducersAddUpInTheTree(t *testing.T) {
	tables := []int{3, table, 70, 2 * tableWidth}
	for _, c := range []reducing{
		{ranks: 2, each: 1, sizes: sizes}, {ranks: 3, each: 3, gather: true, sizes: sizes}, {ranks: 4, each: 1, gather: true, sizes: sizes[4:]},
		{ranks: 3, each: 2, sizes: sizes[4:]}, {ranks: 2, each: 3, gather: true, sizes: sizes[4:]}, {ranks: 2, each: 4, sizes: sizes[4:]},
		{ranks: 3, each: 3, gather: true, sizes: sizes[2:3]}, {ranks: 5, each: 1, sizes: []int{2, 3}},
		{ranks: 2, each: 1, round: true, sizes: sizes}, {ranks: 3, each: 3, gather: true, round: true, sizes: sizes[4:]}, {ranks: 2, each: 2, round: true, gather: true, sizes: sizes[4:]},
		{ranks: 2, each: 1, sizes: tables}, {ranks: 2, each: 1, sizes: tables, late: 100}, {ranks: 3, each: 3, gather: true, sizes: tables, late: 2},
		{ranks: 2, each: 2, round: true, gather: true, sizes: tables, late: 7},
	} {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			want := make([][]float32, len(c.sizes))
			for k, n := range c.sizes {
				for i := range n {
					want[k] = append(want[k], treeSum(c.ranks*c.each, 0, k, i, c.round))
				}
			}
			errs := make([]error, c.ranks)
			var all sync.WaitGroup
			for rank, peers := range train.LocalRanks(c.ranks) {
				params := newParams(t, c.sizes)
				all.Go(func() {
					errs[rank] = c.check(params, peers, want)
					if errs[rank] != nil {
						peers.Abort(errs[rank])
					}
				})
			}
			all.Wait()
			if err := errors.Join(errs...); err != nil {
				t.Error(err)
			}
		})
	}
}

// lookups returns the tables among parameters, and which of their rows are late on a rank, or on any.
func (c reducing) lookups(params []*graph.Param) (tables []*graph.Param, late func(rank, row int) bool, any []exchange.Rows) {
	late = func(rank, row int) bool { return c.late > 0 && (row+rank)%c.late == 0 }
	for _, p := range params {
		if len(p.Shape) != 2 {
			continue
		}
		tables = append(tables, p)
		if c.late == 0 {
			continue
		}
		rows := exchange.NewRows(p.Shape[0])
		for i := range p.Shape[0] {
			for rank := range c.ranks {
				if late(rank, i) {
					rows.Add(i)
				}
			}
		}
		any = append(any, rows)
	}
	return tables, late, any
}

// pass finds the gradients of the last micro-batch: first all but the late rows of tables, which hold something else before.
func (c reducing) pass(r exchange.Reducer, params, tables []*graph.Param, late func(rank, row int) bool, rank int) {
	micro := rank*c.each + c.each - 1
	fill(params, micro)
	for _, p := range tables {
		g := graph.GradData[float32](p)
		for i := range g {
			if late(rank, i/tableWidth) {
				g[i] = float32(math.NaN())
			}
		}
		r.Early(p)
	}
	for i := range params { // as a narrower pass may find them in another order
		if p := params[(i+rank)%len(params)]; !slices.Contains(tables, p) {
			r.Final(p)
		}
	}
	for _, p := range tables {
		k := slices.Index(params, p)
		g := graph.GradData[float32](p)
		for i := range g {
			if late(rank, i/tableWidth) {
				g[i] = element(micro, k, i)
			}
		}
		r.Final(p)
	}
}

// check makes two steps on a rank.
func (c reducing) check(params []*graph.Param, peers train.Ranks, want [][]float32) error {
	rank := peers.Rank()
	tables, late, rows := c.lookups(params)
	r := exchange.NewReducer(exchange.Config{Peers: peers, Params: params, Accumulation: c.each, Gather: c.gather, Round: c.round, Lookups: tables})
	defer r.Close()
	for range 2 {
		for i := range c.each - 1 {
			fill(params, rank*c.each+i)
			r.Put()
		}
		r.Begin(rows)
		c.pass(r, params, tables, late, rank)
		if err := r.Wait(); err != nil {
			return err
		}
		owned := 0
		for k, p := range params {
			values := graph.Data[float32](p)
			mine := false
			for i, got := range graph.GradData[float32](p) {
				if i%optim.PieceSize == 0 {
					if mine = r.Owner(p, i) == rank; mine {
						owned++
					}
				}
				values[i] = float32(math.NaN())
				if !mine && !c.gather {
					continue
				}
				if math.Float32bits(got) != math.Float32bits(want[k][i]) {
					return fmt.Errorf("rank %d: element %d of parameter %d is %v, expected %v", rank, i, k, got, want[k][i])
				}
				if mine {
					values[i] = got
				}
			}
		}
		r.Spread(rows)
		for _, whole := range []bool{false, true} {
			for k, p := range params {
				r.Await(p, !whole)
				l := slices.Index(tables, p)
				for i, got := range graph.Data[float32](p) {
					if there := whole || rows == nil || l < 0 || rows[l].Has(i/tableWidth); there && got != want[k][i] {
						return fmt.Errorf("rank %d: value %d of parameter %d is %v, expected %v", rank, i, k, got, want[k][i])
					}
				}
			}
		}
		if err := r.Settle(); err != nil {
			return err
		}
		if owned == 0 && len(params) >= 2*peers.Size() {
			return fmt.Errorf("rank %d owns nothing", rank)
		}
	}
	return nil
}
