package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestEachRow compares products with rows that lie apart, and sums of them, with scalars, for every size up to two iterations and one of the loops and every
// number of rows that the assembly takes at a time.
func TestEachRow(t *testing.T) {
	onEveryLevel(t, func(t *testing.T) {
		for n := range 2*widest + 2 {
			for count := range 9 {
				r := rand.New(rand.NewPCG(uint64(n), uint64(count)))
				const rows = 11
				stride := n + r.IntN(5)
				x, at := random32(r, rows*stride), make([]int32, count)
				for j := range at {
					at[j] = int32(r.IntN(rows)) // some twice
				}
				a := random32(r, n)
				dots, intact := guarded(r, count)
				DotEach(dots, a, x, at, stride)
				for j, row := range at {
					want, size := 0.0, 0.0
					for k := range a {
						product := float64(a[k]) * float64(x[int(row)*stride+k])
						want, size = want+product, size+math.Abs(product)
					}
					if math.Abs(float64(dots[j])-want) > float64(n)*size/(1<<24) {
						t.Fatalf("%d elements, %d rows: product %d is %g, expected %g", n, count, j, dots[j], want)
					}
				}
				if !intact() {
					t.Fatalf("%d elements, %d rows: DotEach writes outside of dst", n, count)
				}
				s := random32(r, count)
				sum, intact := guarded(r, n)
				want, sizes := make([]float64, n), make([]float64, n)
				for k := range want {
					want[k], sizes[k] = float64(sum[k]), math.Abs(float64(sum[k]))
					for j, row := range at {
						product := float64(s[j]) * float64(x[int(row)*stride+k])
						want[k], sizes[k] = want[k]+product, sizes[k]+math.Abs(product)
					}
				}
				AXPYEach(sum, s, x, at, stride)
				for k := range want {
					if math.Abs(float64(sum[k])-want[k]) > float64(2*count)*sizes[k]/(1<<24) {
						t.Fatalf("%d elements, %d rows: element %d is %g, expected %g", n, count, k, sum[k], want[k])
					}
				}
				if !intact() {
					t.Fatalf("%d elements, %d rows: AXPYEach writes outside of dst", n, count)
				}
			}
		}
	})
}

// TestEachRowOnLevels finds the same bits on all levels that there is assembly for.
func TestEachRowOnLevels(t *testing.T) {
	var first []float32
	onEveryLevel(t, func(t *testing.T) {
		if fast == nil {
			return
		}
		r := rand.New(rand.NewPCG(5, 6))
		var all []float32
		for _, n := range []int{1, 15, 16, 17, 33, 100, 112, 300} {
			x, a, at := random32(r, 7*n), random32(r, n), []int32{3, 0, 6, 6, 1, 2, 5}
			dots := make([]float32, len(at))
			DotEach(dots, a, x, at, n)
			AXPYEach(a, dots, x, at, n)
			all = append(append(all, dots...), a...)
		}
		if first == nil {
			first = all
		}
		if !slices.Equal(all, first) {
			t.Error("other bits than on another level")
		}
	})
}

func TestAdaGradDot(t *testing.T) {
	onEveryLevel(t, func(t *testing.T) {
		for n := range 2*widest + 2 {
			r := rand.New(rand.NewPCG(uint64(n), 8))
			var x [4][]float32
			var want [4][]float32
			var intact [4]func() bool
			for i := range x {
				x[i], intact[i] = guarded(r, n)
				for k := range x[i] {
					if i >= 2 {
						x[i][k] = 1 + x[i][k]*x[i][k]
					}
				}
				want[i] = slices.Clone(x[i])
			}
			if n > 3 {
				x[0][n-2], want[0][n-2] = float32(math.NaN()), float32(math.NaN())
			}
			const slope, most, rate = float32(0.7), float32(1), float32(0.05)
			for k := range n {
				a, b := want[0][k], want[1][k]
				ga, gb := rate*min(max(slope*b, -most), most), rate*min(max(slope*a, -most), most)
				want[0][k] -= ga / float32(math.Sqrt(float64(want[2][k])))
				want[1][k] -= gb / float32(math.Sqrt(float64(want[3][k])))
				want[2][k] += float32(ga * ga)
				want[3][k] += float32(gb * gb)
			}
			AdaGradDot(x[0], x[1], x[2], x[3], slope, most, rate)
			for i := range x {
				for k := range x[i] {
					if !same(x[i][k], want[i][k]) {
						t.Fatalf("%d elements: element %d of slice %d is %g, expected %g", n, k, i, x[i][k], want[i][k])
					}
				}
				if !intact[i]() {
					t.Fatalf("%d elements: it writes outside of slice %d", n, i)
				}
			}
		}
	})
}

func BenchmarkEachRow(b *testing.B) {
	for _, n := range []int{100, 112} {
		r := rand.New(rand.NewPCG(1, 2))
		x, a, at := random32(r, 6*n), random32(r, n), []int32{0, 1, 2, 3, 4, 5}
		dots := make([]float32, len(at))
		b.Run(fmt.Sprintf("dot/%d", n), func(b *testing.B) {
			for b.Loop() {
				DotEach(dots, a, x, at, n)
			}
		})
		b.Run(fmt.Sprintf("axpy/%d", n), func(b *testing.B) {
			clear(dots)
			for b.Loop() {
				AXPYEach(a, dots, x, at, n)
			}
		})
	}
}
