package layers

import "github.com/seahorse-ml/seahorse/graph"

// ClassifierConfig configures NewClassifier.
type ClassifierConfig struct {
	Width, Classes int        // D and C, > 0
	Dropout        float64    // of what goes in; default 0
	Init           graph.Init // of the weight; default normal(0, 0.02)
}

// Classifier scores C classes, of a sequence by its pooled state or of each token,
// or as a regression it finds C values.
type Classifier struct {
	Output *Linear // D to C

	dropout float64
}

// NewClassifier makes the parameters "weight" and "bias".
func NewClassifier(c ClassifierConfig, p *graph.Params) *Classifier {
	return &Classifier{
		Output:  NewLinear(LinearConfig{In: c.Width, Out: c.Classes, Bias: true, Init: c.Init.Or(graph.Normal(0.02))}, p),
		dropout: c.Dropout,
	}
}

// Scores maps x [..., D] to the scores or values [..., C].
func (c *Classifier) Scores(g *graph.Graph, x *graph.Node) *graph.Node {
	return c.Output.Forward(g, g.Dropout(x, c.dropout))
}

// Loss is the cross entropy of the scores against targets int32, one for each row
// of x [..., D], negative where it is ignored. It returns the loss and each row's own.
func (c *Classifier) Loss(g *graph.Graph, x, targets *graph.Node, config graph.CrossEntropyConfig) (loss, rowLosses *graph.Node) {
	return c.Output.CrossEntropy(g, g.Dropout(x, c.dropout), targets, config)
}

// SquaredError is the mean squared distance of what is found for x [..., D] from
// values [..., C]. It returns the loss and each row's own.
func (c *Classifier) SquaredError(g *graph.Graph, x, values *graph.Node, config graph.SquaredErrorConfig) (loss, rowLosses *graph.Node) {
	return g.SquaredError(c.Scores(g, x), values, config)
}
