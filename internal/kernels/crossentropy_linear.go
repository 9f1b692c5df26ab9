package kernels

import (
	"slices"
	"unsafe"

	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// LinearCrossEntropyConfig configures NewLinearCrossEntropy.
type LinearCrossEntropyConfig struct {
	Rows, In, Vocab int
	SoftCap         float64 // c > 0: logits z become c·tanh(z/c)
	LabelSmoothing  float64 // share of a target's mass that is spread evenly over the vocabulary, in [0, 1)
	BFloat16        bool    // of the products, see ProductConfig; default false
	// Frozen says that runs find neither the gradient of the weight nor that of the bias. Nothing is summed over rows then, so that they go in smaller chunks,
	// and those without a target are left out, to the same bits. Default false.
	Frozen bool
}

const (
	// logitBytes bounds the memory of a chunk's logits, unless that is less than chunkRows
	// rows: the weight and its gradient are read once a chunk, so smaller ones cost time.
	logitBytes = 64 << 20
	chunkRows  = 512

	frozenParts = 2 // a chunk's logits beside a frozen weight take half of that: without a gradient of it there is less to read

	crossEntropyRows    = 4   // rows of an item
	crossEntropyColumns = 512 // columns of an item
)

// LinearCrossEntropy computes the cross entropy of the logits x·wᵀ + b and its
// gradients, chunk after chunk of rows, so that the logits of all rows are never held.
type LinearCrossEntropy[T Float] struct {
	LinearCrossEntropyConfig
	// Hits [Rows], unless it is nil, is set to 1 where a run finds no logit greater than that of the target, nor an equal one
	// before it, and to 0 elsewhere.
	Hits []T
	// Squares [Rows], unless it is nil, is set by a run to log Σ p², the logarithm of the summed squares of the probabilities of all logits, and to 0 where the
	// target is ignored.
	Squares []T
	// RowScales [Rows], unless it is nil, multiplies the loss and the gradients of each row, beside the scale that is given to a run; nll stays as it is.
	RowScales []T
	// Packed is the weight [Vocab, In] where it is stored as blocks; Run takes none then, and finds no gradient of it.
	Packed Packed
	// Logits is the working memory of a run: LogitElements of them.
	Logits []T

	chunk    int
	ld       int                       // elements from a row of logits to the next
	products []crossEntropyProducts[T] // by their rows, the fewest first
	rows     []int                     // [Rows]: those that a run goes through, first
	losses   []float64                 // [Rows]
	rowsBody func(worker, i int)
	biasBody func(worker, i int)
	call     linearCrossEntropyCall[T]
}

// linearCrossEntropyCall has what the loops over a chunk work on.
type linearCrossEntropyCall[T Float] struct {
	logits  []T     // [len(rows), ld], of which the first Vocab columns count
	rows    []int   // those of the chunk
	targets []int32 // [Rows]
	db      []T
	scale   float64
	grad    bool
}

// NewLinearCrossEntropy prepares a loss of the given shape.
func NewLinearCrossEntropy[T Float](c LinearCrossEntropyConfig) *LinearCrossEntropy[T] {
	l := &LinearCrossEntropy[T]{LinearCrossEntropyConfig: c, losses: make([]float64, c.Rows), rows: make([]int, c.Rows)}
	l.ld = logitStride(c.Vocab)
	l.split(chunkOf[T](c))
	l.rowsBody = l.rowsItem
	l.biasBody = l.biasItem
	return l
}

// LogitElements returns the number of elements of T that LinearCrossEntropy needs as working memory.
func LogitElements[T Float](c LinearCrossEntropyConfig) int { return c.elements(chunkOf[T](c)) }

// elements returns the working memory for chunks of the given number of rows.
func (c LinearCrossEntropyConfig) elements(chunk int) int {
	n := chunk * logitStride(c.Vocab)
	if c.Frozen {
		n += chunk * c.In // rows side by side that lie apart
	}
	return n
}

// chunkOf returns the rows of a chunk.
func chunkOf[T Float](c LinearCrossEntropyConfig) int {
	var element T
	most := max(chunkRows, logitBytes/(max(1, c.Vocab)*int(unsafe.Sizeof(element))))
	if c.Frozen {
		most /= frozenParts
	}
	return ceilDiv(c.Rows, max(1, ceilDiv(c.Rows, most)))
}

// logitStride returns the elements from a row of logits to the next: whole lines of the caches, so
// that no two workers write to one, but not whole pages, whose rows would compete for a few lines.
func logitStride(vocab int) int {
	const page = 1024
	ld := roundUp(vocab, lineElements)
	if ld%page == 0 {
		ld += lineElements
	}
	return ld
}

// Run computes the loss [1], which is scale times the sum of the targets' negative
// log-likelihoods nll [Rows], for x [Rows, In], w [Vocab, In], b [Vocab] or nil, and
// targets [Rows] less than Vocab; negative ones are ignored. A scale of 0 means one over
// the number of targets, or the sum of their RowScales: the mean. dx, dw and db are the gradients of the loss, added to what is there
// where told so; dx may be x. nll and gradients that are nil are not computed; dw and db are those of a weight that isn't Frozen. It runs on all cores.
func (l *LinearCrossEntropy[T]) Run(loss, nll, dx, dw, db, x, w, b []T, targets []int32, scale float64, accDX, accDW, accDB bool) {
	targets = targets[:l.Rows]
	if scale == 0 {
		scale = meanScale(targets, l.RowScales)
	}
	if !accDB {
		clear(db)
	}
	started := accDW // whether dw has something to add to
	for rows := l.pick(targets, dx, accDX); len(rows) > 0; {
		some := rows[:min(l.chunk, len(rows))]
		rows = rows[len(some):]
		if !slices.ContainsFunc(some, func(r int) bool { return isTarget(targets[r]) }) {
			l.ignore(some, dx, accDX)
			continue
		}
		products, logits := l.productsOf(len(some)), l.Logits[:l.chunk*l.ld]
		l.call = linearCrossEntropyCall[T]{logits: logits, rows: some, targets: targets, db: db, scale: scale, grad: dx != nil || dw != nil || db != nil}
		part := l.gather(some, products.rows, x)
		l.byWeight(products.logits, logits, part, w, Epilogue[T]{Bias: b})
		parallel.Run(ceilDiv(len(some), crossEntropyRows), l.rowsBody)
		if dw != nil {
			products.dw.Run(dw, logits, part, Epilogue[T]{Accumulate: started})
			started = true
		}
		if dx != nil { // behind what reads x, which it may overwrite
			to := l.gatherInto(some, products.rows, dx, accDX)
			l.byWeight(products.dx, to, logits, w, Epilogue[T]{Accumulate: accDX})
			l.scatter(some, products.rows, dx)
		}
		if db != nil {
			parallel.Run(ceilDiv(l.Vocab, crossEntropyColumns), l.biasBody)
		}
	}
	l.call = linearCrossEntropyCall[T]{}
	if !started {
		clear(dw)
	}

	var sum float64
	for r, v := range l.losses {
		if l.RowScales != nil {
			sum += float64(l.RowScales[r]) * v
		} else {
			sum += v
		}
		if nll != nil {
			nll[r] = T(v)
		}
	}
	loss[0] = T(scale * sum)
}

// byWeight multiplies by the weight, as it is stored.
func (l *LinearCrossEntropy[T]) byWeight(p *Product[T], c, a, w []T, e Epilogue[T]) {
	if l.Packed.Data != nil {
		p.RunPacked(c, a, l.Packed, e)
		return
	}
	p.Run(c, a, w, e)
}

func isTarget(t int32) bool { return t >= 0 }

// meanScale returns one over the number of targets, or where rows are weighed over the sum of the targets' weights; 0 where that is 0.
func meanScale[T Float](targets []int32, weights []T) float64 {
	sum := 0.0
	for r, t := range targets {
		switch {
		case !isTarget(t):
		case weights != nil:
			sum += float64(weights[r])
		default:
			sum++
		}
	}
	switch {
	case sum > 0:
		return 1 / sum
	case weights != nil:
		return 0
	}
	return 1
}

// rowsItem turns a few rows of logits into losses and gradients.
func (l *LinearCrossEntropy[T]) rowsItem(_, i int) {
	c := &l.call
	for k := i * crossEntropyRows; k < min((i+1)*crossEntropyRows, len(c.rows)); k++ {
		r := c.rows[k]
		target := int(c.targets[r])
		z := c.logits[k*l.ld:][:l.Vocab]
		if l.SoftCap > 0 && target >= 0 {
			Scale(z, z, T(1/l.SoftCap))
			Activate(Tanh, z, z, false)
			Scale(z, z, T(l.SoftCap))
		}
		if l.Hits != nil {
			l.Hits[r] = hit(z, target)
		}
		if l.Squares != nil {
			l.Squares[r] = 0
			if target >= 0 {
				l.Squares[r] = T(logSumSquares(z))
			}
		}
		var grad []T
		if c.grad {
			grad = z
		}
		scale := c.scale
		if l.RowScales != nil {
			scale *= float64(l.RowScales[r])
		}
		l.losses[r] = crossEntropyRow(grad, z, target, l.LabelSmoothing, scale, l.SoftCap)
	}
}

// hit returns 1 if the target is the first of the greatest elements of z, else 0.
func hit[T Float](z []T, target int) T {
	if target < 0 {
		return 0
	}
	for i, v := range z {
		if v > z[target] || v == z[target] && i < target {
			return 0
		}
	}
	return 1
}

// biasItem adds the gradients of a chunk to a block of columns of the bias's.
func (l *LinearCrossEntropy[T]) biasItem(_, i int) {
	first := i * crossEntropyColumns
	last := min(first+crossEntropyColumns, l.Vocab)
	ColumnSum(l.call.db, l.call.logits, len(l.call.rows), l.ld, first, last, true)
}
