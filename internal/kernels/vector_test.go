package kernels

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestVectorOperations checks sizes up to two iterations and one of the loops
// against scalars, with guards around the buffers and dst apart from and the same as a source.
func TestVectorOperations(t *testing.T) {
	const s = float32(-1.7)
	operations := []struct {
		name string
		run  func(dst, a, b []float32)
		want func(dst, a, b float32) float32
	}{
		{"Add", Add[float32], func(_, a, b float32) float32 { return a + b }},
		{"Mul", Mul[float32], func(_, a, b float32) float32 { return a * b }},
		{"Accumulate", func(dst, a, _ []float32) { Accumulate(dst, a) }, func(dst, a, _ float32) float32 { return dst + a }},
		{"Scale", func(dst, a, _ []float32) { Scale(dst, a, s) }, func(_, a, _ float32) float32 { return s * a }},
		{"AXPY", func(dst, a, _ []float32) { AXPY(dst, a, s) }, func(dst, a, _ float32) float32 { return dst + float32(s*a) }},
		{"Fill", func(dst, _, _ []float32) { Fill(dst, s) }, func(_, _, _ float32) float32 { return s }},
	}
	onEveryLevel(t, func(t *testing.T) {
		for _, op := range operations {
			for n := range 2*widest + 2 {
				r := rand.New(rand.NewPCG(uint64(n), 1))
				dst, intact := guarded(r, n)
				a, b := random32(r, n), random32(r, n)
				sprinkle(r, a)
				for _, alias := range []string{"none", "a", "b"} {
					x, y := slices.Clone(a), slices.Clone(b)
					switch alias {
					case "a":
						x = dst
					case "b":
						y = dst
					}
					want := make([]float32, n)
					for i := range want {
						want[i] = op.want(dst[i], x[i], y[i])
					}
					op.run(dst, x, y)
					compare(t, op.name+", dst as "+alias, dst, want, 0)
				}
				if !intact() {
					t.Fatalf("%s of %d elements writes outside of dst", op.name, n)
				}
			}
		}
	})
}

func TestReductions(t *testing.T) {
	onEveryLevel(t, func(t *testing.T) {
		for n := range 2*widest + 2 {
			r := rand.New(rand.NewPCG(uint64(n), 2))
			a, b := random32(r, n), random32(r, n)
			var sum, dot, squares, size float64
			for i := range a {
				sum += float64(a[i])
				dot += float64(a[i]) * float64(b[i])
				squares += float64(a[i]) * float64(a[i])
				size += math.Abs(float64(a[i])) + math.Abs(float64(a[i])*float64(b[i]))
			}
			// n roundings at most, each of a partial sum no larger than size.
			tolerance := float64(n) * size / (1 << 24)
			for _, test := range []struct {
				name      string
				got, want float64
				tolerance float64
			}{
				{"Sum", float64(Sum(a)), sum, tolerance},
				{"Dot", float64(Dot(a, b)), dot, tolerance},
				{"SumSquares", SumSquares(a), squares, 1e-14 * squares},
			} {
				if math.Abs(test.got-test.want) > test.tolerance {
					t.Errorf("%s of %d elements is %.9g, want %.9g", test.name, n, test.got, test.want)
				}
			}
			if v := fastFor[float32](); v != nil {
				for i := range a {
					a[i] -= 100 // so that lanes that don't exist would win as zeros
				}
				if got, want := v.maxOf(a), slices.Max(append(a, float32(math.Inf(-1)))); got != want {
					t.Errorf("the greatest of %d elements is %g, want %g", n, got, want)
				}
			}
			if n > 0 {
				a[r.IntN(n)] = float32(math.NaN())
				if v := Sum(a); v == v {
					t.Errorf("Sum of %d elements, one of them NaN, is %g", n, v)
				}
			}
		}
	})
}

func TestColumnSum(t *testing.T) {
	onEveryLevel(t, func(t *testing.T) {
		for _, rows := range []int{0, 1, 2, 3, 4, 5, 9} {
			for _, cols := range []int{1, 7, 16, 33, 70} {
				for _, accumulate := range []bool{false, true} {
					r := rand.New(rand.NewPCG(uint64(rows), uint64(cols)))
					x := random32(r, rows*cols)
					dst, intact := guarded(r, cols)
					lo, hi := cols/4, cols-cols/5
					want := slices.Clone(dst)
					for c := lo; c < hi; c++ {
						if !accumulate {
							want[c] = 0
						}
						for row := range rows {
							want[c] += x[row*cols+c]
						}
					}
					ColumnSum(dst, x, rows, cols, lo, hi, accumulate)
					compare(t, "column sums", dst, want, 0)
					if !intact() {
						t.Fatal("ColumnSum writes outside of dst")
					}
				}
			}
		}
	})
}

func TestGatherAndScatter(t *testing.T) {
	onEveryLevel(t, func(t *testing.T) {
		const rows, cols = 5, 37
		r := rand.New(rand.NewPCG(1, 3))
		table, ids := random32(r, rows*cols), []int32{3, 0, 3, 4, 3}
		dst := make([]float32, len(ids)*cols)
		Gather(dst, table, ids, cols)
		for i, id := range ids {
			compare(t, "gathered row", dst[i*cols:(i+1)*cols], table[int(id)*cols:int(id+1)*cols], 0)
		}
		sums, want := make([]float32, rows*cols), make([]float32, rows*cols)
		for i, id := range ids {
			for c := range cols {
				want[int(id)*cols+c] += dst[i*cols+c]
			}
		}
		ScatterAdd(sums, dst, ids, cols, 0, 20)
		ScatterAdd(sums, dst, ids, cols, 20, cols)
		compare(t, "scattered rows", sums, want, 0)
	})
}
