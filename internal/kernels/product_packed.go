package kernels

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/blocks"
	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// Packed is a matrix whose rows are stored as blocks, see package blocks. The zero value is none.
type Packed struct {
	Kind blocks.Kind
	Cols int    // elements of a row, whole blocks
	Data []byte // the rows, one behind the other
}

// Rows returns the number of rows.
func (m Packed) Rows() int {
	if m.Cols == 0 {
		return 0
	}
	return len(m.Data) / m.Kind.Size(m.Cols)
}

// unpack writes elements [k0, k1) of a row, whole blocks, to dst.
func (m Packed) unpack(dst []float32, row, k0, k1 int) {
	size := m.Kind.Size(m.Cols)
	src := m.Data[row*size:][m.Kind.Size(k0):m.Kind.Size(k1)]
	unpackBlocks(m.Kind, dst[:k1-k0], src)
}

// around returns the whole blocks that hold elements [from, to) of a row.
func (m Packed) around(from, to int) (k0, k1 int) {
	n := m.Kind.Elements()
	return from / n * n, min(ceilDiv(to, n)*n, m.Cols)
}

// UnpackRow writes a row to dst.
func UnpackRow[T Float](dst []T, m Packed, row int) { unpackRange(dst, m, row, 0, m.Cols) }

// unpackRange is unpack for any type of elements.
func unpackRange[T Float](dst []T, m Packed, row, k0, k1 int) {
	if d, ok := any(dst).([]float32); ok {
		m.unpack(d, row, k0, k1)
		return
	}
	var part [256]float32 // the largest block
	for n := m.Kind.Elements(); k0 < k1; k0 += n {
		m.unpack(part[:n], row, k0, k0+n)
		for i, v := range part[:n] {
			dst[i] = T(v)
		}
		dst = dst[n:]
	}
}

// GatherPacked copies row ids[i] of a table to row i of dst [len(ids), table.Cols].
func GatherPacked[T Float](dst []T, table Packed, ids []int32) {
	for i, id := range ids {
		UnpackRow(dst[i*table.Cols:][:table.Cols], table, int(id))
	}
}

// RunPacked is Run for a matrix B that is stored as blocks: [N, K] where B is transposed, else [K, N]. Its elements are unpacked as panels are
// filled, and no more than a few panels of them are held. What it computes has the bits that Run gives for the unpacked matrix.
func (p *Product[T]) RunPacked(c, a []T, b Packed, e Epilogue[T]) {
	rows, cols := p.K, p.N
	if p.TransB {
		rows, cols = p.N, p.K
	}
	if b.Cols != cols || p.LDB != cols || len(b.Data) != rows*b.Kind.Size(cols) {
		panic(fmt.Sprintf("kernels: product: B of %d × %d stored as %v rows of %d in %d bytes", rows, cols, b.Kind, b.Cols, len(b.Data)))
	}
	p.run.packed = b
	defer func() { p.run.packed = Packed{} }()
	p.Run(c, a, nil, e)
}

// unpackedRows are the rows of a packed B that are unpacked at one time.
const unpackedRows = 16

// unpackedSpace returns the most elements that a worker unpacks at one time.
func (p *Product[T]) unpackedSpace() int {
	const most = 2 * 256 // elements of blocks at both ends that aren't asked for
	wide := p.depth
	if !p.TransB {
		wide = max(mostPacked, p.stripPanels()) * p.kernel.cols
	}
	return unpackedRows * unpackedStride(wide+most)
}

// unpackedStride returns the elements from an unpacked row to the next: not whole pages, whose rows would compete for a few lines of the caches.
func unpackedStride(cols int) int {
	const page = 1024
	ld := roundUp(cols, lineElements)
	if ld%page == 0 {
		ld += lineElements
	}
	return ld
}

// unpackRows unpacks count rows of B from a row on, so that element `from` of each is in what is returned, ld apart.
func (p *Product[T]) unpackRows(worker, row, count, from, to int) (raw []T, ld int) {
	b := p.run.packed
	k0, k1 := b.around(from, to)
	ld = unpackedStride(k1 - k0)
	raw = p.run.space.raw[worker]
	for r := range count {
		unpackRange(raw[r*ld:], b, row+r, k0, k1)
	}
	return raw[from-k0:], ld
}

// packPanelsPacked is packPanelsB for a packed B.
func (p *Product[T]) packPanelsPacked(worker int, dst []T, k, n, depth, width int) {
	cols := p.kernel.cols
	if p.TransB {
		for j := 0; j < width; j += cols {
			panel := dst[j*depth:]
			for i := 0; i < min(cols, width-j); i += unpackedRows {
				count := min(unpackedRows, cols-i, width-j-i)
				raw, ld := p.unpackRows(worker, n+j+i, count, k, k+depth)
				p.kernel.turn(panel[i:], raw, depth, count, cols, ld)
			}
		}
		return
	}
	for r := 0; r < depth; r += unpackedRows {
		count := min(unpackedRows, depth-r)
		raw, ld := p.unpackRows(worker, k+r, count, n, n+width)
		p.kernel.copy(dst[r*cols:], raw, count, width, cols, cols, cols*depth, ld)
	}
}

// slimPacked computes all columns of a few rows from a packed B that is transposed.
func (p *Product[T]) slimPacked(worker, row, n0, n1, k, depth int, accumulate bool) {
	t := p.kernel
	for n := n0; n < n1; n += t.turnedCols {
		count := min(t.turnedCols, n1-n)
		raw, ld := p.unpackRows(worker, n, count, k, k+depth)
		t.slimTurned(p.M, count, depth, p.run.a[k:], row, raw, ld, p.run.c[n:], p.LDC, p.bias(n, k, depth), accumulate)
	}
}

// reserveRaw sees to it that each worker has n elements to unpack into.
func (s *productSpace[T]) reserveRaw(workers, n int) {
	if len(s.raw) >= workers && (workers == 0 || len(s.raw[0]) >= n) {
		return
	}
	s.raw = make([][]T, max(workers, parallel.Workers()))
	for w := range s.raw {
		s.raw[w] = make([]T, n)
	}
}
