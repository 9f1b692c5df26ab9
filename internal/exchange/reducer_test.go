package exchange_test

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/exchange"
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
		tree.New(fmt.Sprint("p", i), graph.Zeros(), n)
	}
	if err := tree.Err(); err != nil {
		t.Fatal(err)
	}
	return tree.All()
}

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

// treeSum is the sum of the micro-batches from first on in plain Go.
func treeSum(n, first, param, i int) float32 {
	if n == 1 {
		return element(first, param, i)
	}
	p := 1
	for 2*p < n {
		p *= 2
	}
	return treeSum(p, first, param, i) + treeSum(n-p, first+p, param, i)
}

// TestReducersAddUpInTheTree compares the sums on all ranks with those in plain Go, twice in a row, and spreads values.
func TestReducersAddUpInTheTree(t *testing.T) {
	for _, test := range []struct {
		ranks, each int
		gather      bool
		sizes       []int
	}{
		{2, 1, false, sizes}, {3, 3, true, sizes}, {4, 1, true, sizes[4:]}, {3, 2, false, sizes[4:]}, {2, 3, true, sizes[4:]}, {2, 4, false, sizes[4:]}, {3, 3, true, sizes[2:3]}, {5, 1, false, []int{2, 3}},
	} {
		t.Run(fmt.Sprintf("%d ranks of %d", test.ranks, test.each), func(t *testing.T) {
			want := make([][]float32, len(test.sizes))
			for k, n := range test.sizes {
				for i := range n {
					want[k] = append(want[k], treeSum(test.ranks*test.each, 0, k, i))
				}
			}
			errs := make([]error, test.ranks)
			var all sync.WaitGroup
			for rank, peers := range train.LocalRanks(test.ranks) {
				params := newParams(t, test.sizes)
				all.Go(func() {
					errs[rank] = checkRank(params, peers, test.each, test.gather, want)
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

func checkRank(params []*graph.Param, peers train.Ranks, each int, gather bool, want [][]float32) error {
	rank := peers.Rank()
	r := exchange.NewReducer(exchange.Config{Peers: peers, Params: params, Accumulation: each, Gather: gather})
	defer r.Close()
	for range 2 {
		for i := range each - 1 {
			fill(params, rank*each+i)
			r.Put()
		}
		r.Begin()
		fill(params, rank*each+each-1)
		for i := range params { // as a narrower pass may find them in another order
			r.Final(params[(i+rank)%len(params)])
		}
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
				if !mine && !gather {
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
		if err := r.Spread(); err != nil {
			return err
		}
		for k, p := range params {
			for i, got := range graph.Data[float32](p) {
				if got != want[k][i] {
					return fmt.Errorf("rank %d: value %d of parameter %d is %v, expected %v", rank, i, k, got, want[k][i])
				}
			}
		}
		if owned == 0 && len(params) >= 2*peers.Size() {
			return fmt.Errorf("rank %d owns nothing", rank)
		}
	}
	return nil
}
