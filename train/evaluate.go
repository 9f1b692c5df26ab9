package train

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// EvalConfig configures Evaluate.
type EvalConfig struct {
	BatchSize int                   // rows at a time, > 0; the result doesn't depend on it but for rounding
	Progress  func(done, total int) // told the rows that are done; may be nil
	Ranks     Ranks                 // divide the batches; all of them call Evaluate at one time, and get the same result. Nil is this process alone
}

// Evaluation is what Evaluate found.
type Evaluation struct {
	// Loss is the weighted mean of the single losses: of cross entropies in nats, of a regression the mean squared error.
	Loss    float64
	Targets int         // that are counted
	Unit    layers.Unit // what they are
	// Tokens tells that the loss is a cross entropy of tokens, of which Perplexity and BitsPerByte mean something.
	Tokens bool
	// Figures are what the model tells beside the loss, as far as they have a value.
	Figures Figures
}

// String tells what was found.
func (e Evaluation) String() string {
	text := fmt.Sprintf("loss %.4f", e.Loss)
	if e.Tokens {
		text += fmt.Sprintf(", perplexity %.2f", e.Perplexity())
	}
	if len(e.Figures) > 0 {
		text += ", " + e.Figures.String()
	}
	return text
}

// Perplexity returns e to the power of the loss.
func (e Evaluation) Perplexity() float64 { return math.Exp(e.Loss) }

// BitsPerByte returns the loss in bits for each byte of the text that the targets were made from.
func (e Evaluation) BitsPerByte(bytes int64) float64 {
	return e.Loss * float64(e.Targets) / math.Ln2 / float64(bytes)
}

// Evaluate returns the mean loss over all rows of d, each once, with dropout off and without label smoothing, and
// the model's figures. Over
// data.NewSequential that is the loss of a text in windows that don't overlap. The positions'
// losses are added in float64. Memory for activations is taken while it runs only. It
// returns the error of ctx when that ends, and an ErrDiverged if the loss is no number.
func Evaluate(ctx context.Context, m Model, d data.Dataset, c EvalConfig) (Evaluation, error) {
	result, err := evaluate(ctx, m, d, c, graph.Compile)
	if err != nil {
		return Evaluation{}, fmt.Errorf("train: evaluation: %w", err)
	}
	return result, nil
}

func evaluate(ctx context.Context, m Model, d data.Dataset, c EvalConfig, compile func(*graph.Graph, ...*graph.Node) (*graph.Machine, error)) (result Evaluation, err error) {
	if c.BatchSize < 1 {
		return Evaluation{}, fmt.Errorf("batches of %d rows, expected at least 1", c.BatchSize)
	}
	b := evalBatch(d, c)
	g, in, j, err := traceEvaluation(m, b)
	if err != nil {
		return Evaluation{}, err
	}
	machine, err := compile(g, j.outputs()...)
	if err != nil {
		return Evaluation{}, err
	}
	defer func() { err = errors.Join(err, machine.Close()) }()
	result = Evaluation{Unit: j.loss.Unit, Tokens: j.loss.Perplexity}
	e := evaluator{judge: j, meters: j.meters(), losses: make([]float64, len(j.weights)), result: result}
	ranks := 1
	if several(c.Ranks) {
		ranks = c.Ranks.Size()
	}
	for done := 0; done < d.Len(); done += ranks * b.Rows {
		failed := ctx.Err()
		if failed != nil && ranks == 1 {
			return Evaluation{}, failed
		}
		first := done
		if ranks > 1 {
			first += c.Ranks.Rank() * b.Rows
		}
		if failed == nil && first < d.Len() {
			if err := data.FillSequential(b, d, first); err != nil {
				return Evaluation{}, err
			}
			in.fill(b)
			if err := machine.RunAll(); err != nil {
				return Evaluation{}, err
			}
			e.read(b)
		}
		if ranks == 1 {
			e.add()
		} else if err := e.share(c.Ranks, failed, first < d.Len()); err != nil {
			return Evaluation{}, err
		}
		if c.Progress != nil {
			c.Progress(min(done+ranks*b.Rows, d.Len()), d.Len())
		}
	}
	result, weights := e.result, e.weights
	if weights == 0 {
		return Evaluation{}, errors.New("the data has no target")
	}
	result.Loss /= weights
	result.Figures = j.figuresOf(e.meters)
	if math.IsNaN(result.Loss) || math.IsInf(result.Loss, 0) {
		return Evaluation{}, fmt.Errorf("%w: the loss is %v", ErrDiverged, result.Loss)
	}
	return result, nil
}

// An evaluator adds up what is found for batches.
type evaluator struct {
	judge   *judge
	meters  []layers.Meter
	losses  []float64 // of a batch
	count   int       // of its targets
	weights float64   // of all batches
	result  Evaluation
}

// read takes what the machine found for a batch.
func (e *evaluator) read(b *data.Batch) {
	e.judge.read(b)
	read(e.losses, e.judge.loss.Each)
	e.count = b.Count
}

// add adds what was read to the result.
func (e *evaluator) add() {
	e.judge.add(e.meters)
	for i, w := range e.judge.weights {
		if w != 0 { // what is ignored may be no number
			e.result.Loss += w * e.losses[i]
			e.weights += w
		}
	}
	e.result.Targets += e.count
}

// share adds what all ranks have read, in their order. A rank that has failed, or has no batch, tells so.
func (e *evaluator) share(r Ranks, failed error, has bool) error {
	mine := appendFloats(nil, float64(bit(failed != nil)), float64(bit(has)), float64(e.count))
	mine = e.judge.pack(appendFloats(appendFloats(mine, e.judge.weights...), e.losses...))
	all, err := gatherEqual(r, mine)
	if err != nil {
		return err
	}
	var head [3]float64
	for q, told := range all {
		if takeFloats(told, head[:]); head[0] != 0 {
			if failed != nil {
				return failed
			}
			return &rankInterrupted{q}
		}
	}
	for _, told := range all {
		rest := takeFloats(told, head[:])
		if head[1] == 0 {
			continue
		}
		e.count = int(head[2])
		rest = takeFloats(takeFloats(rest, e.judge.weights), e.losses)
		e.judge.unpack(rest)
		e.add()
	}
	return nil
}

// evalBatch returns a batch for rows of d.
func evalBatch(d data.Dataset, c EvalConfig) *data.Batch {
	return data.NewBatch(min(c.BatchSize, d.Len()), d.Layout())
}

// traceEvaluation traces a forward pass for batches like b, and returns its judge.
func traceEvaluation(m Model, b *data.Batch) (*graph.Graph, inputs, *judge, error) {
	g, err := newTrace(m, graph.Config{})
	if err != nil {
		return nil, inputs{}, nil, err
	}
	in := newInputs(g, b.Rows, b.Layout, false)
	j, err := newJudge(g, m.Loss(g, in.nodes), &in, false)
	return g, in, j, err
}

// EstimateEvaluation returns the memory that Evaluate would take, without taking it. The model may be a sketch.
func EstimateEvaluation(m Model, d data.Dataset, c EvalConfig) (graph.Memory, error) {
	use, err := estimateEvaluation(m, d, c)
	if err != nil {
		return graph.Memory{}, fmt.Errorf("train: evaluation: %w", err)
	}
	return use, nil
}

func estimateEvaluation(m Model, d data.Dataset, c EvalConfig) (graph.Memory, error) {
	g, _, j, err := traceEvaluation(m, evalBatch(d, c))
	if err != nil {
		return graph.Memory{}, err
	}
	return graph.EstimateMemory(g, j.outputs()...)
}
