package embed

import (
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// loss computes the loss of vectors [B, D], one of each text of the rows.
func (l Learner) loss(g *graph.Graph, b layers.Batch, vectors []*graph.Node, width int) layers.Loss {
	a := on(g)
	switch l.LossConfig.Loss {
	case MultipleNegatives:
		return l.LossConfig.multipleNegatives(a, b, vectors, width)
	case CoSENT:
		return l.LossConfig.cosent(a, b, a.cosines(vectors[0], vectors[1], width))
	case CosineSimilarity:
		return cosineSimilarity(a, b, a.cosines(vectors[0], vectors[1], width))
	case Triplet:
		return l.LossConfig.triplet(a, b, vectors, width)
	}
	total, each := g.SquaredError(vectors[0], b.Node(g, Vector), graph.SquaredErrorConfig{Targets: b.Node(g, layers.Rows), Scale: b.Scale})
	return layers.Loss{Total: total, Each: each}
}

// multipleNegatives compares each anchor with the texts of all rows, those that belong to anchors first.
func (c LossConfig) multipleNegatives(a algebra, b layers.Batch, vectors []*graph.Node, width int) layers.Loss {
	g, rows := a.Graph, b.Node(a.Graph, layers.Rows)
	unit := make([]*graph.Node, len(vectors))
	for i, v := range vectors {
		unit[i] = layers.Normalize(g, v, width)
	}
	anchors := g.Scale(unit[0], c.Scale)
	out := a.absent(rows)
	outs := make([]*graph.Node, len(unit)-1)
	for i := range outs {
		outs[i] = out
	}
	total, each := g.LinearCrossEntropy(anchors, stack(g, unit[1:]), stack(g, outs), rows, b.CrossEntropy())
	loss := layers.ClassLoss(g, total, each)
	if c.Symmetric {
		total, each := g.LinearCrossEntropy(g.Scale(unit[1], c.Scale), unit[0], out, rows, b.CrossEntropy())
		loss.Total, loss.Each = g.Scale(g.Add(loss.Total, total), 0.5), g.Scale(g.Add(loss.Each, each), 0.5)
	}
	return loss
}

// cosent compares all pairs of which one has the higher score. Its loss is that of the batch, which counts as much as its rows.
func (c LossConfig) cosent(a algebra, b layers.Batch, cosines *graph.Node) layers.Loss {
	g := a.Graph
	rows, there := cosines.Shape()[0], g.NotNegative(b.Node(g, layers.Rows))
	score := b.Node(g, Score)
	less := a.differences(score) // [i, j]: score i - score j
	higher := a.Mul(a.Greater(less, a.Fill(less, 0)), a.outer(there, there))
	gap := a.Times(a.differences(cosines), -c.Scale) // [i, j]: the cosine of j less that of i
	// log(1 + Σ exp(gap)) where score i is higher than j's, with the largest gap taken out.
	flat := g.Reshape(a.Mul(gap, higher), 1, rows*rows)
	top := g.Detach(a.max(flat)) // at least 0, since the pairs that don't count are 0
	shifted := a.Exp(a.Sub(flat, a.outer(top, a.ones(rows*rows))))
	sum := g.RowSums(a.Mul(shifted, g.Reshape(higher, 1, rows*rows))) // [1]
	loss := a.Add(a.Log(a.Add(sum, a.Exp(a.Times(top, -1)))), top)    // [1]
	each := g.Reshape(a.outer(there, loss), rows)
	return layers.Loss{Total: a.total(each, there, b.Scale), Each: each}
}

// cosineSimilarity holds cosines to their scores.
func cosineSimilarity(a algebra, b layers.Batch, cosines *graph.Node) layers.Loss {
	g, rows := a.Graph, cosines.Shape()[0]
	found, score := g.Reshape(cosines, rows, 1), g.Reshape(b.Node(g, Score), rows, 1)
	total, each := g.SquaredError(found, score, graph.SquaredErrorConfig{Targets: b.Node(g, layers.Rows), Scale: b.Scale})
	return layers.ValueLoss(total, each, found, score)
}

// triplet holds the second text nearer to the first than the third, by a margin.
func (c LossConfig) triplet(a algebra, b layers.Batch, vectors []*graph.Node, width int) layers.Loss {
	there := a.Graph.NotNegative(b.Node(a.Graph, layers.Rows))
	near, far := c.distance(a, vectors[0], vectors[1], width), c.distance(a, vectors[0], vectors[2], width)
	each := a.Mul(a.ReLU(a.Plus(a.Sub(near, far), c.Margin)), there)
	right := a.Mul(a.Greater(far, near), there)
	return layers.Loss{
		Total: a.total(each, there, b.Scale), Each: each, Weights: there,
		Figures: []layers.Figure{{Name: "accuracy", Nodes: []*graph.Node{right}, Weights: there, Meter: layers.NewMean}},
	}
}

// distance returns those of the rows of x and y, [B].
func (c LossConfig) distance(a algebra, x, y *graph.Node, width int) *graph.Node {
	switch c.Distance {
	case CosineDistance:
		return a.Plus(a.Times(a.cosines(x, y, width), -1), 1)
	case ManhattanLength:
		return a.Graph.RowSums(a.abs(a.Sub(x, y)))
	}
	const eps = 1e-24 // gives texts of the same vector the gradient 0 instead of none
	d := a.Sub(x, y)
	return a.sqrt(a.Plus(a.Graph.RowSums(a.Mul(d, d)), eps))
}
