package kernels

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// naiveCrossEntropy computes the loss by its definition in float64, and the
// gradients of the logits before the cap.
func naiveCrossEntropy(c LinearCrossEntropyConfig, x, w, b []float64, targets []int32, scale float64) (loss float64, nll, dlogits []float64) {
	nll, dlogits = make([]float64, c.Rows), make([]float64, c.Rows*c.Vocab)
	count := 0
	for _, t := range targets {
		if t >= 0 {
			count++
		}
	}
	if scale == 0 && count > 0 {
		scale = 1 / float64(count)
	}
	for r, t := range targets {
		if t < 0 {
			continue
		}
		z, slope := make([]float64, c.Vocab), make([]float64, c.Vocab)
		var sum, all float64
		for v := range z {
			for i := range c.In {
				z[v] += x[r*c.In+i] * w[v*c.In+i]
			}
			if b != nil {
				z[v] += b[v]
			}
			slope[v] = 1
			if c.SoftCap > 0 {
				h := math.Tanh(z[v] / c.SoftCap)
				z[v], slope[v] = c.SoftCap*h, 1-h*h
			}
			sum += math.Exp(z[v])
			all += z[v]
		}
		even := c.LabelSmoothing / float64(c.Vocab)
		nll[r] = math.Log(sum) - (1-c.LabelSmoothing)*z[t] - even*all
		loss += scale * nll[r]
		for v := range z {
			g := math.Exp(z[v])/sum - even
			if v == int(t) {
				g -= 1 - c.LabelSmoothing
			}
			dlogits[r*c.Vocab+v] = scale * g * slope[v]
		}
	}
	return loss, nll, dlogits
}

// crossEntropyData has the buffers of a LinearCrossEntropy.
type crossEntropyData[T Float] struct {
	config          LinearCrossEntropyConfig
	x, w, b         []T
	dx, dw, db, nll []T
	loss            []T
	targets         []int32
}

func newCrossEntropyData[T Float](c LinearCrossEntropyConfig, bias bool) *crossEntropyData[T] {
	r := rand.New(rand.NewPCG(5, 6))
	d := &crossEntropyData[T]{
		config: c, loss: make([]T, 1),
		x: randomSlice[T](r, c.Rows*c.In), w: randomSlice[T](r, c.Vocab*c.In),
		dx: randomSlice[T](r, c.Rows*c.In), dw: randomSlice[T](r, c.Vocab*c.In), nll: randomSlice[T](r, c.Rows),
	}
	Scale(d.w, d.w, T(0.25))
	if bias {
		d.b, d.db = randomSlice[T](r, c.Vocab), randomSlice[T](r, c.Vocab)
	}
	for i := range c.Rows {
		t := int32(r.IntN(c.Vocab))
		if i%5 == 3 {
			t = -100
		}
		d.targets = append(d.targets, t)
	}
	return d
}

var crossEntropyCases = []struct {
	name       string
	config     LinearCrossEntropyConfig
	bias       bool
	scale      float64
	accumulate bool
}{
	{name: "one", config: LinearCrossEntropyConfig{Rows: 1, In: 1, Vocab: 1}},
	{name: "mean", config: LinearCrossEntropyConfig{Rows: 37, In: 19, Vocab: 61}},
	{name: "bias and scale", config: LinearCrossEntropyConfig{Rows: 20, In: 8, Vocab: 33}, bias: true, scale: 0.125},
	{name: "accumulate", config: LinearCrossEntropyConfig{Rows: 20, In: 8, Vocab: 33}, bias: true, accumulate: true},
	{name: "cap", config: LinearCrossEntropyConfig{Rows: 20, In: 8, Vocab: 33, SoftCap: 0.75}},
	{name: "smoothing", config: LinearCrossEntropyConfig{Rows: 20, In: 8, Vocab: 33, LabelSmoothing: 0.25}, bias: true},
	{name: "cap and smoothing", config: LinearCrossEntropyConfig{Rows: 20, In: 8, Vocab: 1033, SoftCap: 2, LabelSmoothing: 0.1}},
}

// newLoss makes a loss that goes through its rows in chunks of the given number, or as it likes for 0.
func newLoss[T Float](c LinearCrossEntropyConfig, chunk int) *LinearCrossEntropy[T] {
	l := NewLinearCrossEntropy[T](c)
	if chunk > 0 {
		l.split(min(chunk, c.Rows))
	}
	l.Logits = make([]T, c.elements(l.chunk))
	return l
}

func testLinearCrossEntropy[T Float](t *testing.T, tolerance float64) {
	for _, test := range crossEntropyCases {
		t.Run(test.name, func(t *testing.T) {
			c := test.config
			for _, chunk := range []int{c.Rows, 7, 3} {
				d, before := newCrossEntropyData[T](c, test.bias), newCrossEntropyData[T](c, test.bias)
				l := newLoss[T](c, chunk)
				acc := test.accumulate
				l.Run(d.loss, d.nll, d.dx, d.dw, d.db, d.x, d.w, d.b, d.targets, test.scale, acc, acc, acc)
				loss, nll, dlogits := naiveCrossEntropy(c, widen(d.x), widen(d.w), widen(d.b), d.targets, test.scale)

				dx, dw, db := make([]float64, len(d.dx)), make([]float64, len(d.dw)), make([]float64, len(d.db))
				if acc {
					dx, dw, db = widen(before.dx), widen(before.dw), widen(before.db)
				}
				for r := range c.Rows {
					for v := range c.Vocab {
						g := dlogits[r*c.Vocab+v]
						for i := range c.In {
							dx[r*c.In+i] += g * float64(d.w[v*c.In+i])
							dw[v*c.In+i] += g * float64(d.x[r*c.In+i])
						}
						if test.bias {
							db[v] += g
						}
					}
				}
				if math.Abs(float64(d.loss[0])-loss) > tolerance*(1+math.Abs(loss)) {
					t.Errorf("loss %g, want %g", d.loss[0], loss)
				}
				compareRows(t, "nll", d.nll, nil, nll, 1, c.Rows, c.Rows, tolerance)
				compareRows(t, "dx", d.dx, nil, dx, c.Rows, c.In, c.In, tolerance)
				compareRows(t, "dw", d.dw, nil, dw, c.Vocab, c.In, c.In, tolerance)
				if test.bias {
					compareRows(t, "db", d.db, nil, db, 1, c.Vocab, c.Vocab, tolerance)
				}
			}
		})
	}
}

func TestLinearCrossEntropy(t *testing.T) {
	t.Run("float64", func(t *testing.T) { testLinearCrossEntropy[float64](t, 1e-13) })
	t.Run("float32", func(t *testing.T) { testLinearCrossEntropy[float32](t, 3e-6) })
}

// TestLinearCrossEntropyIgnoresRows checks chunks without any target, and a batch without any.
func TestLinearCrossEntropyIgnoresRows(t *testing.T) {
	for _, first := range []int{0, 6, 12} {
		c := LinearCrossEntropyConfig{Rows: 12, In: 4, Vocab: 9}
		d := newCrossEntropyData[float64](c, true)
		for i := range d.targets {
			d.targets[i] = -1
			if i >= first {
				d.targets[i] = int32(i % 9)
			}
		}
		l := newLoss[float64](c, 3)
		l.Run(d.loss, d.nll, d.dx, d.dw, d.db, d.x, d.w, d.b, d.targets, 0, false, false, false)
		loss, nll, _ := naiveCrossEntropy(c, d.x, d.w, d.b, d.targets, 0)
		if math.Abs(d.loss[0]-loss) > 1e-13 {
			t.Errorf("targets from row %d on: loss %g, want %g", first, d.loss[0], loss)
		}
		for r := range first {
			if d.nll[r] != 0 || nll[r] != 0 || slices.ContainsFunc(d.dx[r*4:r*4+4], func(v float64) bool { return v != 0 }) {
				t.Errorf("targets from row %d on: row %d has loss %g and gradients %g", first, r, d.nll[r], d.dx[r*4:r*4+4])
			}
		}
		if first == 12 && slices.ContainsFunc(append(d.dw, d.db...), func(v float64) bool { return v != 0 }) {
			t.Error("a batch without targets has gradients")
		}
	}
}

// TestLinearCrossEntropyHits makes logits that are the inputs: the weight is the identity.
func TestLinearCrossEntropyHits(t *testing.T) {
	logits := []float64{
		3, 1, 2, // the greatest
		3, 1, 2, // not the greatest
		5, 5, 1, // equal to a later one
		5, 5, 1, // equal to an earlier one
		9, 0, 0, // ignored
		-1, -2, -1e9,
	}
	targets, want := []int32{0, 2, 0, 1, -1, 0}, []float64{1, 0, 1, 0, 0, 1}
	identity := []float64{1, 0, 0, 0, 1, 0, 0, 0, 1}
	for _, chunk := range []int{6, 4, 1} {
		l := newLoss[float64](LinearCrossEntropyConfig{Rows: 6, In: 3, Vocab: 3}, chunk)
		l.Hits = []float64{7, 7, 7, 7, 7, 7}
		l.Run(make([]float64, 1), nil, nil, nil, nil, logits, identity, nil, targets, 0, false, false, false)
		if !slices.Equal(l.Hits, want) {
			t.Errorf("chunks of %d: hits %v, expected %v", chunk, l.Hits, want)
		}
	}
}

// TestLinearCrossEntropySquares makes logits that are the inputs, and holds that the losses stay what they are.
func TestLinearCrossEntropySquares(t *testing.T) {
	const cols = 19
	logits, identity, targets := make([]float32, 5*cols), make([]float32, cols*cols), []int32{0, 18, -1, 4, 7}
	for i := range cols {
		identity[i*cols+i] = 1
	}
	for i := range logits {
		logits[i] = float32((i*37)%23) - 11
	}
	for _, chunk := range []int{5, 2, 1} {
		l := newLoss[float32](LinearCrossEntropyConfig{Rows: 5, In: cols, Vocab: cols}, chunk)
		plain, nll := make([]float32, 5), make([]float32, 5)
		l.Run(make([]float32, 1), plain, nil, nil, nil, logits, identity, nil, targets, 0, false, false, false)
		l.Squares = []float32{7, 7, 7, 7, 7}
		l.Run(make([]float32, 1), nll, nil, nil, nil, logits, identity, nil, targets, 0, false, false, false)
		if !slices.Equal(plain, nll) {
			t.Errorf("chunks of %d: losses %v with squares, %v without", chunk, nll, plain)
		}
		for r, target := range targets {
			var sum, squares float64
			for _, z := range logits[r*cols : (r+1)*cols] {
				sum, squares = sum+math.Exp(float64(z)), squares+math.Exp(2*float64(z))
			}
			want := math.Log(squares / sum / sum)
			if target < 0 {
				want = 0
			}
			if got := float64(l.Squares[r]); math.Abs(got-want) > 1e-5 {
				t.Errorf("chunks of %d: row %d has %g, expected %g", chunk, r, got, want)
			}
		}
	}
}

func TestLinearCrossEntropyBitsOnAnyNumberOfThreads(t *testing.T) {
	for _, test := range crossEntropyCases {
		var first *crossEntropyData[float32]
		atEachThreadCount(t, func(threads int) {
			d := newCrossEntropyData[float32](test.config, test.bias)
			newLoss[float32](test.config, 0).Run(d.loss, d.nll, d.dx, d.dw, d.db, d.x, d.w, d.b, d.targets, 0, false, false, false)
			if first == nil {
				first = d
			}
			if !slices.Equal(d.loss, first.loss) || !slices.Equal(d.dx, first.dx) || !slices.Equal(d.dw, first.dw) || !slices.Equal(d.db, first.db) {
				t.Errorf("%s: results differ between 1 and %d threads", test.name, threads)
			}
		})
	}
}

// TestLinearCrossEntropyOfAFrozenWeight holds that a weight without a gradient takes half of the logits' memory, and that what is found has the same bits.
func TestLinearCrossEntropyOfAFrozenWeight(t *testing.T) {
	for _, c := range []LinearCrossEntropyConfig{
		{Rows: 600, In: 5, Vocab: 33_000}, {Rows: 600, In: 5, Vocab: 33_000, SoftCap: 2, LabelSmoothing: 0.1, BFloat16: true},
	} {
		frozen := c
		frozen.Frozen = true
		if all, less := LogitElements[float32](c), LogitElements[float32](frozen)-200*c.In; 3*less != 2*all { // three chunks in place of two
			t.Errorf("%+v: %d elements of logits, %d beside a frozen weight", c, all, less)
		}
		for _, accumulate := range []bool{false, true} {
			var found []*crossEntropyData[float32]
			for _, c := range []LinearCrossEntropyConfig{c, frozen} {
				d := newCrossEntropyData[float32](c, true)
				l := newLoss[float32](c, 0)
				l.Squares, l.Hits = make([]float32, c.Rows), make([]float32, c.Rows)
				l.Run(d.loss, d.nll, d.dx, nil, nil, d.x, d.w, d.b, d.targets, 0, accumulate, false, false)
				d.dw, d.db = l.Squares, l.Hits
				found = append(found, d)
			}
			a, b := found[0], found[1]
			if !slices.Equal(a.loss, b.loss) || !slices.Equal(a.nll, b.nll) || !slices.Equal(a.dx, b.dx) || !slices.Equal(a.dw, b.dw) || !slices.Equal(a.db, b.db) {
				t.Errorf("%+v, accumulating %v: other bits beside a frozen weight", c, accumulate)
			}
		}
	}
}

func TestLinearCrossEntropyAllocatesNothing(t *testing.T) {
	for _, test := range crossEntropyCases {
		d := newCrossEntropyData[float32](test.config, test.bias)
		l := newLoss[float32](test.config, 0)
		n := testing.AllocsPerRun(20, func() {
			l.Run(d.loss, d.nll, d.dx, d.dw, d.db, d.x, d.w, d.b, d.targets, 0, false, false, false)
		})
		if n > 0 {
			t.Errorf("%s: %g allocations", test.name, n)
		}
		test.config.Frozen = true
		l = newLoss[float32](test.config, 0)
		n = testing.AllocsPerRun(20, func() {
			l.Run(d.loss, d.nll, d.dx, nil, nil, d.x, d.w, d.b, d.targets, 0, false, false, false)
		})
		if n > 0 {
			t.Errorf("%s, frozen: %g allocations", test.name, n)
		}
	}
}

// TestCrossEntropyOfGreatLogits checks that nothing overflows, in place.
func TestCrossEntropyOfGreatLogits(t *testing.T) {
	z := []float32{1e4, 1e4, -1e4, 3e38, 0, 0}
	nll := make([]float32, 2)
	CrossEntropy(nll, z, z, []int32{1, 0}, 2, 3, 0.5)
	want := []float32{0.25, -0.25, 0, 0, 0, 0}
	if math.Abs(float64(nll[0])-math.Ln2) > 1e-7 || nll[1] != 0 || !slices.Equal(z, want) {
		t.Errorf("losses %g and gradients %g", nll, z)
	}
	CrossEntropy(nll, nil, []float32{0, 0, 0, 0}, []int32{-1, 1}, 2, 2, 1)
	if nll[0] != 0 || math.Abs(float64(nll[1])-math.Ln2) > 1e-7 {
		t.Errorf("losses %g, want 0 and log 2", nll)
	}
}

func BenchmarkLinearCrossEntropy(b *testing.B) {
	for name, c := range map[string]LinearCrossEntropyConfig{
		"char": {Rows: 768, In: 128, Vocab: 65},
		"mini": {Rows: 4096, In: 384, Vocab: 4096},
		"gpt2": {Rows: 1024, In: 768, Vocab: 50257},
	} {
		b.Run(name, func(b *testing.B) {
			d := newCrossEntropyData[float32](c, false)
			l := newLoss[float32](c, 0)
			peak := Peak()
			for b.Loop() {
				l.Run(d.loss, d.nll, d.dx, d.dw, nil, d.x, d.w, nil, d.targets, 0, false, false, false)
			}
			reportRate(b, 6*float64(c.Rows*c.In)*float64(c.Vocab), peak)
		})
	}
}
