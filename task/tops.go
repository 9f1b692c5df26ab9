package task

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/train"
	"gorgonia.org/tensor"
)

// TopsConfig configures WriteTops.
type TopsConfig struct {
	Teacher string         // a model directory or a GGUF file
	Storage models.Storage // of its matrices; default: floats
	Top     int            // K, how many tokens are kept behind each one, > 0
	// Length is how many tokens the teacher sees at most, > 0: longer documents are read in pieces of so many, as rows of a run are that long.
	Length   int
	Progress func(done, total int) // of tokens; may be nil
	// Ranks read together: rank 0 is in WriteTops, and the others in ServeTops. Default: this process alone.
	Ranks train.Ranks
}

// WriteTops asks a teacher what it holds probable behind each token of some documents, and writes a file of it, as Distill learns from.
func WriteTops(ctx context.Context, path string, c TopsConfig, tokens ...*data.Tokens) error {
	r, err := openTopsReader(c)
	if err != nil {
		return err
	}
	w, err := data.NewTopsWriter(path, c.Top, r.vocab, tokens...)
	if err != nil {
		return errors.Join(fmt.Errorf("task: teacher %s: %w", c.Teacher, err), r.machine.Close())
	}
	defer w.Abort()
	done := 0
	err = c.readAll(ctx, r, pieces(w, c.Length), func(piece []int32, ids []int32, logs []float32) error {
		for i := range piece {
			if err := w.Append(ids[i*c.Top:(i+1)*c.Top], logs[i*c.Top:(i+1)*c.Top]); err != nil {
				return err
			}
		}
		if done += len(piece); c.Progress != nil {
			c.Progress(done, w.Rows())
		}
		return nil
	})
	if err := errors.Join(err, r.machine.Close()); err != nil {
		return err
	}
	return w.Commit()
}

// pieces returns the documents that a file of tops is asked for, in pieces of at most so many tokens.
func pieces(w *data.TopsWriter, length int) iter.Seq[[]int32] {
	return func(yield func([]int32) bool) {
		for d := range w.Documents() {
			for piece := range slices.Chunk(w.Document(d), length) {
				if !yield(piece) {
					return
				}
			}
		}
	}
}

// topsReader finds the most probable tokens by a model, a text at a time.
type topsReader struct {
	top      int
	vocab    int // of the teacher
	machine  *graph.Machine
	ids      []int32
	segments []int32
	logits   *graph.Node
	best     []scored
}

// scored is a token with its logit.
type scored struct {
	id    int32
	score float64
}

// openTopsReader opens the teacher.
func openTopsReader(c TopsConfig) (*topsReader, error) {
	t, err := openTeacher(c.Teacher, c.Storage)
	if err != nil {
		return nil, err
	}
	m := t.Model.(models.CausalLM) // which openTeacher has checked
	if c.Length < 1 || c.Length > m.ContextLength() {
		return nil, fmt.Errorf("task: teacher %s: %d tokens at a time, expected 1 to its context of %d", c.Teacher, c.Length, m.ContextLength())
	}
	if err := c.sameTeacher(m); err != nil {
		return nil, err
	}
	g := graph.New(graph.Config{DType: m.Params()[0].DType()})
	ids, segments := g.Input("ids", tensor.Int32, 1, c.Length), g.Input("segments", tensor.Int32, 1, c.Length)
	logits := m.Logits(g.Still(), ids, segments)
	machine, err := graph.Compile(g, logits)
	if err != nil {
		return nil, fmt.Errorf("task: teacher %s: %w", c.Teacher, err)
	}
	return &topsReader{top: c.Top, vocab: m.VocabSize(), machine: machine, ids: graph.Ints(ids), segments: graph.Ints(segments), logits: logits}, nil
}

// read returns the most probable tokens behind each of a text, and the logarithms of their probabilities.
func (r *topsReader) read(text []int32) (ids []int32, logs []float32, err error) {
	clear(r.ids)
	copy(r.ids, text)
	for i := range r.segments {
		r.segments[i] = -1
		if i < len(text) {
			r.segments[i] = 0
		}
	}
	if err := r.machine.RunAll(); err != nil {
		return nil, nil, fmt.Errorf("task: teacher: %w", err)
	}
	ids, logs = make([]int32, len(text)*r.top), make([]float32, len(text)*r.top)
	single, double := graph.Floats[float32](r.logits), graph.Floats[float64](r.logits)
	vocab := max(len(single), len(double)) / len(r.ids)
	for i := range text {
		at, end := i*r.top, (i+1)*r.top
		if double != nil {
			bestOf(r, double[i*vocab:(i+1)*vocab], ids[at:end], logs[at:end])
		} else {
			bestOf(r, single[i*vocab:(i+1)*vocab], ids[at:end], logs[at:end])
		}
		if v := float64(logs[at]); math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, nil, fmt.Errorf("task: teacher: the logarithm of a probability behind token %d of a text is %v, expected a number", i+1, v)
		}
	}
	return ids, logs, nil
}

// bestOf finds the best of a row of logits, of equal ones those of the lowest ids.
func bestOf[T float32 | float64](r *topsReader, logits []T, ids []int32, logs []float32) {
	most := math.Inf(-1)
	for _, v := range logits {
		most = max(most, float64(v))
	}
	sum := 0.0
	r.best = r.best[:0]
	order := func(a, b scored) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.id, b.id)) }
	bound := math.Inf(-1) // of those that can still be among the best
	for id, v := range logits {
		x := float64(v)
		sum += math.Exp(x - most)
		if x > bound || len(r.best) < r.top {
			if r.best = append(r.best, scored{int32(id), x}); len(r.best) >= 4*r.top {
				slices.SortFunc(r.best, order)
				r.best = r.best[:r.top]
				bound = r.best[r.top-1].score
			}
		}
	}
	slices.SortFunc(r.best, order)
	lse := most + math.Log(sum)
	for k := range ids {
		ids[k], logs[k] = r.best[k].id, float32(r.best[k].score-lse)
	}
}
