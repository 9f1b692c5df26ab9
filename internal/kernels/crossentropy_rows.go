package kernels

// frozenStep is the step of the sizes of chunks beside a frozen weight, whose rows aren't known before a run.
const frozenStep = 32

// crossEntropyProducts are those of a chunk of rows.
type crossEntropyProducts[T Float] struct {
	rows           int
	logits, dx, dw *Product[T] // dw is nil beside a frozen weight
}

// split prepares for chunks of the given number of rows.
func (l *LinearCrossEntropy[T]) split(chunk int) {
	l.chunk, l.products = chunk, nil
	if chunk == 0 {
		return
	}
	if l.Frozen {
		for rows := frozenStep; rows < chunk; rows += frozenStep {
			l.products = append(l.products, l.newProducts(rows))
		}
	} else if rest := l.Rows % chunk; rest > 0 {
		l.products = append(l.products, l.newProducts(rest))
	}
	l.products = append(l.products, l.newProducts(chunk))
}

func (l *LinearCrossEntropy[T]) newProducts(rows int) crossEntropyProducts[T] {
	p := crossEntropyProducts[T]{
		rows:   rows,
		logits: NewProduct[T](ProductConfig{M: rows, N: l.Vocab, K: l.In, TransB: true, LDC: l.ld, BFloat16: l.BFloat16}),
		dx:     NewProduct[T](ProductConfig{M: rows, N: l.In, K: l.Vocab, LDA: l.ld, BFloat16: l.BFloat16}),
	}
	if !l.Frozen {
		p.dw = NewProduct[T](ProductConfig{M: l.Vocab, N: l.In, K: rows, TransA: true, LDA: l.ld, BFloat16: l.BFloat16})
	}
	return p
}

// productsOf returns the smallest products of at least so many rows.
func (l *LinearCrossEntropy[T]) productsOf(rows int) *crossEntropyProducts[T] {
	i := 0
	for l.products[i].rows < rows {
		i++
	}
	return &l.products[i]
}

// pick returns the rows that a run goes through: all of them, or beside a frozen weight those that have a target; it ignores the others.
func (l *LinearCrossEntropy[T]) pick(targets []int32, dx []T, accumulate bool) []int {
	rows := l.rows[:0]
	for r, t := range targets {
		if l.Frozen && !isTarget(t) {
			l.ignore([]int{r}, dx, accumulate)
			continue
		}
		rows = append(rows, r)
	}
	return rows
}

// ignore sets what is found of rows without a target.
func (l *LinearCrossEntropy[T]) ignore(rows []int, dx []T, accumulate bool) {
	for _, r := range rows {
		l.losses[r] = 0
		if l.Hits != nil {
			l.Hits[r] = 0
		}
		if l.Squares != nil {
			l.Squares[r] = 0
		}
		if dx != nil && !accumulate {
			clear(dx[r*l.In:][:l.In])
		}
	}
}

// together tells whether rows lie side by side, and are as many as a product takes.
func together(rows []int, taken int) bool {
	return len(rows) == taken && rows[len(rows)-1]-rows[0] == len(rows)-1
}

// gather returns the given rows of x, as many as a product takes: where they lie, or side by side in working memory.
func (l *LinearCrossEntropy[T]) gather(rows []int, taken int, x []T) []T {
	return l.gatherInto(rows, taken, x, true)
}

// gatherInto is gather, for rows that are written if content is false, so that they needn't be copied.
func (l *LinearCrossEntropy[T]) gatherInto(rows []int, taken int, x []T, content bool) []T {
	if together(rows, taken) {
		return x[rows[0]*l.In:][:taken*l.In]
	}
	side := l.Logits[l.chunk*l.ld:][:taken*l.In]
	if content {
		for k, r := range rows {
			copy(side[k*l.In:][:l.In], x[r*l.In:])
		}
		clear(side[len(rows)*l.In:])
	}
	return side
}

// scatter writes rows that were gathered back to x.
func (l *LinearCrossEntropy[T]) scatter(rows []int, taken int, x []T) {
	if together(rows, taken) {
		return
	}
	side := l.Logits[l.chunk*l.ld:]
	for k, r := range rows {
		copy(x[r*l.In:][:l.In], side[k*l.In:])
	}
}
