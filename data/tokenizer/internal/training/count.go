package training

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
)

// CountConfig says how the words of a corpus are counted.
type CountConfig struct {
	// Split calls yield for each word of a document. It is called from several goroutines.
	Split func(document []byte, yield func(word []byte))
	// Threads is the number of goroutines; 0 stands for GOMAXPROCS.
	Threads int
	// MaxMemory bounds the bytes that the counts take; beyond it they go through
	// files in TempDir, and the rarest words are left out if the rest would not
	// fit. 0 sets no bound.
	MaxMemory int64
	// WordCost is about how many bytes a trainer needs for each byte of a word
	// once it is counted; the bound includes them.
	WordCost int64
	// TempDir is where these files go; "" stands for the system's.
	TempDir string
	// Progress, if set, is told from time to time how many bytes have been read.
	Progress func(bytes int64)
}

// batchBytes is about how much text a goroutine takes at a time.
const batchBytes = 1 << 18

// batch is a number of documents, one after another in text.
type batch struct {
	text []byte
	ends []int
}

// Count counts the words of all documents and returns them in the order of their bytes.
func Count(ctx context.Context, documents iter.Seq2[[]byte, error], c CountConfig) ([]Word, error) {
	threads := c.Threads
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	runs := &runs{dir: c.TempDir}
	defer runs.close()

	work := make(chan *batch, threads)
	spare := make(chan *batch, 2*threads+1)
	counters := make([]*counter, threads)
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	for i := range counters {
		counters[i] = newCounter()
		wg.Go(func() {
			w := worker{counter: counters[i], config: c, runs: runs}
			if c.MaxMemory > 0 {
				// The other half is for what the words become once they are counted.
				w.limit = max(c.MaxMemory/int64(2*threads), minLimit)
			}
			for b := range work {
				if failed.Load() == nil {
					if err := w.count(b); err != nil {
						failed.Store(&err)
					}
				}
				b.text, b.ends = b.text[:0], b.ends[:0]
				select {
				case spare <- b:
				default:
				}
			}
		})
	}
	err := feed(ctx, documents, work, spare, c.Progress, &failed)
	close(work)
	wg.Wait()
	if err == nil {
		if e := failed.Load(); e != nil {
			err = *e
		}
	}
	if err != nil {
		return nil, err
	}
	if len(runs.files) > 0 {
		for _, k := range counters {
			if err := runs.write(k); err != nil {
				return nil, err
			}
		}
		return runs.merge(ctx, c.MaxMemory/2, c.WordCost)
	}
	for _, k := range counters[1:] {
		counters[0].merge(k)
	}
	words := counters[0].sorted()
	if c.MaxMemory > 0 {
		words = keepFrequent(words, c.MaxMemory/2, c.WordCost)
	}
	return words, nil
}

// feed packs documents into batches and hands them out.
func feed(ctx context.Context, documents iter.Seq2[[]byte, error], work chan<- *batch, spare <-chan *batch, progress func(int64), failed *atomic.Pointer[error]) error {
	b := &batch{}
	var total int64
	send := func() {
		work <- b
		select {
		case b = <-spare:
		default:
			b = &batch{}
		}
		if progress != nil {
			progress(total)
		}
	}
	for doc, err := range documents {
		if err != nil {
			return fmt.Errorf("training: reading the corpus: %w", err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if failed.Load() != nil {
			return nil
		}
		total += int64(len(doc))
		b.text = append(b.text, doc...)
		b.ends = append(b.ends, len(b.text))
		if len(b.text) >= batchBytes {
			send()
		}
	}
	if len(b.ends) > 0 {
		send()
	}
	return ctx.Err()
}

// minLimit is the least memory for a goroutine's counts: less would write a file for every few words.
const minLimit = 4 << 20

type worker struct {
	counter *counter
	config  CountConfig
	runs    *runs
	limit   int64 // 0: none
}

func (w *worker) count(b *batch) error {
	var err error
	start := 0
	for _, end := range b.ends {
		doc := b.text[start:end]
		w.config.Split(doc, func(word []byte) {
			if w.limit > 0 && w.counter.full(w.limit) && err == nil {
				err = w.runs.write(w.counter)
				w.counter.reset()
			}
			w.counter.add(word, len(word), 1)
		})
		start = end
	}
	return err
}

// Expand takes words apart further: it returns what split makes of each of
// them, counted as often as the word. Split is called from several goroutines.
func Expand(words []Word, threads int, split func(word []byte, yield func(part []byte)) error) ([]Word, error) {
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	counters, errs := make([]*counter, threads), make([]error, threads)
	var wg sync.WaitGroup
	for i := range counters {
		counters[i] = newCounter()
		wg.Go(func() {
			for _, w := range words[i*len(words)/threads : (i+1)*len(words)/threads] {
				errs[i] = split([]byte(w.Text), func(part []byte) { counters[i].add(part, len(part), w.Count) })
				if errs[i] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	for i, k := range counters {
		if errs[i] != nil {
			return nil, errs[i]
		}
		if i > 0 {
			counters[0].merge(k)
		}
	}
	return counters[0].sorted(), nil
}
