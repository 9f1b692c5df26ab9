package kernels

import "github.com/seahorse-ml/seahorse/internal/parallel"

// DecodingText is what a Decoding is told of a text.
type DecodingText struct {
	Query int // row of its query, and of the output
	Key   int // row of its first key
	Keys  int // at least 1; the query stands at the place of the last of them
}

// Decoding is attention of one query of each of several texts, as texts are written token by token: causal, with keys
// and values where they lie. A text's output doesn't depend on the texts beside it.
type Decoding[T Float] struct {
	attention *Attention[T]
	slope     bool
	body      func(worker, i int)
	memory    [][]T
	call      decodingCall[T]
}

// decodingCall has the arguments of the call that runs.
type decodingCall[T Float] struct {
	out, q, k, v []T
	texts        []DecodingText
	single       bool // items are query heads, rather than all that share keys
	room         int  // scores of a query
}

// NewDecoding prepares attention for heads, strides, scale, window, cap and slopes of c; the rest of it is not used.
func NewDecoding[T Float](c AttentionConfig) *Decoding[T] {
	a := &Attention[T]{AttentionConfig: c, kernel: productKernels[T]()[0], panel: panelKernels[T]()[0]}
	if c.HeadSize%tileWidth != 0 {
		a.panel = genericPanels[T]()
	}
	d := &Decoding[T]{attention: a, slope: c.Slopes != nil}
	d.body = d.item
	return d
}

// Forward computes the rows of out that texts name from those of q, and from keys k and values v. It runs on all cores.
func (d *Decoding[T]) Forward(out, q, k, v []T, texts []DecodingText) {
	const step = 256 // of the room for scores, so that it doesn't grow with each token
	a, room := d.attention, 0
	for _, t := range texts {
		room = max(room, t.Keys)
	}
	group := a.Heads / a.KVHeads
	d.call = decodingCall[T]{out: out, q: q, k: k, v: v, texts: texts, room: roundUp(room, step)}
	items := len(texts) * a.KVHeads
	if d.call.single = group > 1 && items < 2*parallel.Workers(); d.call.single {
		items, group = items*group, 1
	}
	stock := scratchOf[T]()
	d.memory = stock.borrow(d.memory[:0], min(parallel.Workers(), items), group*d.call.room)
	parallel.Run(items, d.body)
	stock.give(d.memory)
	clear(d.memory)
	d.call = decodingCall[T]{}
}

// item computes the outputs of a text for the query heads of one key/value head, or for one of them.
func (d *Decoding[T]) item(worker, i int) {
	a := d.attention
	group := a.Heads / a.KVHeads
	heads := a.KVHeads
	if d.call.single {
		heads, group = a.Heads, 1
	}
	text, first := d.call.texts[i/heads], i%heads*group
	kv := first / (a.Heads / a.KVHeads)
	lo := 0
	if a.Window > 0 {
		lo = max(0, text.Keys-a.Window)
	}
	n := text.Keys - lo
	p := d.memory[worker][:group*n]
	keys := d.call.k[(text.Key+lo)*a.KStride+kv*a.HeadSize:]
	for g := range group {
		h, row := first+g, p[g*n:][:n]
		a.panel.dots(row, keys, d.call.q[text.Query*a.QStride+h*a.HeadSize:], n, a.HeadSize, a.KStride, 0)
		Scale(row, row, T(a.Scale))
		if a.SoftCap > 0 {
			Scale(row, row, T(1/a.SoftCap))
			Activate(Tanh, row, row, false)
			Scale(row, row, T(a.SoftCap))
		}
		if d.slope {
			for j := range row {
				row[j] += T(a.Slopes[h] * float64(j+1-n))
			}
		}
		Softmax(row, row, 1, n)
	}
	out := d.call.out[text.Query*a.OStride+first*a.HeadSize:][:group*a.HeadSize]
	values := d.call.v[(text.Key+lo)*a.VStride+kv*a.HeadSize:]
	if a.HeadSize%tileWidth == 0 {
		a.tileProduct(out, p, values, group, a.HeadSize, n, strides{n, 1}, a.VStride, a.HeadSize, false, &rowsAhead[T]{})
		return
	}
	clear(out)
	for g := range group {
		for j, weight := range p[g*n:][:n] {
			AXPY(out[g*a.HeadSize:][:a.HeadSize], values[j*a.VStride:], weight)
		}
	}
}
