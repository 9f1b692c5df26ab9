package words

import (
	"bufio"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
)

// pairRuns are sorted lists of pairs, each in a file of its own.
type pairRuns struct {
	dir   string
	most  int // pairs that are held in memory; 0 for any number
	files []*os.File
}

func newPairRuns(c PairsConfig) *pairRuns {
	r := &pairRuns{dir: c.Dir}
	if c.Memory > 0 {
		r.most = max(1, int(c.Memory/pairBytes))
	}
	return r
}

// full tells whether n pairs are as many as are held in memory.
func (r *pairRuns) full(n int) bool { return r.most > 0 && n >= r.most }

// temporary makes a file that is gone when it is closed, where the system can do that, and else by remove.
func (r *pairRuns) temporary() (*os.File, error) {
	if err := os.MkdirAll(r.dir, 0o777); err != nil {
		return nil, fmt.Errorf("words: pairs: %w", err)
	}
	f, err := os.CreateTemp(r.dir, ".pairs-*")
	if err != nil {
		return nil, fmt.Errorf("words: pairs: %w", err)
	}
	os.Remove(f.Name()) // which Windows refuses
	return f, nil
}

// discard closes a file of temporary and removes it.
func discard(f *os.File) error {
	err := f.Close()
	if gone := os.Remove(f.Name()); gone != nil && !errors.Is(gone, os.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}

// recordBytes is a pair in a file: key, row, column and weight, little-endian.
const recordBytes = 24

// mostRuns is how many files there are at most, beside the one that takes them all when there are so many.
const mostRuns = 256

// spill writes a sorted list.
func (r *pairRuns) spill(pairs []pair) error {
	if len(r.files) == mostRuns {
		whole, err := r.write(r.merged(nil))
		if err != nil {
			return err
		}
		err = r.close()
		r.files = append(r.files, whole)
		if err != nil {
			return err
		}
	}
	f, err := r.write(listed(pairs))
	if err != nil {
		return err
	}
	r.files = append(r.files, f)
	return nil
}

// listed yields the pairs of a list.
func listed(pairs []pair) iter.Seq2[pair, error] {
	return func(yield func(pair, error) bool) {
		for _, p := range pairs {
			if !yield(p, nil) {
				return
			}
		}
	}
}

// write writes pairs to a new file.
func (r *pairRuns) write(pairs iter.Seq2[pair, error]) (_ *os.File, err error) {
	f, err := r.temporary()
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, discard(f))
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	var record [recordBytes]byte
	for p, err := range pairs {
		if err != nil {
			return nil, err
		}
		binary.LittleEndian.PutUint64(record[:], p.key)
		binary.LittleEndian.PutUint32(record[8:], uint32(p.row))
		binary.LittleEndian.PutUint32(record[12:], uint32(p.column))
		binary.LittleEndian.PutUint64(record[16:], math.Float64bits(p.weight))
		w.Write(record[:]) // Flush tells what went wrong
	}
	if err := w.Flush(); err != nil {
		return nil, fmt.Errorf("words: pairs: %w", err)
	}
	return f, nil
}

// close removes the files.
func (r *pairRuns) close() error {
	var errs []error
	for _, f := range r.files {
		errs = append(errs, discard(f))
	}
	r.files = nil
	return errors.Join(errs...)
}

// merged yields the pairs of all files and of a sorted list, in order.
func (r *pairRuns) merged(rest []pair) iter.Seq2[pair, error] {
	return func(yield func(pair, error) bool) {
		if len(r.files) == 0 {
			listed(rest)(yield)
			return
		}
		heads := &pairHeap{}
		for _, f := range r.files {
			if _, err := f.Seek(0, io.SeekStart); err != nil {
				yield(pair{}, fmt.Errorf("words: pairs: %w", err))
				return
			}
			heads.readers = append(heads.readers, &pairReader{file: f, from: bufio.NewReaderSize(f, 1<<18)})
		}
		heads.readers = append(heads.readers, &pairReader{list: rest})
		for i := 0; i < len(heads.readers); {
			more, err := heads.readers[i].next()
			switch {
			case err != nil:
				yield(pair{}, err)
				return
			case more:
				i++
			default:
				heads.readers = append(heads.readers[:i], heads.readers[i+1:]...)
			}
		}
		heap.Init(heads)
		for len(heads.readers) > 0 {
			least := heads.readers[0]
			if !yield(least.pair, nil) {
				return
			}
			more, err := least.next()
			switch {
			case err != nil:
				yield(pair{}, err)
				return
			case more:
				heap.Fix(heads, 0)
			default:
				heap.Pop(heads)
			}
		}
	}
}

// pairReader reads a sorted list.
type pairReader struct {
	pair
	file *os.File
	from *bufio.Reader // nil for a list in memory
	list []pair
}

// next sets pair to the next one, if there is one.
func (r *pairReader) next() (more bool, err error) {
	if r.from == nil {
		if len(r.list) == 0 {
			return false, nil
		}
		r.pair, r.list = r.list[0], r.list[1:]
		return true, nil
	}
	var record [recordBytes]byte
	if _, err := io.ReadFull(r.from, record[:]); err == io.EOF {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("words: pairs: %s: %w", r.file.Name(), err)
	}
	r.pair = pair{
		binary.LittleEndian.Uint64(record[:]), int32(binary.LittleEndian.Uint32(record[8:])), int32(binary.LittleEndian.Uint32(record[12:])),
		math.Float64frombits(binary.LittleEndian.Uint64(record[16:])),
	}
	return true, nil
}

// pairHeap has the reader with the least pair first.
type pairHeap struct{ readers []*pairReader }

func (h *pairHeap) Len() int           { return len(h.readers) }
func (h *pairHeap) Less(i, j int) bool { return comparePairs(h.readers[i].pair, h.readers[j].pair) < 0 }
func (h *pairHeap) Swap(i, j int)      { h.readers[i], h.readers[j] = h.readers[j], h.readers[i] }
func (h *pairHeap) Push(x any)         { h.readers = append(h.readers, x.(*pairReader)) }
func (h *pairHeap) Pop() any {
	last := h.readers[len(h.readers)-1]
	h.readers = h.readers[:len(h.readers)-1]
	return last
}
