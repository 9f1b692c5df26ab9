package kernels

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/cpu"
	"github.com/seahorse-ml/seahorse/internal/memory"
	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// keepSettings sets back the number of threads and the threshold for writing past the caches when t ends.
func keepSettings(t *testing.T) {
	workers, size := parallel.Workers(), streamedSize
	t.Cleanup(func() {
		parallel.SetWorkers(workers)
		streamedSize = size
	})
}

// TestPast holds what is written past the caches to what isn't, with guards around it, for results that begin a line of the caches and
// for others.
func TestPast(t *testing.T) {
	onEveryLevel(t, func(t *testing.T) {
		for _, n := range []int{0, 1, 15, 16, 17, 31, 32, 33, 48, 64, 160} {
			for _, offset := range []int{0, 1, 8} {
				r := rand.New(rand.NewPCG(uint64(n), uint64(offset)))
				x, b, dy, w := random32(r, 2*n), random32(r, 2*n), random32(r, 2*n), random32(r, n)
				da, db, mean, rstd := make([]float32, 2*n), make([]float32, 2*n), make([]float32, 2), make([]float32, 2)
				check := func(what string, run func(dst []float32, past bool)) {
					t.Helper()
					const margin = 64
					var got [2][]float32
					for i := range got {
						size := margin + offset + 2*n + margin
						got[i] = memory.Make[float32](size)
						Fill(got[i], guard)
						run(got[i][margin+offset:][:2*n], i == 1)
					}
					equalBits(t, fmt.Sprintf("%s of %d elements from %d on", what, 2*n, offset), got[1], got[0])
				}
				for kind := range Activation(activations) {
					check(kind.String(), func(dst []float32, past bool) { Activate(kind, dst, x, past) })
					check(kind.String()+"'s value", func(dst []float32, past bool) { ActivateValueGrad(kind, da, dst, x, dy, past) })
					check(kind.String()+" gate", func(dst []float32, past bool) { Gate(kind, dst, x, b, past) })
					check(kind.String()+" gate's value", func(dst []float32, past bool) { GateValueGrad(kind, da, db, dst, x, b, dy, past) })
				}
				check("AdamW", func(dst []float32, past bool) {
					copy(dst, b)
					AdamW(dst, dy, slices.Clone(x), make([]float32, 2*n), AdamWStep{LR: 0.1, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, Correction1: 0.1, Correction2: 0.05, GradScale: 1, Past: past})
				})
				if n > 0 {
					check("layer norm", func(dst []float32, past bool) { LayerNorm(dst, mean, rstd, x, w, w, 2, n, 1e-5, past) })
					check("RMS norm", func(dst []float32, past bool) { RMSNorm(dst, rstd, x, w, 2, n, 1e-5, 0, past) })
					for _, adds := range []bool{false, true} {
						check("layer norm's gradient", func(dst []float32, past bool) {
							copy(dst, b)
							LayerNormGrad(dst, nil, nil, dy, x, w, mean, rstd, 2, n, adds, past)
						})
						check("RMS norm's gradient", func(dst []float32, past bool) {
							copy(dst, b)
							RMSNormGrad(dst, nil, dy, x, w, rstd, 2, n, 0, adds, past)
						})
					}
				}
			}
		}
	})
}

// TestAttentionPast holds attention whose results are written past the caches to the same that isn't, on several threads.
func TestAttentionPast(t *testing.T) {
	keepSettings(t)
	parallel.SetWorkers(3)
	for _, c := range []AttentionConfig{
		{Batch: 3, Queries: 64, Keys: 64, Heads: 4, KVHeads: 2, HeadSize: 32, Causal: true},
		{Batch: 2, Queries: 150, Keys: 150, Heads: 2, KVHeads: 2, HeadSize: 48, Causal: true},
		{Batch: 2, Queries: 40, Keys: 70, Heads: 2, KVHeads: 1, HeadSize: 16},
	} {
		width, kvWidth := c.Heads*c.HeadSize, c.KVHeads*c.HeadSize
		c.Scale, c.QStride, c.KStride, c.VStride, c.OStride = 0.2, width+32, kvWidth+16, kvWidth, width+16
		r := rand.New(rand.NewPCG(51, 52))
		queries, keys := c.Batch*c.Queries, c.Batch*c.Keys
		q, k, v, dout := random32(r, queries*c.QStride), random32(r, keys*c.KStride), random32(r, keys*c.VStride), random32(r, queries*c.OStride)
		run := func(least int) (results [4][]float32, streams [2]bool) {
			streamedSize = least
			for i, n := range []int{queries * c.OStride, queries * c.QStride, keys * c.KStride, keys * c.VStride} {
				results[i] = memory.Make[float32](n)
				Fill(results[i], guard)
			}
			a, lse := newTrained[float32](c), make([]float32, c.Batch*c.Heads*c.Queries)
			a.Forward(results[0], lse, q, k, v, AttentionMask[float32]{})
			a.Backward(results[1], results[2], results[3], nil, dout, results[0], lse, q, k, v, AttentionMask[float32]{})
			return results, [2]bool{a.streams(c.Heads*c.Queries, results[0], c.OStride), a.streams(c.KVHeads*c.Keys, results[3], c.VStride)}
		}
		want, _ := run(1 << 40)
		got, streams := run(0)
		if streams != [2]bool{true, true} {
			t.Errorf("%+v isn't written past the caches", c)
		}
		for i, name := range []string{"out", "dq", "dk", "dv"} {
			equalBits(t, fmt.Sprintf("%s of %+v", name, c), got[i], want[i])
		}
	}
}

// TestStreams tells which results are written past the caches.
func TestStreams(t *testing.T) {
	n := streamedSize * parallel.Workers() / 4
	x := memory.Make[float32](n + 16)
	for what, s := range map[string]struct{ got, want bool }{
		"a large result":             {Streams(x[:n], make([]float32, n)), true},
		"one element less":           {Streams(x[:n-1]), false},
		"one that begins anywhere":   {Streams(x[1 : n+1]), false},
		"one in an operand's place":  {Streams(x[:n], make([]float32, n), x[:n]), false},
		"nothing":                    {Streams[float32](nil), false},
		"one beside all its operand": {Streams(x[:n], x[16:]), true},
	} {
		if s.got != s.want {
			t.Errorf("%s: %v, want %v", what, s.got, s.want)
		}
	}
	most := cpu.CacheSizes().L3 / 4
	for n, want := range map[int]bool{0: false, n - 1: false, n: n <= most, most: n <= most, most + 1: false} {
		if got := StreamsShared[float32](n); got != want {
			t.Errorf("%d shared elements: %v, want %v", n, got, want)
		}
	}
}
