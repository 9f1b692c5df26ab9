package kernels

import "unsafe"

// rowsAhead is a queue of rows that attention reads soon, where they lie. Tiles ask the second cache for them while
// they compute, a line in each step, since the processor doesn't foresee rows that lie apart.
type rowsAhead[T Float] struct {
	parts       [32]rowsPart[T]
	first, last int // parts waiting
	row, line   int // of the first part, what is asked for next
}

// rowsPart is up to attentionLanes rows of a head, ld apart.
type rowsPart[T Float] struct {
	x        []T
	ld, rows int
}

// add puts rows at the end of the queue, unless it is full.
func (r *rowsAhead[T]) add(x []T, rows, ld int) {
	if r.first == r.last {
		r.first, r.last = 0, 0
	}
	if rows > 0 && r.last < len(r.parts) {
		r.parts[r.last] = rowsPart[T]{x, ld, rows}
		r.last++
	}
}

// take returns what a tile of the given depth asks for: next, nextRow and nextStep of productKernel.tile. size is the elements of a row.
func (r *rowsAhead[T]) take(depth, size int) (next []T, row, step int) {
	if r.first == r.last {
		return nil, 0, 0
	}
	p := &r.parts[r.first]
	next = p.x[r.row*p.ld+r.line:]
	if r.row += roundUp(depth, stepsAhead); r.row >= p.rows {
		r.row = 0
		r.line += lineElements
	}
	if r.line >= size {
		r.line = 0
		r.first++
	}
	return next, p.ld, stepsAhead * p.ld
}

// rowsTaken is what take returns.
type rowsTaken[T Float] struct {
	x         []T
	row, step int
}

func (r *rowsAhead[T]) taken(depth, size int) rowsTaken[T] {
	x, row, step := r.take(depth, size)
	return rowsTaken[T]{x, row, step}
}

// to returns how many elements lie between where two of them begin.
func (r rowsTaken[T]) to(s rowsTaken[T]) int {
	at := func(x []T) int { return int(uintptr(unsafe.Pointer(unsafe.SliceData(x)))) }
	var element T
	return (at(s.x) - at(r.x)) / int(unsafe.Sizeof(element))
}

// sharesOf returns which of attentionGroup shares of what comes next are to be asked for at step i of n.
func sharesOf(i, n int) (from, to int) {
	return ceilDiv(i*attentionGroup, n), ceilDiv((i+1)*attentionGroup, n)
}

// queriesAhead asks for the rows of x, which has the layout of the queries but for its stride, of panel number panel.
func (a *Attention[T]) queriesAhead(r *rowsAhead[T], x []T, b, h, panel, stride int) {
	if i := panel * attentionLanes; i < a.Queries {
		r.add(x[a.queryAt(b, i, h, stride):], min(attentionLanes, a.Queries-i), stride)
	}
}

// keysAhead asks for keys and values from key j on, a block of them.
func (a *Attention[T]) keysAhead(r *rowsAhead[T], b, kv, j int) {
	if j < a.Keys {
		rows := min(attentionKeys, a.Keys-j)
		r.add(a.call.k[a.keyAt(b, j, kv, a.KStride):], rows, a.KStride)
		r.add(a.call.v[a.keyAt(b, j, kv, a.VStride):], rows, a.VStride)
	}
}
