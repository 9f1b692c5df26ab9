package kernels

// Add computes dst[i] = a[i] + b[i]. dst may be a or b.
func Add[T Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	if v := fastFor[T](); v != nil {
		v.add(single(dst), single(a), single(b))
		return
	}
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}

// Accumulate computes dst[i] += a[i].
func Accumulate[T Float](dst, a []T) {
	a = a[:len(dst)]
	if v := fastFor[T](); v != nil {
		v.add(single(dst), single(dst), single(a))
		return
	}
	for i := range dst {
		dst[i] += a[i]
	}
}

// Mul computes dst[i] = a[i] · b[i]. dst may be a or b.
func Mul[T Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	if v := fastFor[T](); v != nil {
		v.mul(single(dst), single(a), single(b))
		return
	}
	for i := range dst {
		dst[i] = a[i] * b[i]
	}
}

// Scale computes dst[i] = s · a[i]. dst may be a.
func Scale[T Float](dst, a []T, s T) {
	a = a[:len(dst)]
	if v := fastFor[T](); v != nil {
		v.scale(single(dst), single(a), float32(s))
		return
	}
	for i := range dst {
		dst[i] = s * a[i]
	}
}

// AXPY computes dst[i] += s · a[i].
func AXPY[T Float](dst, a []T, s T) {
	a = a[:len(dst)]
	if v := fastFor[T](); v != nil {
		v.axpy(single(dst), single(a), float32(s))
		return
	}
	for i := range dst {
		dst[i] += T(s * a[i]) // rounded, where Go would fuse both, as on arm64
	}
}

// Fill computes dst[i] = s.
func Fill[T Float](dst []T, s T) {
	for i := range dst {
		dst[i] = s
	}
}

// Dot returns Σ a[i]·b[i], summed in interleaved parts.
func Dot[T Float](a, b []T) T {
	b = b[:len(a)]
	if v := fastFor[T](); v != nil {
		return T(v.dot(single(a), single(b)))
	}
	var part [8]T
	i := 0
	for ; i+8 <= len(a); i += 8 {
		x, y := a[i:i+8], b[i:i+8]
		for k := range part {
			part[k] += x[k] * y[k]
		}
	}
	sum := ((part[0] + part[4]) + (part[1] + part[5])) + ((part[2] + part[6]) + (part[3] + part[7]))
	for ; i < len(a); i++ {
		sum += a[i] * b[i]
	}
	return sum
}

// Sum returns Σ a[i].
func Sum[T Float](a []T) T {
	if v := fastFor[T](); v != nil {
		return T(v.sum(single(a)))
	}
	var sum T
	for _, v := range a {
		sum += v
	}
	return sum
}

// SumSquares returns Σ a[i]² in float64.
func SumSquares[T Float](a []T) float64 {
	if v := fastFor[T](); v != nil {
		return v.sumSquares(single(a))
	}
	var part [4]float64
	i := 0
	for ; i+4 <= len(a); i += 4 {
		for k, v := range a[i : i+4] {
			part[k] += float64(v) * float64(v)
		}
	}
	sum := (part[0] + part[2]) + (part[1] + part[3])
	for ; i < len(a); i++ {
		sum += float64(a[i]) * float64(a[i])
	}
	return sum
}

// ColumnSum computes dst[c] = Σ over the rows r of x[r·cols+c], for the columns
// lo ≤ c < hi, or adds the sum to dst[c]. Rows are added in order.
func ColumnSum[T Float](dst, x []T, rows, cols, lo, hi int, accumulate bool) {
	part := dst[lo:hi]
	if !accumulate {
		clear(part)
	}
	if v := fastFor[T](); v != nil && rows > 0 {
		v.addRows(single(part), single(x[lo:(rows-1)*cols+hi]), rows, cols)
		return
	}
	for r := range rows {
		Accumulate(part, x[r*cols+lo:r*cols+hi])
	}
}
