package prefer

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/gorgonia"
)

// Logits is a language model that scores the tokens of a vocabulary, such as every models.CausalLM.
type Logits interface {
	Params() []*graph.Param
	// Logits maps ids [B, T] to logits [B, T, V]; segments [B, T] may be nil.
	Logits(g *graph.Graph, ids, segments *graph.Node) *graph.Node
}

// Distill learns what a teacher says of each token, by the generalised Jensen-Shannon divergence of GKD (Agarwal et al., 2024). Both
// hold the logits of a batch, so rows are to be few where the vocabulary is large.
type Distill struct {
	Student, Teacher Logits // the teacher's parameters are frozen by their owner
	// Beta is between 0, the divergence of the student from the teacher (forward, as in plain distillation), and 1, that of the teacher
	// from the student. trl's default is 0.5.
	Beta float64
	// Temperature divides the logits of both, > 0; trl's default is 0.9.
	Temperature float64
}

// Params returns the student's parameters.
func (d Distill) Params() []*graph.Param { return d.Student.Params() }

// Loss returns the mean divergence of the tokens of a batch whose targets aren't negative.
func (d Distill) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	if !(d.Beta >= 0 && d.Beta <= 1) || !(d.Temperature > 0) {
		g.Fail(fmt.Errorf("prefer: distillation: beta %v and temperature %v, expected [0, 1] and more than 0", d.Beta, d.Temperature))
	}
	a := on(g)
	ids, targets, segments := b.Node(g, IDs), b.Node(g, Targets), b.In[layers.Segments]
	student := d.logProbs(g, d.Student, ids, segments)
	teacher := d.logProbs(g.Sub("teacher").Still(), d.Teacher, ids, segments)
	mask := g.NotNegative(targets)
	if g.Err() == nil && !student.Shape().Eq(teacher.Shape()) {
		g.Fail(fmt.Errorf("prefer: distillation: the student scores %v, the teacher %v; of another vocabulary only its texts can be learned", student.Shape(), teacher.Shape()))
	}
	if g.Err() != nil {
		return layers.Loss{}
	}
	losses := g.RowSums(d.divergence(a, student, teacher))
	losses = a.Mul(losses, g.Reshape(mask, losses.Shape().TotalSize()))
	total := a.total(losses, b.Scale)
	if b.Scale == nil {
		total = a.Div(g.Check(gorgonia.Sum(losses)), g.Check(gorgonia.Sum(g.Reshape(mask, losses.Shape().TotalSize()))))
	}
	return layers.Loss{Total: total, Each: losses, Unit: layers.PerToken}
}

// logProbs returns the logarithms of a model's probabilities, [B·T, V].
func (d Distill) logProbs(g *graph.Graph, m Logits, ids, segments *graph.Node) *graph.Node {
	z := m.Logits(g, ids, segments)
	_, _, vocab := g.Dims3(z)
	if g.Err() != nil {
		return z
	}
	z = g.Reshape(g.Scale(z, 1/d.Temperature), z.Shape().TotalSize()/vocab, vocab)
	return g.Check(gorgonia.LogSoftMax(z))
}

// divergence returns the terms of each token's divergence.
func (d Distill) divergence(a algebra, student, teacher *graph.Node) *graph.Node {
	from := func(p, q *graph.Node) *graph.Node { return a.Mul(a.Exp(p), a.Sub(p, q)) } // of q from p
	switch d.Beta {
	case 0:
		return from(teacher, student)
	case 1:
		return from(student, teacher)
	}
	most := a.Graph.Detach(a.Apply2(gorgonia.MaxBetween, student, teacher))
	sum := a.Add(a.Times(a.Exp(a.Sub(student, most)), 1-d.Beta), a.Times(a.Exp(a.Sub(teacher, most)), d.Beta))
	mixture := a.Add(most, a.Log(sum))
	return a.Add(a.Times(from(teacher, mixture), d.Beta), a.Times(from(student, mixture), 1-d.Beta))
}
