package blocks

import "math"

func root(v float32) float32 { return float32(math.Sqrt(float64(v))) }

func sumSquares(x []float32) (sum float32) {
	for _, v := range x {
		sum += float32(v * v)
	}
	return sum
}

// weighedSearch is how scales with minima are searched for with an importance matrix.
var weighedSearch = shiftedSearch{-0.9, 0.05, 36}

// weigh writes the weights of numbers' errors: their importance times √(variance + x²).
func weigh(dst, x, importance []float32, variance float32) {
	for i, v := range x {
		dst[i] = importance[i] * root(variance+float32(v*v))
	}
}

// weighSmall calls f with every block of a row and its weights.
func weighSmall(dst []byte, src, importance []float32, size int, f func(x, weights []float32, b []byte)) {
	variance := sumSquares(src) / float32(len(src))
	n := 0
	eachBlock(src, dst, smallBlock, size, func(x []float32, b []byte) {
		var weights [smallBlock]float32
		weigh(weights[:], x, importance[n:], variance)
		f(x, weights[:], b)
		n += smallBlock
	})
}

func weighedQ40(dst []byte, src, importance []float32) {
	weighSmall(dst, src, importance, 18, func(x, weights []float32, b []byte) {
		var q [smallBlock]uint8
		setHalf(b, searchSigned(q[:], x, weights, 8))
		nibbles(b[2:], q[:])
	})
}

func weighedQ41(dst []byte, src, importance []float32) {
	weighSmall(dst, src, importance, 20, func(x, weights []float32, b []byte) {
		var q [smallBlock]uint8
		d, minimum := searchShifted(q[:], x, weights, 15, weighedSearch)
		setHalf(b, d)
		setHalf(b[2:], -minimum)
		nibbles(b[4:], q[:])
	})
}

func weighedQ50(dst []byte, src, importance []float32) {
	weighSmall(dst, src, importance, 22, func(x, weights []float32, b []byte) {
		var q [smallBlock]uint8
		setHalf(b, searchSigned(q[:], x, weights, 16))
		fifths(b[2:], q[:])
		nibbles(b[6:], q[:])
	})
}

func weighedQ51(dst []byte, src, importance []float32) {
	weighSmall(dst, src, importance, 24, func(x, weights []float32, b []byte) {
		var q [smallBlock]uint8
		d, minimum := searchShifted(q[:], x, weights, 31, weighedSearch)
		setHalf(b, d)
		setHalf(b[2:], -minimum)
		fifths(b[4:], q[:])
		nibbles(b[8:], q[:])
	})
}

// grouped are the scales, minima and numbers of a block of 8 groups of 32.
type grouped struct {
	d, m           float32 // as halves
	scales, minima [8]uint8
	q              [superBlock]uint8
}

// group quantises a block, with the weights of the elements' magnitudes.
func (g *grouped) group(x []float32, most int, search shiftedSearch) {
	var scales, minima [8]float32
	var maxScale, maxMinimum float32
	for j := range 8 {
		part := x[j*32:][:32]
		average := root(sumSquares(part) / 32)
		var weights [32]float32
		for i, v := range part {
			weights[i] = average + abs(v)
		}
		scales[j], minima[j] = searchShifted(g.q[j*32:], part, weights[:], most, search)
		maxScale, maxMinimum = max(maxScale, scales[j]), max(maxMinimum, minima[j])
	}
	level := func(v, most float32) uint8 {
		if most <= 0 {
			return 0
		}
		return uint8(min(63, uint8(nearest(63/most*v))))
	}
	for j := range 8 {
		g.scales[j], g.minima[j] = level(scales[j], maxScale), level(minima[j], maxMinimum)
	}
	g.finish(x, maxScale/63, maxMinimum/63, most)
}

// groupWeighed is group by importance.
func (g *grouped) groupWeighed(x, importance []float32, most int) {
	variance := 2 * sumSquares(x) / superBlock
	var scales, minima, sums [8]float32
	for j := range 8 {
		part := x[j*32:][:32]
		var weights [32]float32
		weigh(weights[:], part, importance[j*32:], variance)
		for _, w := range weights {
			sums[j] += w
		}
		scales[j], minima[j] = searchShifted(g.q[j*32:], part, weights[:], most, weighedSearch)
	}
	d := searchPositive(g.scales[:], scales[:], sums[:], 63)
	m := searchPositive(g.minima[:], minima[:], sums[:], 63)
	for j := range 8 {
		g.scales[j], g.minima[j] = min(63, g.scales[j]), min(63, g.minima[j])
	}
	g.finish(x, d, m, most)
}

// finish rounds the numbers again by the scales as they are stored.
func (g *grouped) finish(x []float32, d, m float32, most int) {
	var b [4]byte
	setHalf(b[:], d)
	setHalf(b[2:], m)
	g.d, g.m = half(b[:]), half(b[2:])
	for j := range 8 {
		d, m := g.d*float32(g.scales[j]), g.m*float32(g.minima[j])
		if d == 0 {
			continue
		}
		for i, v := range x[j*32:][:32] {
			g.q[j*32+i] = uint8(clamp(nearest((v+m)/d), 0, most))
		}
	}
}

// write stores scales and the lower 4 bits, 64 numbers in 32 bytes.
func (g *grouped) write(head, low []byte) {
	setHalf(head, g.d)
	setHalf(head[2:], g.m)
	setScaleMins(head[4:16], g.scales[:], g.minima[:])
	for i := range low {
		at := i/32*64 + i%32
		low[i] = g.q[at]&15 | g.q[at+32]<<4
	}
}

// writeHigh stores the fifth bits, bit j of byte i that of number i of group j.
func (g *grouped) writeHigh(high []byte) {
	clear(high)
	for i, q := range g.q {
		high[i%32] |= q >> 4 & 1 << (i / 32)
	}
}

func packQ4K(dst []byte, src []float32) {
	eachBlock(src, dst, superBlock, 144, func(x []float32, b []byte) {
		var g grouped
		g.group(x, 15, shiftedSearch{-1, 0.1, 20})
		g.write(b, b[16:])
	})
}

func weighedQ4K(dst []byte, src, importance []float32) {
	n := 0
	eachBlock(src, dst, superBlock, 144, func(x []float32, b []byte) {
		var g grouped
		g.groupWeighed(x, importance[n:], 15)
		g.write(b, b[16:])
		n += superBlock
	})
}

func packQ5K(dst []byte, src []float32) {
	eachBlock(src, dst, superBlock, 176, func(x []float32, b []byte) {
		var g grouped
		g.group(x, 31, shiftedSearch{-0.5, 0.1, 15})
		g.write(b, b[48:])
		g.writeHigh(b[16:48])
	})
}

func weighedQ5K(dst []byte, src, importance []float32) {
	n := 0
	eachBlock(src, dst, superBlock, 176, func(x []float32, b []byte) {
		var g grouped
		g.groupWeighed(x, importance[n:], 31)
		g.write(b, b[48:])
		g.writeHigh(b[16:48])
		n += superBlock
	})
}

func packQ6K(dst []byte, src []float32) { weighedQ6K(dst, src, nil) }

func weighedQ6K(dst []byte, src, importance []float32) {
	n := 0
	eachBlock(src, dst, superBlock, 210, func(x []float32, b []byte) {
		var weights []float32
		if importance != nil {
			weights = importance[n:][:superBlock]
		}
		blockQ6K(b, x, weights)
		n += superBlock
	})
}

// blockQ6K packs a block: 16 groups of 16 with scales of 8 bits and no minima.
func blockQ6K(b []byte, x, weights []float32) {
	var q [superBlock]uint8
	var scales [16]float32
	for j := range scales {
		var w []float32
		if weights != nil {
			w = weights[j*16:][:16]
		}
		scales[j] = searchSigned(q[j*16:], x[j*16:][:16], w, 32)
	}
	far := farthest(scales[:])
	if abs(far) < negligible {
		clear(b)
		return
	}
	inverseScale := -128 / far
	setHalf(b[208:], 1/inverseScale)
	d := half(b[208:])
	for j, s := range scales {
		level := min(127, nearest(inverseScale*s))
		b[192+j] = byte(int8(level))
		scale := d * float32(int8(level))
		if scale == 0 {
			continue
		}
		for i, v := range x[j*16:][:16] {
			q[j*16+i] = uint8(clamp(nearest(v/scale), -32, 31) + 32)
		}
	}
	clear(b[:192])
	for i, v := range q {
		part, j := i/128, i%128
		b[part*64+j%64] |= v & 15 << (j / 64 * 4)
		b[128+part*32+j%32] |= v >> 4 << (j / 32 * 2)
	}
}
