package embed

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// batchTokens is how many tokens go through the model at once, padding among them.
const batchTokens = 4096

// Encoder makes vectors of texts. Those of about the same length go through the model together, whatever order they come in. It is not safe for
// concurrent use.
type Encoder struct {
	Model     *Model
	Tokenizer *tokenizer.Tokenizer
	// BatchTokens is the most tokens that go through the model at once, a single text's aside. Default: 4,096.
	BatchTokens int
	// Dimensions keeps the first so many elements of a vector, which a model that learned by Matryoshka bears; normalised ones are then normalised
	// again. Default: 0, which keeps all.
	Dimensions int
	// Progress is told how many of the texts are done; nil for silence.
	Progress func(done, total int)

	width  int
	traces map[[2]int]*encodeTrace
	first  *graph.Machine // whose memory the others work in
}

// textInputs are the inputs of a trace for texts.
type textInputs struct{ ids, segments *graph.Node }

// inputs makes those of B texts of T tokens.
func inputs(g *graph.Graph, name string, batch, length int) textInputs {
	return textInputs{g.Input(name+" ids", tensor.Int32, batch, length), g.Input(name+" segments", tensor.Int32, batch, length)}
}

// encodeTrace is a trace for texts of up to a length.
type encodeTrace struct {
	textInputs
	vectors *graph.Node
	machine *graph.Machine
}

// OpenEncoder opens the model of a directory with its tokenizer.
func OpenEncoder(dir string, c OpenConfig) (*Encoder, error) {
	m, err := Open(dir, c)
	if err != nil {
		return nil, err
	}
	folder, err := c.tokenizer(dir)
	if err != nil {
		return nil, err
	}
	t, err := tokenizer.Load(folder)
	if err != nil {
		return nil, err
	}
	return &Encoder{Model: m, Tokenizer: t}, nil
}

// Width returns the length of the vectors.
func (e *Encoder) Width() int {
	if e.width == 0 {
		e.width = e.Model.Width()
	}
	if e.Dimensions > 0 {
		return min(e.width, e.Dimensions)
	}
	return e.width
}

// Encode returns the vectors of texts, in their order, that all stand behind a prompt; "" is none. Texts beyond the model's length are cut. Of a text without
// tokens the vector is 0.
func (e *Encoder) Encode(ctx context.Context, prompt string, texts []string) ([][]float32, error) {
	ids, err := e.frame(prompt, texts)
	if err != nil {
		return nil, err
	}
	return e.EncodeIDs(ctx, ids)
}

// frame returns the ids of texts, found on all cores.
func (e *Encoder) frame(prompt string, texts []string) ([][]int32, error) {
	ids, errs := make([][]int32, len(texts)), make([]error, len(texts))
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(texts)) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(texts); i = int(next.Add(1)) - 1 {
				ids[i], errs[i] = e.Model.Frame(e.Tokenizer, prompt+texts[i])
			}
		})
	}
	wait.Wait()
	for i, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("embed: the text %.40q: %w", texts[i], err)
		}
	}
	return ids, nil
}

// Frame returns the ids by which a model reads a text: with the special tokens around it, unless the body is a table of vectors, and cut to the model's length.
func (m *Model) Frame(t *tokenizer.Tokenizer, text string) ([]int32, error) {
	ids, _, err := m.FrameCut(t, text)
	return ids, err
}

// FrameCut is Frame, and tells whether the text was longer.
func (m *Model) FrameCut(t *tokenizer.Tokenizer, text string) (ids []int32, cut bool, err error) {
	if _, static := m.Body.(*Static); static {
		ids = t.AppendIDs(nil, []byte(text), false)
		if most := m.Config.MaxLength; most > 0 && len(ids) > most {
			return ids[:most], true, nil
		}
		return ids, false, nil
	}
	ids, _, _, cut, err = t.Frame([]byte(text), nil, m.ContextLength())
	return ids, cut, err
}

// EncodeIDs is Encode for texts that are ids already.
func (e *Encoder) EncodeIDs(ctx context.Context, ids [][]int32) ([][]float32, error) {
	order := make([]int, 0, len(ids))
	width := e.Width()
	flat := make([]float32, len(ids)*width)
	vectors := make([][]float32, len(ids))
	for i, text := range ids {
		vectors[i] = flat[i*width : (i+1)*width : (i+1)*width]
		if len(text) > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(ids[b]) - len(ids[a]) }) // long ones first: what follows fits into their memory
	budget := e.BatchTokens
	if budget == 0 {
		budget = batchTokens
	}
	done := len(ids) - len(order)
	for len(order) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		length := e.traced(len(ids[order[0]]))
		rows := max(1, budget/length)
		n := min(rows, len(order))
		if n < rows {
			rows = roundRows(n)
		}
		if err := e.run(ids, order[:n], rows, length, vectors); err != nil {
			return nil, err
		}
		order = order[n:]
		done += n
		if e.Progress != nil {
			e.Progress(done, len(ids))
		}
	}
	return vectors, nil
}

// traced returns the length of the trace for texts of up to a length: few lengths, so that few traces are made, and little padding.
func (e *Encoder) traced(longest int) int {
	step := 8
	for step*16 < longest {
		step *= 2
	}
	return min((longest+step-1)/step*step, e.Model.ContextLength())
}

// roundRows rounds a number of rows up to one with few bits, for the same reason.
func roundRows(n int) int {
	step := 1
	for step*8 < n {
		step *= 2
	}
	return (n + step - 1) / step * step
}

// mostTraces is how many traces are kept.
const mostTraces = 64

// run computes the vectors of the texts chosen, which fill a trace up by repetitions of the first.
func (e *Encoder) run(ids [][]int32, chosen []int, rows, length int, vectors [][]float32) error {
	t, err := e.trace(rows, length)
	if err != nil {
		return err
	}
	in, segments := graph.Ints(t.ids), graph.Ints(t.segments)
	for r := range rows {
		text := ids[chosen[0]]
		if r < len(chosen) {
			text = ids[chosen[r]]
		}
		row, marks := in[r*length:(r+1)*length], segments[r*length:(r+1)*length]
		n := copy(row, text)
		clear(row[n:])
		for i := range marks {
			marks[i] = 0
			if i >= n {
				marks[i] = -1
			}
		}
	}
	if err := t.machine.RunAll(); err != nil {
		return fmt.Errorf("embed: %w", err)
	}
	whole := t.vectors.Shape()[1]
	for r, i := range chosen {
		for k := range vectors[i] {
			if t.vectors.Dtype() == tensor.Float64 {
				vectors[i][k] = float32(graph.Floats[float64](t.vectors)[r*whole+k])
			} else {
				vectors[i][k] = graph.Floats[float32](t.vectors)[r*whole+k]
			}
		}
		if len(vectors[i]) < whole && e.Model.Config.Normalize {
			Normalize(vectors[i])
		}
	}
	return nil
}

// trace returns the trace for rows of a length.
func (e *Encoder) trace(rows, length int) (*encodeTrace, error) {
	key := [2]int{rows, length}
	if t, ok := e.traces[key]; ok {
		return t, nil
	}
	if len(e.traces) >= mostTraces {
		if err := e.Close(); err != nil {
			return nil, err
		}
	}
	g := graph.New(graph.Config{DType: e.Model.Params()[0].DType()})
	t := &encodeTrace{textInputs: inputs(g, "text", rows, length)}
	t.vectors = e.Model.Embed(g, t.ids, t.segments)
	var err error
	if e.first == nil {
		t.machine, err = graph.Compile(g, t.vectors)
		e.first = t.machine
	} else {
		t.machine, err = e.first.Compile(g, t.vectors)
	}
	if err != nil {
		e.first = nil
		return nil, fmt.Errorf("embed: %w", err)
	}
	if e.traces == nil {
		e.traces = map[[2]int]*encodeTrace{}
	}
	e.traces[key] = t
	return t, nil
}

// Close gives the memory of traces back. The encoder may go on, which takes it again.
func (e *Encoder) Close() error {
	var errs []error
	for _, t := range e.traces {
		if t.machine != e.first {
			errs = append(errs, t.machine.Close())
		}
	}
	if e.first != nil {
		errs = append(errs, e.first.Close())
	}
	e.traces, e.first = nil, nil
	return errors.Join(errs...)
}
