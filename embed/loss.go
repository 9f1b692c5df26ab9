package embed

import (
	"fmt"
	"math"
	"slices"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// Loss is what a model learns by. Each is that of sentence-transformers under the same name.
type Loss string

const (
	// MultipleNegatives finds the text that belongs to each anchor among all texts of the batch but the anchors: the cross entropy of
	// Scale·cosine (van den Oord et al., 2018). Rows are of an anchor, a text that belongs to it, and texts that don't.
	MultipleNegatives Loss = "multiple_negatives"
	// CoSENT orders pairs by their scores: log(1 + Σ exp(Scale·(cosine of a pair - cosine of one with a higher score))) (Su, 2022).
	CoSENT Loss = "cosent"
	// CosineSimilarity is the squared distance of a pair's cosine from its score.
	CosineSimilarity Loss = "cosine"
	// Triplet is max(0, distance of the anchor to its text - its distance to the other + Margin).
	Triplet Loss = "triplet"
	// Distillation is the mean squared distance from a teacher's vectors.
	Distillation Loss = "mse"
)

// Losses returns the names of all losses.
func Losses() []Loss {
	return []Loss{MultipleNegatives, CoSENT, CosineSimilarity, Triplet, Distillation}
}

// Distance is what a Triplet measures by.
type Distance string

const (
	Euclidean       Distance = "euclidean"
	CosineDistance  Distance = "cosine" // 1 - cosine
	ManhattanLength Distance = "manhattan"
)

// LossConfig configures a Learner. DefaultLoss has sentence-transformers' defaults.
type LossConfig struct {
	Loss      Loss
	Scale     float64  // of cosines, > 0: of MultipleNegatives and CoSENT
	Symmetric bool     // MultipleNegatives finds the anchor of each text too, and takes the mean of both; default false
	Margin    float64  // of Triplet
	Distance  Distance // of Triplet
	// MiniBatch is how many texts go through the model at once where a batch has more, so that its memory bounds the batch no longer (GradCache, Gao et
	// al., 2021). In a trace that checkpoints (graph.Config) nothing is kept of each part but its vectors; it is then computed again. Default: 0, all at once.
	MiniBatch int
	// Dimensions are the lengths that vectors are cut to, whose losses are added up (Matryoshka, Kusupati et al., 2022). Default: none, whole vectors.
	Dimensions []int
	// Weights are what those losses are multiplied by. Default: 1 for all.
	Weights []float64
}

// DefaultLoss returns a loss with sentence-transformers' defaults.
func DefaultLoss(l Loss) LossConfig {
	return LossConfig{Loss: l, Scale: 20, Margin: 5, Distance: Euclidean}
}

// Validate tells what is wrong with the configuration, or nil.
func (c LossConfig) Validate() error {
	switch {
	case !slices.Contains(Losses(), c.Loss):
		return fmt.Errorf("embed: loss %q is not known; known are %q", c.Loss, Losses())
	case !(c.Scale > 0) || math.IsInf(c.Scale, 0):
		return fmt.Errorf("embed: a scale of %g, expected more than 0", c.Scale)
	case math.IsNaN(c.Margin) || math.IsInf(c.Margin, 0):
		return fmt.Errorf("embed: a margin of %g, expected a number", c.Margin)
	case !slices.Contains([]Distance{Euclidean, CosineDistance, ManhattanLength}, c.Distance):
		return fmt.Errorf("embed: distance %q is not known; known are %s, %s and %s", c.Distance, Euclidean, CosineDistance, ManhattanLength)
	case c.MiniBatch < 0:
		return fmt.Errorf("embed: %d texts at once, expected 0 or more", c.MiniBatch)
	case c.Symmetric && c.Loss != MultipleNegatives:
		return fmt.Errorf("embed: the loss %s isn't symmetric, expected %s", c.Loss, MultipleNegatives)
	case len(c.Weights) > 0 && len(c.Weights) != len(c.Dimensions):
		return fmt.Errorf("embed: %d weights for %d dimensions", len(c.Weights), len(c.Dimensions))
	}
	for _, d := range c.Dimensions {
		if d < 1 {
			return fmt.Errorf("embed: vectors of %d dimensions, expected 1 or more", d)
		}
	}
	for _, w := range c.Weights {
		if !(w >= 0) || math.IsInf(w, 0) {
			return fmt.Errorf("embed: a weight of %g, expected 0 or more", w)
		}
	}
	return nil
}

// Scored tells whether rows need scores, and Taught whether they need vectors.
func (c LossConfig) Scored() bool { return c.Loss == CoSENT || c.Loss == CosineSimilarity }

// Taught tells whether rows need a teacher's vectors.
func (c LossConfig) Taught() bool { return c.Loss == Distillation }

// Texts returns how many texts a row may have, at least and at most.
func (c LossConfig) Texts() (least, most int) {
	switch c.Loss {
	case MultipleNegatives:
		return 2, math.MaxInt
	case Triplet:
		return 3, 3
	case Distillation:
		return 1, 1
	}
	return 2, 2
}

// Learner is a model with the loss that it learns by, for a train.Trainer.
type Learner struct {
	*Model
	LossConfig LossConfig
}

// Loss returns the loss of a batch of Examples.
func (l Learner) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	c := l.LossConfig
	if err := c.Validate(); err != nil {
		g.Fail(err)
	}
	vectors := []*graph.Node{l.embed(g, b.Node(g, AnchorIDs), b.Node(g, AnchorSegments))}
	if b.In[OtherIDs] != nil {
		vectors = append(vectors, l.others(g, b.In[OtherIDs], b.Node(g, OtherSegments))...)
	}
	least, most := c.Texts()
	if len(vectors) < least || len(vectors) > most {
		g.Fail(fmt.Errorf("embed: rows of %d texts for the loss %s, expected at least %d and at most %d", len(vectors), c.Loss, least, most))
	}
	if g.Err() != nil {
		return layers.Loss{Total: g.Fail(g.Err()), Each: g.Fail(g.Err())}
	}
	width := vectors[0].Shape()[1]
	if len(c.Dimensions) == 0 {
		return l.loss(g, b, vectors, width)
	}
	var sum layers.Loss
	for i, d := range c.Dimensions {
		if d > width {
			g.Fail(fmt.Errorf("embed: %d dimensions of vectors of %d", d, width))
			return layers.Loss{Total: g.Fail(g.Err()), Each: g.Fail(g.Err())}
		}
		cut := make([]*graph.Node, len(vectors))
		for k, v := range vectors {
			cut[k] = layers.Normalize(g, g.Slice(v, 0, d), d)
		}
		part := l.loss(g, b, cut, d)
		weight := 1.0
		if len(c.Weights) > 0 {
			weight = c.Weights[i]
		}
		total, each := g.Scale(part.Total, weight), g.Scale(part.Each, weight)
		if i == 0 {
			sum = part
			sum.Total, sum.Each = total, each
			continue
		}
		sum.Total, sum.Each = g.Add(sum.Total, total), g.Add(sum.Each, each)
	}
	return sum
}

// others returns the vectors [B, D] of each of the K other texts of rows [B, K, T].
func (l Learner) others(g *graph.Graph, ids, segments *graph.Node) []*graph.Node {
	s := ids.Shape()
	if s.Dims() != 3 {
		return []*graph.Node{g.Fail(fmt.Errorf("embed: %s of shape %v, expected [B, K, T]", OtherIDs, s))}
	}
	rows, texts, length := s[0], s[1], s[2]
	all := l.embed(g, g.Reshape(ids, rows*texts, length), g.Reshape(segments, rows*texts, length))
	if texts == 1 || g.Err() != nil {
		return []*graph.Node{all}
	}
	width := all.Shape()[1]
	side := g.Reshape(all, rows, texts*width)
	vectors := make([]*graph.Node, texts)
	for k := range vectors {
		vectors[k] = g.Slice(side, k*width, (k+1)*width)
	}
	return vectors
}

// embed is Model.Embed in parts of MiniBatch texts.
func (l Learner) embed(g *graph.Graph, ids, segments *graph.Node) *graph.Node {
	rows, part := ids.Shape()[0], l.LossConfig.MiniBatch
	if part == 0 || part >= rows {
		return l.Embed(g, ids, segments)
	}
	var parts []*graph.Node
	for lo := 0; lo < rows; lo += part {
		hi := min(lo+part, rows)
		x := g.IntRows(ids, lo, hi)
		parts = append(parts, g.Block(x, func(g *graph.Graph) *graph.Node { return l.Embed(g, x, g.IntRows(segments, lo, hi)) }))
	}
	return stack(g, parts)
}
