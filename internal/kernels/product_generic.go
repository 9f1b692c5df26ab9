package kernels

import "github.com/seahorse-ml/seahorse/internal/cpu"

// productKernel is an implementation of the inner parts of Product.
type productKernel[T Float] struct {
	level      cpu.Level
	rows, cols int // of a full tile
	lanes      int // of a packed panel of A, at least rows
	spill      int // elements behind a packed panel of A that packing may overwrite

	// tile computes C [rows, cols] = Σ A[i, k]·B[k, j] + bias[j] over k in [0, depth), in that
	// order, or adds this to C. A[i, k] is at i·aRow + k·aStep, B[k, j] at k·bStep + j, and
	// C[i, j] at i·ldc + j. bias may be nil. Rows of B are read up to the full tile's width.
	// Meanwhile it may ask the cache for what comes next: for each 16 steps of k 16 elements of next,
	// nextRow apart, the first of them nextStep behind the first of those before. next may be nil, and
	// end before the last of these elements.
	tile func(rows, cols, depth int, a []T, aRow, aStep int, b []T, bStep int, c []T, ldc int, bias []T, accumulate bool, next []T, nextRow, nextStep int)

	// tilePacking computes a tile of all rows and columns as tile does, and packs the rows of B that it
	// reads: packed[k·cols + j] = B[k, j]. Packing costs little beside the products. At last it adds the rows of add, which
	// lie like those of C; add may be nil.
	tilePacking func(packed []T, depth int, a []T, aRow, aStep int, b []T, bStep int, c []T, ldc int, bias []T, accumulate bool, add []T, next []T, nextRow, nextStep int)

	// tileRun computes count tiles of all rows and columns as tilePacking does, but doesn't pack, count > 0. A, B, C, bias and add of each begin aTile, bTile,
	// cTile, biasTile and cTile behind those of the one before, and all but the first ask for later in the place of next, which begins laterTile
	// behind that of the one before. write says what becomes of C; rows of C that are streamed begin a line of the caches, and
	// other workers may read them after fence.
	tileRun func(count, depth int, a []T, aRow, aStep, aTile int, b []T, bStep, bTile int, c []T, ldc, cTile int, bias []T, biasTile, write int, add []T, next []T, nextRow, nextStep int, later []T, laterRow, laterStep, laterTile int)

	// copy packs rows that lie ld apart into panels of the given number of columns, which lie
	// stride apart and have lanes for each row: dst[j/panel·stride + k·lanes + j%panel] =
	// src[k·ld + j] for k in [0, depth), depth > 0, and j in [0, width). Lanes behind the last
	// column of a panel get any value, and so may spill elements behind the last row of one whose lanes are fewer than a vector's.
	copy func(dst, src []T, depth, width, panel, lanes, stride, ld int)

	// turn packs columns that lie ld apart into one panel: dst[k·lanes + j] = src[j·ld + k] for
	// k in [0, depth), depth > 0, and j in [0, width). It writes what copy may write.
	turn func(dst, src []T, depth, width, lanes, ld int)

	// slim computes a tile of at most slimRows rows and exactly slimCols columns, as tile does,
	// where reading B takes the time. It may be nil, with slimRows 0.
	slim               func(rows, depth int, a []T, aRow, aStep int, b []T, bStep int, c []T, ldc int, bias []T, accumulate bool)
	slimRows, slimCols int

	// slimTurned computes a tile of at most turnedRows rows and turnedCols columns, where
	// A[i, k] is at i·aRow + k and B[k, j] at j·ldb + k.
	slimTurned             func(rows, cols, depth int, a []T, aRow int, b []T, ldb int, c []T, ldc int, bias []T, accumulate bool)
	turnedRows, turnedCols int

	// slimWide computes what slimTurned does for 1 row and wideCols columns, or for 2 rows and half of those, where depth > 0 is a multiple of
	// lineElements. It may be nil, with wideCols 0.
	slimWide func(rows, depth int, a []T, aRow int, b []T, ldb int, c []T, ldc int, bias []T, accumulate bool)
	wideCols int
}

// panelSize returns the elements from a packed panel of A to the next.
func (k *productKernel[T]) panelSize(depth int) int {
	return roundUp(k.lanes*depth+k.spill, lineElements)
}

// What a tile does to C.
const (
	writeOver      = iota
	writeAdding    // adds to what C holds
	writeStreaming // writes C to memory past the caches
)

// genericProduct returns the specification, which runs anywhere.
func genericProduct[T Float]() *productKernel[T] {
	return &productKernel[T]{
		level: cpu.Generic, rows: 2, cols: 4, lanes: 2,
		tile: tileGeneric[T], tilePacking: tilePackingGeneric[T], tileRun: tileRunGeneric[T],
		copy: copyPanelsGeneric[T], turn: turnPanelGeneric[T],
		slimTurned: slimTurnedGeneric[T], turnedRows: 1, turnedCols: 4,
	}
}

func tileGeneric[T Float](rows, cols, depth int, a []T, aRow, aStep int, b []T, bStep int, c []T, ldc int, bias []T, accumulate bool, _ []T, _, _ int) {
	const width = 4
	var sum [2 * width]T
	if rows == 2 && cols == width {
		sum = fullTileGeneric(depth, a, aRow, aStep, b, bStep)
	} else {
		for k := range depth {
			for i := range rows {
				x := a[i*aRow+k*aStep]
				for j, y := range b[k*bStep:][:cols] {
					sum[i*width+j] += x * y
				}
			}
		}
	}
	storeTile(rows, cols, sum[:], width, c, ldc, bias, accumulate)
}

func tilePackingGeneric[T Float](packed []T, depth int, a []T, aRow, aStep int, b []T, bStep int, c []T, ldc int, bias []T, accumulate bool, add []T, _ []T, _, _ int) {
	const rows, cols = 2, 4
	copyPanelsGeneric(packed, b, depth, cols, cols, cols, cols*depth, bStep)
	tileGeneric(rows, cols, depth, a, aRow, aStep, packed, cols, c, ldc, bias, accumulate, nil, 0, 0)
	addRows(c, add, rows, cols, ldc)
}

func tileRunGeneric[T Float](count, depth int, a []T, aRow, aStep, aTile int, b []T, bStep, bTile int, c []T, ldc, cTile int, bias []T, biasTile, write int, add []T, _ []T, _, _ int, _ []T, _, _, _ int) {
	const rows, cols = 2, 4
	for i := range count {
		tileGeneric(rows, cols, depth, a[i*aTile:], aRow, aStep, b[i*bTile:], bStep, c[i*cTile:], ldc, tail(bias, i*biasTile), write == writeAdding, nil, 0, 0)
		addRows(c[i*cTile:], tail(add, i*cTile), rows, cols, ldc)
	}
}

// storeTile writes the sums of a tile, whose rows lie ld apart, to C or adds them to it.
func storeTile[T Float](rows, cols int, sum []T, ld int, c []T, ldc int, bias []T, accumulate bool) {
	for i := range rows {
		row, s := c[i*ldc:][:cols], sum[i*ld:][:cols]
		for j, v := range s {
			if bias != nil {
				v += bias[j]
			}
			if accumulate {
				v += row[j]
			}
			row[j] = v
		}
	}
}

// tail returns x from i on, or nil for nil.
func tail[T any](x []T, i int) []T {
	if x == nil {
		return nil
	}
	return x[i:]
}

// addRows adds add to C, rows of both ldc apart; add may be nil.
func addRows[T Float](c, add []T, rows, cols, ldc int) {
	if add == nil {
		return
	}
	for i := range rows {
		Accumulate(c[i*ldc:][:cols], add[i*ldc:][:cols])
	}
}

// fullTileGeneric sums a tile of 2 × 4, which fits the registers.
func fullTileGeneric[T Float](depth int, a []T, aRow, aStep int, b []T, bStep int) [8]T {
	var s00, s01, s02, s03, s10, s11, s12, s13 T
	for k := range depth {
		x0, x1 := a[k*aStep], a[k*aStep+aRow]
		y := b[k*bStep:][:4]
		s00 += x0 * y[0]
		s01 += x0 * y[1]
		s02 += x0 * y[2]
		s03 += x0 * y[3]
		s10 += x1 * y[0]
		s11 += x1 * y[1]
		s12 += x1 * y[2]
		s13 += x1 * y[3]
	}
	return [8]T{s00, s01, s02, s03, s10, s11, s12, s13}
}

func copyPanelsGeneric[T Float](dst, src []T, depth, width, panel, lanes, stride, ld int) {
	for j := 0; j < width; j += panel {
		for k := range depth {
			copy(dst[j/panel*stride+k*lanes:][:min(panel, width-j)], src[k*ld+j:])
		}
	}
}

func turnPanelGeneric[T Float](dst, src []T, depth, width, lanes, ld int) {
	for j := range width {
		for k, v := range src[j*ld:][:depth] {
			dst[k*lanes+j] = v
		}
	}
}

func slimTurnedGeneric[T Float](rows, cols, depth int, a []T, aRow int, b []T, ldb int, c []T, ldc int, bias []T, accumulate bool) {
	var sum [4]T
	for i := range rows {
		row := a[i*aRow:][:depth]
		for j := range cols {
			sum[j] = 0
			for k, y := range b[j*ldb:][:depth] {
				sum[j] += row[k] * y
			}
		}
		storeTile(1, cols, sum[:], cols, c[i*ldc:], ldc, bias, accumulate)
	}
}
