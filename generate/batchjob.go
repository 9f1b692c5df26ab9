package generate

import (
	"slices"
	"sync"
)

// job is a request that waits or is written, and what was written and not yet taken.
type job struct {
	request Request
	bell    chan struct{} // rings when there is something to take

	mu        sync.Mutex
	tokens    []Token
	left      int // samples that haven't ended
	done      bool
	cancelled bool
	err       error
}

// take returns what came since it was called last, and whether that is all.
func (j *job) take() (tokens []Token, done bool, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	tokens, j.tokens = j.tokens, nil
	return tokens, j.done, j.err
}

func (j *job) give(t Token) {
	j.mu.Lock()
	j.tokens = append(j.tokens, t)
	if t.Last {
		j.left--
		j.done = j.left == 0
	}
	j.mu.Unlock()
	j.ring()
}

// fail ends all samples.
func (j *job) fail(err error) {
	j.mu.Lock()
	if !j.done {
		j.done, j.err = true, err
	}
	j.mu.Unlock()
	j.ring()
}

func (j *job) ring() {
	select {
	case j.bell <- struct{}{}:
	default:
	}
}

// cancel tells that nobody takes anything any more.
func (j *job) cancel(b *Batcher) {
	j.mu.Lock()
	j.cancelled = true
	j.mu.Unlock()
	b.mu.Lock()
	b.wake.Signal()
	b.mu.Unlock()
}

// over tells whether nothing is to be written any more.
func (j *job) over() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.cancelled || j.done
}

// failed tells whether it ended with an error.
func (j *job) failed() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err != nil
}

// batchRow is a text that is written.
type batchRow struct {
	job     *job
	sample  int
	first   *batchRow // the job's first sample, which reads the prompt
	ids     []int32
	begun   int // tokens of the prompt
	room    int // tokens of the text at most
	cells   cellRange
	known   int // tokens whose keys and values are in the cells
	sampler *sampler
	epoch   uint64 // of the batcher when the text began
	ended   bool
}

// enqueue lets jobs wait for their turn, one behind the other.
func (b *Batcher) enqueue(jobs []*job) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return ErrClosed
	}
	for _, j := range jobs {
		j.left = max(1, j.request.Samples)
	}
	b.waiting = append(b.waiting, jobs...)
	b.wake.Signal()
	return nil
}

// write writes texts until the batcher is closed.
func (b *Batcher) write() {
	defer close(b.ended)
	for b.admit() {
		if err := b.step(); err != nil {
			for _, r := range b.rows {
				r.job.fail(err)
			}
		}
	}
	for _, r := range b.rows {
		r.job.fail(ErrClosed)
	}
	for _, j := range b.waiting {
		j.fail(ErrClosed)
	}
	b.traces.close()
	b.cells = nil
}

// admit lets rows go that have ended, and those that wait take their places; it waits until there is a row, and returns false where the batcher is
// closed.
func (b *Batcher) admit() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		b.rows = slices.DeleteFunc(b.rows, func(r *batchRow) bool {
			gone := r.ended || r.job.over()
			if gone {
				b.leave(r)
			}
			return gone
		})
		b.waiting = slices.DeleteFunc(b.waiting, func(j *job) bool { return j.over() })
		for len(b.waiting) > 0 && b.place(b.waiting[0]) {
			b.waiting = b.waiting[1:]
		}
		if b.closed {
			return false
		}
		if len(b.rows) > 0 {
			return true
		}
		b.wake.Wait()
	}
}

// place gives a job rows, if there is room for all of its samples.
func (b *Batcher) place(j *job) bool {
	samples, need := max(1, j.request.Samples), b.need(j.request)
	if len(b.rows)+samples > b.config.Rows {
		return false
	}
	kept, rows := len(b.kept), make([]*batchRow, samples)
	for i := range rows {
		var begins []int32 // what the first sample may know already; the others get it from that one
		if i == 0 {
			begins = j.request.Prompt
		}
		cells, known, ok := b.claim(begins, need)
		if !ok {
			for _, r := range rows[:i] {
				b.free.give(r.cells)
			}
			return len(b.kept) < kept && b.place(j) // there may be room where cells lay that are kept no more
		}
		prompt := j.request.Prompt
		rows[i] = &batchRow{
			job: j, sample: i, ids: append(make([]int32, 0, need), prompt...), begun: len(prompt), room: need, cells: cells, known: known, epoch: b.epoch,
			sampler: &sampler{config: j.request.Config, stream: j.request.Stream + uint64(i), begun: len(prompt)},
		}
	}
	b.spared += rows[0].known
	for _, r := range rows {
		r.first = rows[0]
	}
	b.rows = append(b.rows, rows...)
	return true
}
