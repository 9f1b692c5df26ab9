package kernels

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// naiveAttention is attention by its definition in float64, score by score, with
// gradients by the chain rule.
type naiveAttention struct {
	AttentionConfig
	segments []int32
	bias     []float64
	q, k, v  []float64
}

// score returns the score of key j for query i, the slope of the cap there, and whether it is seen.
func (a *naiveAttention) score(b, h, i, j int) (s, slope float64, seen bool) {
	pos := i + a.Keys - a.Queries
	if a.Causal && j > pos && j >= a.Prefix || a.Window > 0 && j <= pos-a.Window {
		return 0, 0, false
	}
	if a.segments != nil {
		own := a.segments[b*a.Keys+j]
		if own < 0 || !a.Cross && a.segments[b*a.Keys+pos] != own {
			return 0, 0, false
		}
	}
	q, k := a.query(b, i, h, a.QStride), a.key(b, j, h, a.KStride)
	for e := range a.HeadSize {
		s += a.q[q+e] * a.k[k+e]
	}
	s *= a.Scale
	slope = 1
	if a.SoftCap > 0 {
		t := math.Tanh(s / a.SoftCap)
		s, slope = a.SoftCap*t, 1-t*t
	}
	if a.Slopes != nil {
		s += a.Slopes[h] * float64(j-pos)
	}
	if a.bias != nil {
		s += a.bias[(h*a.Queries+i)*a.Keys+j]
	}
	return s, slope, true
}

func (a *naiveAttention) query(b, i, h, stride int) int {
	return (b*a.Queries+i)*stride + h*a.HeadSize
}

func (a *naiveAttention) key(b, j, h, stride int) int {
	return (b*a.Keys+j)*stride + h/(a.Heads/a.KVHeads)*a.HeadSize
}

// Random numbers of the tests.
const attentionSeed, attentionStream = 5, 7

// factor returns what a weight is multiplied with by dropout.
func (a *naiveAttention) factor(b, h, i, j int) float64 {
	panel := (b*a.Heads+h)*ceilDiv(a.Queries, attentionLanes) + i/attentionLanes
	at := uint64(panel*a.Keys+j)*attentionLanes + uint64(i%attentionLanes)
	if dropped(a.Dropout, attentionSeed, attentionStream, at) {
		return 0
	}
	return 1 / (1 - DropoutRate(a.Dropout))
}

// eachRow calls f with each query's probabilities, slopes and log-sum-exp.
func (a *naiveAttention) eachRow(f func(b, h, i int, p, slopes []float64, lse float64)) {
	p, slopes := make([]float64, a.Keys), make([]float64, a.Keys)
	for b := range a.Batch {
		for h := range a.Heads {
			for i := range a.Queries {
				most, sum := math.Inf(-1), 0.0
				for j := range a.Keys {
					s, slope, seen := a.score(b, h, i, j)
					if !seen {
						s = math.Inf(-1)
					}
					p[j], slopes[j] = s, slope
					most = max(most, s)
				}
				for j := range p {
					if !math.IsInf(p[j], -1) {
						p[j] = math.Exp(p[j] - most)
						sum += p[j]
					} else {
						p[j] = 0
					}
				}
				if sum > 0 {
					for j := range p {
						p[j] /= sum
					}
				}
				f(b, h, i, p, slopes, most+math.Log(sum))
			}
		}
	}
}

func (a *naiveAttention) forward(out, lse []float64) {
	a.eachRow(func(b, h, i int, p, _ []float64, sum float64) {
		o := out[a.query(b, i, h, a.OStride):][:a.HeadSize]
		clear(o)
		for j := range p {
			for e := range o {
				o[e] += p[j] * a.factor(b, h, i, j) * a.v[a.key(b, j, h, a.VStride)+e]
			}
		}
		lse[(b*a.Heads+h)*a.Queries+i] = sum
	})
}

func (a *naiveAttention) backward(dq, dk, dv, dbias, dout []float64) {
	a.eachRow(func(b, h, i int, p, slopes []float64, _ float64) {
		q, o := a.query(b, i, h, a.QStride), a.query(b, i, h, a.OStride)
		dp := make([]float64, a.Keys)
		var dot float64
		for j := range p {
			for e := range a.HeadSize {
				dp[j] += dout[o+e] * a.v[a.key(b, j, h, a.VStride)+e] * a.factor(b, h, i, j)
			}
			dot += p[j] * dp[j]
		}
		for j := range p {
			ds := p[j] * (dp[j] - dot)
			if dbias != nil {
				dbias[(h*a.Queries+i)*a.Keys+j] += ds
			}
			ds *= slopes[j] * a.Scale
			k, v := a.key(b, j, h, a.KStride), a.key(b, j, h, a.VStride)
			for e := range a.HeadSize {
				dv[v+e] += p[j] * a.factor(b, h, i, j) * dout[o+e]
				dq[q+e] += ds * a.k[k+e]
				dk[k+e] += ds * a.q[q+e]
			}
		}
	})
}

// attentionCase is a configuration with what the masks need.
type attentionCase struct {
	name     string
	config   AttentionConfig
	packed   bool // queries, keys and values in one buffer
	segments func(b, j int) int32
	bias     bool
}

var attentionCases = []attentionCase{
	{name: "plain", config: AttentionConfig{Batch: 2, Queries: 40, Keys: 40, Heads: 2, KVHeads: 2, HeadSize: 16}},
	{name: "tiny", config: AttentionConfig{Batch: 1, Queries: 1, Keys: 1, Heads: 1, KVHeads: 1, HeadSize: 1}},
	{name: "causal", config: AttentionConfig{Batch: 1, Queries: 150, Keys: 150, Heads: 2, KVHeads: 2, HeadSize: 24, Causal: true}, packed: true},
	{name: "causal head 64", config: AttentionConfig{Batch: 1, Queries: 128, Keys: 128, Heads: 1, KVHeads: 1, HeadSize: 64, Causal: true}, packed: true},
	{name: "one panel", config: AttentionConfig{Batch: 2, Queries: 64, Keys: 64, Heads: 4, KVHeads: 2, HeadSize: 32, Causal: true}, packed: true},
	{name: "one panel, not causal", config: AttentionConfig{Batch: 1, Queries: 32, Keys: 56, Heads: 2, KVHeads: 2, HeadSize: 48}},
	{name: "keys before the queries", config: AttentionConfig{Batch: 1, Queries: 64, Keys: 73, Heads: 1, KVHeads: 1, HeadSize: 16, Causal: true}},
	{name: "odd head size", config: AttentionConfig{Batch: 2, Queries: 33, Keys: 33, Heads: 3, KVHeads: 3, HeadSize: 5, Causal: true}},
	{name: "grouped", config: AttentionConfig{Batch: 2, Queries: 70, Keys: 70, Heads: 6, KVHeads: 2, HeadSize: 8, Causal: true}, packed: true},
	{name: "many heads", config: AttentionConfig{Batch: 3, Queries: 35, Keys: 35, Heads: 6, KVHeads: 6, HeadSize: 8, Causal: true}, packed: true},
	{name: "one query on a cache", config: AttentionConfig{Batch: 2, Queries: 1, Keys: 77, Heads: 4, KVHeads: 2, HeadSize: 16, Causal: true}},
	{name: "one query, head 64", config: AttentionConfig{Batch: 3, Queries: 1, Keys: 99, Heads: 2, KVHeads: 2, HeadSize: 64, Causal: true}},
	{name: "one query, grouped, in a window", config: AttentionConfig{Batch: 1, Queries: 1, Keys: 200, Heads: 17, KVHeads: 1, HeadSize: 32, Causal: true, Window: 70}},
	{name: "one query on nothing", config: AttentionConfig{Batch: 2, Queries: 1, Keys: 40, Heads: 2, KVHeads: 1, HeadSize: 32, Cross: true},
		segments: func(b, _ int) int32 { return int32(b) - 1 }},
	{name: "one query, capped and biased", config: AttentionConfig{Batch: 1, Queries: 1, Keys: 40, Heads: 2, KVHeads: 1, HeadSize: 32, Causal: true,
		SoftCap: 2, Slopes: []float64{0.5, 0.25}}, bias: true},
	{name: "a few queries on a cache", config: AttentionConfig{Batch: 1, Queries: 9, Keys: 140, Heads: 2, KVHeads: 1, HeadSize: 16, Causal: true}},
	{name: "cross", config: AttentionConfig{Batch: 2, Queries: 45, Keys: 19, Heads: 2, KVHeads: 2, HeadSize: 16}},
	{name: "cross with padding", config: AttentionConfig{Batch: 2, Queries: 20, Keys: 70, Heads: 2, KVHeads: 2, HeadSize: 16, Cross: true},
		segments: func(b, j int) int32 { return int32(min(0, 1+b*20-j)) >> 31 }},
	{name: "square cross with padding", config: AttentionConfig{Batch: 2, Queries: 50, Keys: 50, Heads: 2, KVHeads: 2, HeadSize: 16, Cross: true},
		segments: func(b, j int) int32 { return int32(min(0, 1+b*20-j)) >> 31 }},
	{name: "window", config: AttentionConfig{Batch: 1, Queries: 200, Keys: 200, Heads: 1, KVHeads: 1, HeadSize: 16, Causal: true, Window: 37}},
	{name: "window of one", config: AttentionConfig{Batch: 1, Queries: 40, Keys: 40, Heads: 1, KVHeads: 1, HeadSize: 16, Causal: true, Window: 1}},
	{name: "prefix", config: AttentionConfig{Batch: 1, Queries: 90, Keys: 90, Heads: 2, KVHeads: 2, HeadSize: 16, Causal: true, Prefix: 50}},
	{name: "prefix and window", config: AttentionConfig{Batch: 1, Queries: 90, Keys: 90, Heads: 2, KVHeads: 2, HeadSize: 16, Causal: true, Prefix: 50, Window: 20}},
	{name: "cap", config: AttentionConfig{Batch: 1, Queries: 70, Keys: 70, Heads: 2, KVHeads: 1, HeadSize: 16, Causal: true, SoftCap: 0.5}},
	{name: "slopes", config: AttentionConfig{Batch: 1, Queries: 70, Keys: 70, Heads: 2, KVHeads: 2, HeadSize: 16, Causal: true, Slopes: []float64{0.25, 0.5}}},
	{name: "bias", config: AttentionConfig{Batch: 3, Queries: 37, Keys: 41, Heads: 2, KVHeads: 2, HeadSize: 16}, bias: true},
	{name: "segments", config: AttentionConfig{Batch: 2, Queries: 150, Keys: 150, Heads: 2, KVHeads: 2, HeadSize: 16, Causal: true}, packed: true,
		segments: func(b, j int) int32 { return int32(j / (37 + 30*b)) }},
	{name: "padding", config: AttentionConfig{Batch: 2, Queries: 100, Keys: 100, Heads: 2, KVHeads: 2, HeadSize: 16},
		segments: func(b, j int) int32 {
			if j >= 31+60*b {
				return -1
			}
			return 0
		}},
	{name: "mixed segments", config: AttentionConfig{Batch: 1, Queries: 80, Keys: 80, Heads: 1, KVHeads: 1, HeadSize: 16},
		segments: func(_, j int) int32 { return int32(j*7%4) - 1 }},
	{name: "dropout", config: AttentionConfig{Batch: 2, Queries: 150, Keys: 150, Heads: 2, KVHeads: 1, HeadSize: 16, Causal: true, Dropout: 0.25}, packed: true},
	{name: "dropout, one query", config: AttentionConfig{Batch: 2, Queries: 1, Keys: 70, Heads: 2, KVHeads: 2, HeadSize: 32, Causal: true, Dropout: 0.25}},
	{name: "dropout and all else", config: AttentionConfig{Batch: 2, Queries: 70, Keys: 75, Heads: 4, KVHeads: 2, HeadSize: 12,
		Causal: true, Window: 60, Prefix: 10, SoftCap: 2, Slopes: []float64{0.5, 0.25, 0.125, 0}, Dropout: 0.5}, bias: true,
		segments: func(_, j int) int32 { return int32(j / 40) }},
	{name: "all at once", config: AttentionConfig{Batch: 2, Queries: 60, Keys: 75, Heads: 4, KVHeads: 2, HeadSize: 12,
		Causal: true, Window: 40, Prefix: 10, SoftCap: 2, Slopes: []float64{0.5, 0.25, 0.125, 0}}, bias: true,
		segments: func(_, j int) int32 { return int32(j / 30) }},
}

// attentionData has the buffers of a case.
type attentionData[T Float] struct {
	config                  AttentionConfig
	q, k, v, out, lse, bias []T
	dq, dk, dv, dbias, dout []T
	segments                []int32
}

func randomSlice[T Float](r *rand.Rand, n int) []T {
	s := make([]T, n)
	for i := range s {
		s[i] = T(float32(r.NormFloat64())) // exact in both types
	}
	return s
}

func newAttentionData[T Float](test attentionCase) *attentionData[T] {
	r := rand.New(rand.NewPCG(1, 2))
	c := test.config
	d := &attentionData[T]{}
	width, kvWidth := c.Heads*c.HeadSize, c.KVHeads*c.HeadSize
	c.Scale = 1.5 / math.Sqrt(float64(c.HeadSize))
	c.OStride = width + 3
	if test.packed {
		row := width + 2*kvWidth
		c.QStride, c.KStride, c.VStride = row, row, row
		all, grads := randomSlice[T](r, c.Batch*c.Queries*row), randomSlice[T](r, c.Batch*c.Queries*row)
		d.q, d.k, d.v = all, all[width:], all[width+kvWidth:]
		d.dq, d.dk, d.dv = grads, grads[width:], grads[width+kvWidth:]
	} else {
		c.QStride, c.KStride, c.VStride = width+2, kvWidth+1, kvWidth+5
		d.q, d.dq = randomSlice[T](r, c.Batch*c.Queries*c.QStride), randomSlice[T](r, c.Batch*c.Queries*c.QStride)
		d.k, d.dk = randomSlice[T](r, c.Batch*c.Keys*c.KStride), randomSlice[T](r, c.Batch*c.Keys*c.KStride)
		d.v, d.dv = randomSlice[T](r, c.Batch*c.Keys*c.VStride), randomSlice[T](r, c.Batch*c.Keys*c.VStride)
	}
	d.config = c
	d.out = randomSlice[T](r, c.Batch*c.Queries*c.OStride)
	d.dout = randomSlice[T](r, c.Batch*c.Queries*c.OStride)
	d.lse = randomSlice[T](r, c.Batch*c.Heads*c.Queries)
	if test.bias {
		d.bias = randomSlice[T](r, c.Heads*c.Queries*c.Keys)
		d.dbias = randomSlice[T](r, len(d.bias))
	}
	if test.segments != nil {
		for b := range c.Batch {
			for j := range c.Keys {
				d.segments = append(d.segments, test.segments(b, j))
			}
		}
	}
	return d
}

// newTrained makes attention with the memory for its gradients.
func newTrained[T Float](c AttentionConfig) *Attention[T] {
	a := NewAttention[T](c)
	a.Partial = make([]T, c.PartialElements())
	return a
}

func (d *attentionData[T]) run() {
	a := newTrained[T](d.config)
	poison[T](max(a.forwardScratch(), a.backwardScratch()))
	m := AttentionMask[T]{Segments: d.segments, Bias: d.bias, Seed: attentionSeed, Stream: attentionStream}
	a.Forward(d.out, d.lse, d.q, d.k, d.v, m)
	a.Backward(d.dq, d.dk, d.dv, d.dbias, d.dout, d.out, d.lse, d.q, d.k, d.v, m)
}

// compare reports the greatest difference of the heads' elements, relative to the greatest
// element wanted, and checks that what lies between rows is untouched.
func compareRows[T Float](t *testing.T, name string, got, before []T, want []float64, rows, width, stride int, tolerance float64) {
	t.Helper()
	var worst, greatest float64
	for r := range rows {
		for e := range stride {
			i := r*stride + e
			if i >= len(got) {
				break
			}
			if e >= width {
				continue
			}
			diff := math.Abs(float64(got[i]) - want[i])
			if math.IsNaN(diff) {
				t.Fatalf("%s: row %d, element %d is %g, want %g", name, r, e, got[i], want[i])
			}
			worst, greatest = max(worst, diff), max(greatest, math.Abs(want[i]))
		}
		for e := width; e < stride && before != nil; e++ {
			if i := r*stride + e; i < len(got) && got[i] != before[i] {
				t.Fatalf("%s: element %d beyond row %d was written", name, e, r)
			}
		}
	}
	if worst > tolerance*max(greatest, 1) {
		t.Errorf("%s: differs by %.3g of %.3g, tolerance %.3g", name, worst, greatest, tolerance)
	}
}

func widen[T Float](s []T) []float64 {
	if s == nil {
		return nil
	}
	w := make([]float64, len(s))
	for i, v := range s {
		w[i] = float64(v)
	}
	return w
}

func testAttention[T Float](t *testing.T, tolerance float64) {
	for _, test := range attentionCases {
		t.Run(test.name, func(t *testing.T) {
			d := newAttentionData[T](test)
			before := newAttentionData[T](test)
			d.run()
			c := d.config
			naive := naiveAttention{AttentionConfig: c, segments: d.segments, bias: widen(d.bias), q: widen(d.q), k: widen(d.k), v: widen(d.v)}
			out, lse := make([]float64, len(d.out)), make([]float64, len(d.lse))
			naive.forward(out, lse)
			dq, dk, dv, dbias := make([]float64, len(d.dq)), make([]float64, len(d.dk)), make([]float64, len(d.dv)), make([]float64, len(d.dbias))
			if dbias = dbias[:len(d.dbias)]; d.dbias == nil {
				dbias = nil
			}
			naive.backward(dq, dk, dv, dbias, widen(d.dout))
			width, kvWidth := c.Heads*c.HeadSize, c.KVHeads*c.HeadSize
			queries, keys := c.Batch*c.Queries, c.Batch*c.Keys
			compareRows(t, "out", d.out, before.out, out, queries, width, c.OStride, tolerance)
			for i, got := range d.lse {
				if want := lse[i]; math.IsInf(want, -1) != math.IsInf(float64(got), -1) || math.Abs(float64(got)-want) > tolerance*max(1, math.Abs(want)) {
					t.Fatalf("lse %d is %g, want %g", i, got, want)
				}
			}
			if test.packed {
				before.dq, before.dk, before.dv = nil, nil, nil
			}
			compareRows(t, "dq", d.dq, before.dq, dq, queries, width, c.QStride, tolerance)
			compareRows(t, "dk", d.dk, before.dk, dk, keys, kvWidth, c.KStride, tolerance)
			compareRows(t, "dv", d.dv, before.dv, dv, keys, kvWidth, c.VStride, tolerance)
			compareRows(t, "dbias", d.dbias, nil, dbias, 1, len(dbias), len(dbias), tolerance)
		})
	}
}

func TestAttention(t *testing.T) {
	t.Run("float64", func(t *testing.T) { testAttention[float64](t, 1e-13) })
	t.Run("float32", func(t *testing.T) { testAttention[float32](t, 3e-6) })
}

// TestNaiveAttentionGradient checks the reference's gradients by differences.
func TestNaiveAttentionGradient(t *testing.T) {
	for _, test := range attentionCases {
		if test.config.Queries > 100 {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			d := newAttentionData[float64](test)
			naive := naiveAttention{AttentionConfig: d.config, segments: d.segments, bias: d.bias, q: d.q, k: d.k, v: d.v}
			clear(d.dq)
			clear(d.dk)
			clear(d.dv)
			clear(d.dbias)
			naive.backward(d.dq, d.dk, d.dv, d.dbias, d.dout)
			loss := func() float64 {
				naive.forward(d.out, d.lse)
				var sum float64
				for i, v := range d.out {
					if i%d.config.OStride < d.config.Heads*d.config.HeadSize {
						sum += v * d.dout[i]
					}
				}
				return sum
			}
			r := rand.New(rand.NewPCG(3, 4))
			for _, pair := range [][2][]float64{{d.q, d.dq}, {d.k, d.dk}, {d.v, d.dv}, {d.bias, d.dbias}} {
				x, grad := pair[0], pair[1]
				if x == nil {
					continue
				}
				for range 4 {
					i := r.IntN(len(x))
					const h = 1e-5
					was := x[i]
					x[i] = was + h
					up := loss()
					x[i] = was - h
					down := loss()
					x[i] = was
					want := (up - down) / (2 * h)
					got := grad[i]
					if gap := math.Abs(got - want); gap > 1e-7*(1+math.Abs(want)) && isHeadElement(d, x, i) {
						t.Errorf("element %d: gradient %g, by differences %g", i, got, want)
					}
				}
			}
		})
	}
}

// isHeadElement reports whether element i of x belongs to a head and not to
// the space between rows.
func isHeadElement(d *attentionData[float64], x []float64, i int) bool {
	c := d.config
	switch {
	case &x[0] == &d.q[0] && &d.q[0] != &d.k[0]:
		return i%c.QStride < c.Heads*c.HeadSize || c.QStride == c.KStride
	case &x[0] == &d.k[0]:
		return i%c.KStride < c.KVHeads*c.HeadSize
	case &x[0] == &d.v[0]:
		return i%c.VStride < c.KVHeads*c.HeadSize
	}
	return true
}

// atEachThreadCount calls f with 1, 2, 3 and 5 threads.
func atEachThreadCount(t *testing.T, f func(threads int)) {
	keepSettings(t)
	for _, n := range []int{1, 2, 3, 5} {
		parallel.SetWorkers(n)
		f(n)
	}
}

func TestAttentionBitsOnAnyNumberOfThreads(t *testing.T) {
	for _, test := range attentionCases {
		var first *attentionData[float32]
		atEachThreadCount(t, func(threads int) {
			d := newAttentionData[float32](test)
			d.run()
			if first == nil {
				first = d
				return
			}
			pairs := map[string][2][]float32{
				"out": {d.out, first.out}, "lse": {d.lse, first.lse}, "dq": {d.dq, first.dq},
				"dk": {d.dk, first.dk}, "dv": {d.dv, first.dv}, "dbias": {d.dbias, first.dbias},
			}
			for name, p := range pairs {
				if !slices.Equal(p[0], p[1]) {
					t.Errorf("%s: %s differs between 1 and %d threads", test.name, name, threads)
				}
			}
		})
	}
}

// TestAttentionOfExtremeScores checks a query whose only key has a score far below 0, and
// one with scores beyond what e^x can hold.
func TestAttentionOfExtremeScores(t *testing.T) {
	c := AttentionConfig{Batch: 1, Queries: 2, Keys: 2, Heads: 1, KVHeads: 1, HeadSize: 16, QStride: 16, KStride: 16, VStride: 16, OStride: 16, Scale: 1, Causal: true}
	q, k, v := make([]float32, 32), make([]float32, 32), randomSlice[float32](rand.New(rand.NewPCG(7, 8)), 32)
	q[0], k[0] = 100, -50
	q[16], k[16] = 100, 50
	out, lse := make([]float32, 32), make([]float32, 2)
	NewAttention[float32](c).Forward(out, lse, q, k, v, AttentionMask[float32]{})
	if !slices.Equal(out, v) || math.Abs(float64(lse[0]+5000)) > 1e-3 || math.Abs(float64(lse[1]-5000)) > 1e-3 {
		t.Errorf("outputs %g of values %g, log-sum-exp %g", out, v, lse)
	}
}

// TestAttentionShowsNaN makes sure that a broken input does not go unnoticed.
func TestAttentionShowsNaN(t *testing.T) {
	for _, test := range attentionCases[:4] {
		d := newAttentionData[float32](test)
		d.q[0] = float32(math.NaN())
		d.run()
		if out, dq := d.out[0], d.dq[0]; out == out || dq == dq {
			t.Errorf("%s: NaN in the first query gives out %g and dq %g", test.name, out, dq)
		}
	}
}
