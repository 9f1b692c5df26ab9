package search

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/internal/dirlock"
	"github.com/seahorse-ml/seahorse/internal/kernels"
	"github.com/seahorse-ml/seahorse/internal/nearest"
	"github.com/seahorse-ml/seahorse/internal/parallel"
	"github.com/seahorse-ml/seahorse/internal/random"
)

// cells group the passages of an index by their vectors: C centres, and the passages that are nearest to each. A search looks into the cells whose centres
// are nearest to the query.
//
// The file is: magic, C, D, N (uint32 each), the centres [C, D] float32, ends [C] uint32 of the cells' passages, the passages [N] uint32, and a CRC-32C of all that.
type cells struct {
	centres  []float32
	ends     []uint32
	passages []uint32
	width    int
}

const cellsMagic = "SEACEL01"

// CellsConfig configures BuildCells.
type CellsConfig struct {
	Cells  int // C; 0 means four times the root of the passages
	Rounds int // of k-means; 0 means 8
	Seed   uint64
}

// BuildCells groups the passages, so that searches needn't look at all of them. What was added since needs it anew.
func (x *Index) BuildCells(c CellsConfig) (err error) {
	lock, err := dirlock.Acquire(x.dir)
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	if err := x.reopen(); err != nil {
		return err
	}
	if err := x.sweep(); err != nil {
		return err
	}
	width, n := x.manifest.Settings.Width, x.first[len(x.first)-1]
	if width == 0 || n == 0 {
		return fmt.Errorf("search: %d passages with vectors of %d dimensions have no cells", n, width)
	}
	if c.Cells == 0 {
		c.Cells = int(4 * math.Sqrt(float64(n)))
	}
	if c.Rounds == 0 {
		c.Rounds = 8
	}
	c.Cells = min(c.Cells, n)
	if c.Cells < 1 || c.Rounds < 0 {
		return fmt.Errorf("search: %d cells by %d rounds, expected at least 1 and 0", c.Cells, c.Rounds)
	}
	vector := func(i int) []float32 {
		s, local, _ := x.place(i)
		return x.segments[s].vectors[local*width : (local+1)*width]
	}
	b := encodeCells(group(vector, n, width, c), n, width)
	name := fmt.Sprintf("cells-%06d", x.manifest.Next)
	if err := atomicfile.WriteBytes(filepath.Join(x.dir, name), b); err != nil {
		return fmt.Errorf("search: %w", err)
	}
	m, old := x.manifest, x.manifest.Cells
	m.Cells = &cellsEntry{File: name, Size: int64(len(b))}
	m.Next++
	if err := m.write(x.dir); err != nil {
		return fmt.Errorf("search: %w", err)
	}
	if err := x.reopen(); err != nil {
		return err
	}
	if old != nil {
		return os.Remove(filepath.Join(x.dir, old.File))
	}
	return nil
}

// perCell is how many passages a cell's centre is learned from, at most.
const perCell = 24

// group finds the cells by k-means on some of the vectors, whose centres have length 1.
func group(vector func(i int) []float32, n, width int, c CellsConfig) *cells {
	sample := min(n, perCell*c.Cells)
	chosen := func(k int) int { return int(int64(k) * int64(n) / int64(sample)) } // evenly over the texts
	g := &cells{centres: make([]float32, c.Cells*width), width: width}
	const stream = 11
	for k := range c.Cells {
		at := chosen((k*sample + int(random.Uint64(c.Seed, stream, uint64(k))%uint64(max(1, sample/c.Cells)))) / c.Cells)
		copy(g.centres[k*width:], vector(min(at, n-1)))
	}
	assigned := make([]uint32, sample)
	for range c.Rounds {
		g.assign(assigned, func(k int) []float32 { return vector(chosen(k)) })
		sums, counts := make([]float32, len(g.centres)), make([]int, c.Cells)
		for k, cell := range assigned {
			kernels.Accumulate(sums[int(cell)*width:][:width], vector(chosen(k)))
			counts[cell]++
		}
		for cell, count := range counts {
			sum := sums[cell*width : (cell+1)*width]
			if length := math.Sqrt(float64(kernels.Dot(sum, sum))); count > 0 && length > 0 {
				kernels.Scale(g.centres[cell*width:(cell+1)*width], sum, float32(1/length))
			}
		}
	}
	all := make([]uint32, n)
	g.assign(all, vector)
	g.ends = make([]uint32, c.Cells)
	for _, cell := range all {
		g.ends[cell]++
	}
	for k := 1; k < c.Cells; k++ {
		g.ends[k] += g.ends[k-1]
	}
	at := make([]uint32, c.Cells)
	copy(at[1:], g.ends)
	g.passages = make([]uint32, n)
	for i, cell := range all {
		g.passages[at[cell]] = uint32(i)
		at[cell]++
	}
	return g
}

// assign finds the nearest centre of each vector.
func (g *cells) assign(to []uint32, vector func(k int) []float32) {
	const atOnce = 64
	parallel.Run((len(to)+atOnce-1)/atOnce, func(_, part int) {
		for k := part * atOnce; k < min(len(to), (part+1)*atOnce); k++ {
			v, best := vector(k), float32(math.Inf(-1))
			for c := 0; c < len(g.centres)/g.width; c++ {
				if score := kernels.Dot(v, g.centres[c*g.width:(c+1)*g.width]); score > best {
					best, to[k] = score, uint32(c)
				}
			}
		}
	})
}

// encodeCells returns the file.
func encodeCells(g *cells, n, width int) []byte {
	b := []byte(cellsMagic)
	for _, v := range []int{len(g.ends), width, n} {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	for _, x := range g.centres {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	for _, v := range g.ends {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	for _, v := range g.passages {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// parseCells reads the file, for an index of n passages.
func parseCells(b []byte, n, width int) (*cells, error) {
	damaged := func(format string, args ...any) (*cells, error) {
		return nil, fmt.Errorf("%w: "+format, append([]any{errDamaged}, args...)...)
	}
	const header = 8 + 12
	if len(b) < header+4 || string(b[:8]) != cellsMagic {
		return damaged("%d bytes that don't begin with %s", len(b), cellsMagic)
	}
	if crc32.Checksum(b[:len(b)-4], castagnoli) != binary.LittleEndian.Uint32(b[len(b)-4:]) {
		return damaged("the checksum differs")
	}
	count := func(i int) int { return int(binary.LittleEndian.Uint32(b[8+4*i:])) }
	c := count(0)
	if count(1) != width || count(2) != n || c < 1 || width < 1 || uint64(len(b)) != header+4+4*(uint64(c)*uint64(width)+uint64(c)+uint64(n)) {
		return damaged("%d cells of %d passages with vectors of %d in %d bytes, and the index has %d with %d", c, count(2), count(1), len(b), n, width)
	}
	g := &cells{centres: floatsOf(b[header : header+4*c*width]), width: width}
	rest := b[header+4*c*width:]
	before := uint32(0)
	for i := range c {
		end := binary.LittleEndian.Uint32(rest[4*i:])
		if end < before || int(end) > n {
			return damaged("cell %d ends at %d", i, end)
		}
		g.ends, before = append(g.ends, end), end
	}
	if int(before) != n {
		return damaged("cells of %d passages, expected %d", before, n)
	}
	rest = rest[4*c:]
	for i := range n {
		p := binary.LittleEndian.Uint32(rest[4*i:])
		if int(p) >= n {
			return damaged("passage %d of %d", p, n)
		}
		g.passages = append(g.passages, p)
	}
	return g, nil
}

// near returns the passages of the cells nearest to a query.
func (g *cells) near(query []float32, probes int) []uint32 {
	var out []uint32
	for _, h := range nearest.Search(query, g.centres, g.width, probes, nil)[0] {
		begin := uint32(0)
		if h.Row > 0 {
			begin = g.ends[h.Row-1]
		}
		out = append(out, g.passages[begin:g.ends[h.Row]]...)
	}
	return out
}
