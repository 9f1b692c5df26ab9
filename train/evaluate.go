package train

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
)

// EvalConfig configures Evaluate.
type EvalConfig struct {
	BatchSize int                   // rows at a time, > 0; the result doesn't depend on it but for rounding
	Progress  func(done, total int) // told the rows that are done; may be nil
}

// Evaluation is what Evaluate found.
type Evaluation struct {
	// Loss is the mean over the targets, in nats; of a regression the mean squared error.
	Loss    float64
	Targets int
	// Accuracy is the share of the targets whose score is the highest. It is nil for a regression, and for a model
	// whose positions' losses aren't those that graph.LinearCrossEntropy returns.
	Accuracy *float64
	// MSE is the mean squared error of a regression, else nil.
	MSE *float64
	// Pearson is the correlation of what a regression predicts with the values, the mean where there are
	// several; else nil, also where predictions or values are all the same.
	Pearson *float64
	// Balance tells how evenly mixtures of experts are used, over all layers: 1 where all experts are chosen equally often,
	// E/k where all tokens choose the same k of E. It is graph.RouteBalance of all rows, divided by k. Else nil.
	Balance *float64
}

// String tells what was found.
func (e Evaluation) String() string {
	text := fmt.Sprintf("loss %.4f, perplexity %.2f", e.Loss, e.Perplexity())
	if e.MSE != nil {
		text = fmt.Sprintf("mean squared error %.4g", *e.MSE)
	}
	if e.Accuracy != nil {
		text += fmt.Sprintf(", accuracy %.2f%%", 100**e.Accuracy)
	}
	if e.Pearson != nil {
		text += fmt.Sprintf(", correlation %.4f", *e.Pearson)
	}
	if e.Balance != nil {
		text += fmt.Sprintf(", balance %.3f", *e.Balance)
	}
	return text
}

// Perplexity returns e to the power of the loss.
func (e Evaluation) Perplexity() float64 { return math.Exp(e.Loss) }

// BitsPerByte returns the loss in bits for each byte of the text that the targets were made from.
func (e Evaluation) BitsPerByte(bytes int64) float64 {
	return e.Loss * float64(e.Targets) / math.Ln2 / float64(bytes)
}

// Evaluate returns the mean loss over all rows of d, each once, with dropout off and without label smoothing, and how
// many predictions are right or how far they are off. Over
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
	for done := 0; done < d.Len(); done += b.Rows {
		if err := ctx.Err(); err != nil {
			return Evaluation{}, err
		}
		if err := data.FillSequential(b, d, done); err != nil {
			return Evaluation{}, err
		}
		in.fill(b)
		if err := machine.RunAll(); err != nil {
			return Evaluation{}, err
		}
		j.add(b)
		if c.Progress != nil {
			c.Progress(min(done+b.Rows, d.Len()), d.Len())
		}
	}
	if j.targets == 0 {
		return Evaluation{}, errors.New("the data has no target")
	}
	result = j.evaluation()
	if math.IsNaN(result.Loss) || math.IsInf(result.Loss, 0) {
		return Evaluation{}, fmt.Errorf("%w: the loss is %v", ErrDiverged, result.Loss)
	}
	return result, nil
}

// evalBatch returns a batch for rows of d.
func evalBatch(d data.Dataset, c EvalConfig) *data.Batch {
	return data.NewBatch(min(c.BatchSize, d.Len()), d.Layout())
}

// traceEvaluation traces a forward pass for batches like b, and returns its judge.
func traceEvaluation(m Model, b *data.Batch) (*graph.Graph, inputs, *judge, error) {
	g, err := newTrace(m, false)
	if err != nil {
		return nil, inputs{}, nil, err
	}
	in := newInputs(g, b.Rows, b.Layout, false)
	_, losses := m.Loss(g, in.nodes)
	switch {
	case g.Err() != nil:
		return nil, inputs{}, nil, g.Err()
	case losses == nil || losses.Shape().TotalSize() != len(b.Targets):
		return nil, inputs{}, nil, fmt.Errorf("the model's Loss gives no loss of each of %d positions", len(b.Targets))
	}
	j, err := newJudge(g, losses, b.Layout)
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
