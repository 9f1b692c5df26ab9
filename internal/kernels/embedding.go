package kernels

// Gather copies row ids[i] of table [V, cols] to row i of dst [len(ids), cols].
func Gather[T Float](dst, table []T, ids []int32, cols int) {
	for i, id := range ids {
		copy(dst[i*cols:(i+1)*cols], table[int(id)*cols:(int(id)+1)*cols])
	}
}

// ScatterAdd adds row i of dy [len(ids), cols] to row ids[i] of dst [V, cols], in
// order, for the columns lo ≤ c < hi only: loops over parts of the columns can run side by
// side and still add in one order. Rows with a negative id are left out.
func ScatterAdd[T Float](dst, dy []T, ids []int32, cols, lo, hi int) {
	for i, id := range ids {
		if id < 0 {
			continue
		}
		Accumulate(dst[int(id)*cols+lo:int(id)*cols+hi], dy[i*cols+lo:i*cols+hi])
	}
}
