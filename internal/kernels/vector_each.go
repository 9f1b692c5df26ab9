package kernels

// DotEach computes dst[j] = Σ a[k]·x[stride·at[j]+k] for rows of x that lie anywhere, summed in interleaved parts.
func DotEach[T Float](dst, a, x []T, at []int32, stride int) {
	dst = dst[:len(at)]
	checkRows(x, at, stride, len(a))
	if v := fastFor[T](); v != nil {
		v.dotEach(single(dst), single(a), single(x), at, stride)
		return
	}
	for j, row := range at {
		dst[j] = Dot(a, x[stride*int(row):][:len(a)])
	}
}

// AXPYEach computes dst[k] += Σ s[j]·x[stride·at[j]+k] for rows of x that lie anywhere, added one after the other. No row may be dst.
func AXPYEach[T Float](dst, s, x []T, at []int32, stride int) {
	s = s[:len(at)]
	checkRows(x, at, stride, len(dst))
	if v := fastFor[T](); v != nil {
		v.axpyEach(single(dst), single(s), single(x), at, stride)
		return
	}
	for j, row := range at {
		AXPY(dst, x[stride*int(row):][:len(dst)], s[j])
	}
}

// checkRows panics where a row of n elements isn't within x.
func checkRows[T Float](x []T, at []int32, stride, n int) {
	for _, row := range at {
		_ = x[stride*int(row):][:n]
	}
}
