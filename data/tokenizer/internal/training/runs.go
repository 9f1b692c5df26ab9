package training

import (
	"bufio"
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
)

// runs are files of counted words, each in the order of their bytes.
type runs struct {
	dir   string
	mu    sync.Mutex
	files []*os.File
}

// write puts the words of c into a new file.
func (r *runs) write(c *counter) error {
	f, err := os.CreateTemp(r.dir, "words-*")
	if err != nil {
		return fmt.Errorf("training: %w", err)
	}
	// Where the system allows it the file goes away with the process, however that ends.
	os.Remove(f.Name())
	r.mu.Lock()
	r.files = append(r.files, f)
	r.mu.Unlock()
	w := bufio.NewWriterSize(f, 1<<16)
	var head [2 * binary.MaxVarintLen64]byte
	for _, word := range c.sorted() {
		n := binary.PutUvarint(head[:], uint64(len(word.Text)))
		n += binary.PutUvarint(head[n:], uint64(word.Count))
		w.Write(head[:n])
		w.WriteString(word.Text)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("training: writing counts: %w", err)
	}
	return nil
}

func (r *runs) close() {
	for _, f := range r.files {
		f.Close()
		os.Remove(f.Name())
	}
}

// runReader reads a run from its start.
type runReader struct {
	r    *bufio.Reader
	text []byte
	n    int64
}

func (r *runReader) next() (bool, error) {
	size, err := binary.ReadUvarint(r.r)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	count, err := binary.ReadUvarint(r.r)
	if err != nil {
		return false, err
	}
	r.text = slices.Grow(r.text[:0], int(size))[:size]
	r.n = int64(count)
	_, err = io.ReadFull(r.r, r.text)
	return true, err
}

// runHeap orders readers by the words that they are at.
type runHeap []*runReader

func (h runHeap) Len() int           { return len(h) }
func (h runHeap) Less(i, j int) bool { return string(h[i].text) < string(h[j].text) }
func (h runHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *runHeap) Push(x any)        { *h = append(*h, x.(*runReader)) }
func (h *runHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// each calls do for every word of all runs, in order, with its total count.
func (r *runs) each(ctx context.Context, do func(text []byte, count int64)) error {
	h := make(runHeap, 0, len(r.files))
	for _, f := range r.files {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("training: %w", err)
		}
		reader := &runReader{r: bufio.NewReaderSize(f, 1<<16)}
		more, err := reader.next()
		if err != nil {
			return fmt.Errorf("training: reading counts: %w", err)
		}
		if more {
			h = append(h, reader)
		}
	}
	heap.Init(&h)
	var text []byte
	var count int64
	for steps := 0; len(h) > 0; steps++ {
		if steps&0xffff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		top := h[0]
		if count > 0 && string(top.text) != string(text) {
			do(text, count)
			count = 0
		}
		text = append(text[:0], top.text...)
		count += top.n
		more, err := top.next()
		if err != nil {
			return fmt.Errorf("training: reading counts: %w", err)
		}
		if more {
			heap.Fix(&h, 0)
		} else {
			heap.Pop(&h)
		}
	}
	if count > 0 {
		do(text, count)
	}
	return nil
}

// wordOverhead is about what a word takes in memory beside its bytes.
const wordOverhead = 64

// budget finds out which words fit into a limit. It goes by their counts alone,
// so that the answer does not depend on how they were counted.
type budget struct {
	cost  int64           // of each byte of a word
	sizes map[int64]int64 // by count: the bytes of the words with that count
	total int64
}

// maxLeast bounds the counts that are told apart.
const maxLeast = 1 << 20

func (b *budget) add(length int, count int64) {
	if b.sizes == nil {
		b.sizes = map[int64]int64{}
	}
	size := b.cost*int64(length) + wordOverhead
	b.sizes[min(count, maxLeast)] += size
	b.total += size
}

// least returns the smallest count such that the words with at least that count fit.
func (b *budget) least(limit int64) int64 {
	total := b.total
	for n := int64(1); n < maxLeast; n++ {
		if total <= limit {
			return n
		}
		total -= b.sizes[n]
	}
	return maxLeast
}

// merge returns the words of all runs. If they would take more than limit
// bytes, those that occur least are left out.
func (r *runs) merge(ctx context.Context, limit, cost int64) ([]Word, error) {
	b := budget{cost: 1 + cost}
	if err := r.each(ctx, func(text []byte, count int64) { b.add(len(text), count) }); err != nil {
		return nil, err
	}
	least := b.least(limit)
	var words []Word
	err := r.each(ctx, func(text []byte, count int64) {
		if count >= least {
			words = append(words, Word{string(text), count})
		}
	})
	return words, err
}

// keepFrequent does to words in memory what merge does to those in files.
func keepFrequent(words []Word, limit, cost int64) []Word {
	b := budget{cost: 1 + cost}
	for _, w := range words {
		b.add(len(w.Text), w.Count)
	}
	least := b.least(limit)
	return slices.DeleteFunc(words, func(w Word) bool { return w.Count < least })
}
