package layers

import (
	"errors"

	"github.com/seahorse-ml/seahorse/graph"
)

// A Unit is what losses are counted in.
type Unit uint8

const (
	PerRow   Unit = iota // rows: pictures, sentences, pairs
	PerToken             // tokens of texts
)

// String returns "rows" or "tokens".
func (u Unit) String() string {
	if u == PerToken {
		return "tokens"
	}
	return "rows"
}

// Loss is what a model's Loss gives back.
type Loss struct {
	// Total is what is minimised, a scalar: the sum of the weighted losses, times the batch's Scale or divided by the sum of the
	// weights where that is nil, and maybe more.
	Total *graph.Node
	// Each [n] are the losses that evaluations take the mean of: of each element of the layout's targets, or of each row.
	Each *graph.Node
	// Weights [n] are what they count, such as the batch's Weights; of int32 1 where they aren't negative. Default: the layout's targets, and of losses of rows Rows.
	Weights *graph.Node
	// Unit is what speeds are told in; default PerRow.
	Unit Unit
	// Perplexity tells that the losses are cross entropies of tokens in nats, so that perplexity and bits per byte mean something.
	Perplexity bool
	// Figures are what is to be logged beside the loss, in this order.
	Figures []Figure
}

// A Figure is a number that a model tells of itself, such as its accuracy. It is added up over the batches of an evaluation, or the
// micro-batches of a step.
type Figure struct {
	// Name is its key in metrics.jsonl, behind "eval_" for evaluations, and in what "finetune eval --json" writes. Lower case
	// letters, digits and underscores.
	Name string
	// Nodes are what it is computed from; of a mean one.
	Nodes []*graph.Node
	// Weights [n] are what n elements of the node count in a mean; of int32 1 where they aren't negative. Default: those of the loss
	// where there are as many; of B elements Rows; and a scalar counts as the sum of its batch's.
	Weights *graph.Node
	// EvalOnly leaves it out of training steps, where it would cost time; default false.
	EvalOnly bool
	// Meter makes what adds it up; default NewMean.
	Meter func() Meter
}

// A Meter adds up a figure over batches.
type Meter interface {
	// Add takes in a batch: the elements of each of the figure's nodes, and the weights of the loss or the figure's own.
	Add(weights []float64, values ...[]float64)
	// Value returns the figure, no number where what was added has none.
	Value() float64
	// Reset forgets what was added.
	Reset()
}

// TokenLoss is the loss of a language model: a total, and the losses that graph.LinearCrossEntropy returned for each token. It tells
// perplexity and accuracy.
func TokenLoss(g *graph.Graph, total, each *graph.Node) Loss {
	return Loss{Total: total, Each: each, Unit: PerToken, Perplexity: true, Figures: []Figure{Accuracy(g, each)}}
}

// ClassLoss is the loss of a classifier: a total, and the losses that graph.LinearCrossEntropy returned. It tells accuracy.
func ClassLoss(g *graph.Graph, total, each *graph.Node) Loss {
	return Loss{Total: total, Each: each, Figures: []Figure{Accuracy(g, each)}}
}

// Accuracy is the share of the targets whose score is the highest, for the losses that graph.LinearCrossEntropy returned; of evaluations
// only.
func Accuracy(g *graph.Graph, each *graph.Node) Figure {
	hits := g.Hits(each)
	if hits == nil {
		hits = g.Fail(errors.New("layers: accuracy: the losses aren't those that LinearCrossEntropy returned for each row"))
	}
	return Figure{Name: "accuracy", Nodes: []*graph.Node{hits}, EvalOnly: true}
}

// ValueLoss is the loss of a regression: a total and the losses that graph.SquaredError returned for predicted and values
// [..., C]. It tells the mean squared error and the correlation.
func ValueLoss(total, each, predicted, values *graph.Node) Loss {
	return Loss{Total: total, Each: each, Figures: []Figure{
		{Name: "mse", Nodes: []*graph.Node{each}, EvalOnly: true},
		{Name: "pearson", Nodes: []*graph.Node{predicted, values}, EvalOnly: true, Meter: NewCorrelation},
	}}
}

// Balance tells how evenly mixtures of experts are used, over all layers: 1 where all experts are chosen equally often,
// E/k where all tokens choose the same k of E. It is graph.RouteBalance of all rows, divided by k; of evaluations only.
func Balance(counts graph.Routing) Figure {
	return Figure{Name: "balance", Nodes: []*graph.Node{counts.Choices, counts.Probabilities}, EvalOnly: true, Meter: NewBalance}
}
