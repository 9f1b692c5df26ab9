package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/memory"
	"github.com/seahorse-ml/seahorse/internal/parallel"
)

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
				if n > 0 {
					check("layer norm", func(dst []float32, past bool) { LayerNorm(dst, mean, rstd, x, w, w, 2, n, 1e-5, past) })
					check("RMS norm", func(dst []float32, past bool) { RMSNorm(dst, rstd, x, w, 2, n, 1e-5, 0, past) })
				}
			}
		}
	})
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
}
