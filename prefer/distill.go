package prefer

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/data"
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
	Student Logits
	// Teacher is a model whose parameters are frozen by their owner. Nil takes rows of a data.Taught: of each token the teacher's best are
	// compared, and all the others together.
	Teacher Logits
	// Beta is between 0, the divergence of the student from the teacher (forward, as in plain distillation), and 1, that of the teacher
	// from the student. trl's default is 0.5.
	Beta float64
	// Temperature divides the logits of both, > 0. trl's trainer of GKD has 1 here, and its temperature is of what is drawn. Without a Teacher
	// it must be 1.
	Temperature float64
}

// Validate tells what is wrong with the settings, or nil.
func (d Distill) Validate() error {
	switch {
	case !(d.Beta >= 0 && d.Beta <= 1) || !(d.Temperature > 0):
		return fmt.Errorf("prefer: distillation: beta %v and temperature %v, expected [0, 1] and more than 0", d.Beta, d.Temperature)
	case d.Teacher == nil && d.Temperature != 1:
		return fmt.Errorf("prefer: distillation: a temperature of %v, expected 1 where only a teacher's best tokens are known", d.Temperature)
	}
	return nil
}

// Params returns the student's parameters.
func (d Distill) Params() []*graph.Param { return d.Student.Params() }

// Loss returns the mean divergence of the tokens of a batch whose targets aren't negative. The figure nll_loss is the cross entropy of the targets at the
// temperature, which isn't learned.
func (d Distill) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	if err := d.Validate(); err != nil {
		g.Fail(err)
	}
	a := on(g)
	ids, targets, segments := b.Node(g, IDs), b.Node(g, Targets), b.In[layers.Segments]
	student := g.Scale(d.Student.Logits(g, ids, segments), 1/d.Temperature)
	c := graph.DivergenceConfig{Beta: d.Beta, Targets: targets}
	var losses, entropies *graph.Node
	if d.Teacher == nil {
		losses, entropies = g.TopDivergence(student, b.Node(g, data.TeacherIDs), b.Node(g, data.TeacherLogProbs), c)
	} else {
		teacher := g.Scale(d.Teacher.Logits(g.Sub("teacher").Still(), ids, segments), 1/d.Temperature)
		if g.Err() == nil && !student.Shape().Eq(teacher.Shape()) {
			g.Fail(fmt.Errorf("prefer: distillation: the student scores %v, the teacher %v; of another vocabulary only its texts can be learned", student.Shape(), teacher.Shape()))
		}
		losses, entropies = g.Divergence(student, teacher, c)
	}
	if g.Err() != nil {
		return layers.Loss{}
	}
	total := a.total(losses, b.Scale)
	n := losses.Shape().TotalSize()
	if b.Scale == nil {
		total = a.Div(g.Check(gorgonia.Sum(losses)), g.Check(gorgonia.Sum(g.Reshape(g.NotNegative(targets), n))))
	}
	nll := layers.Figure{Name: "nll_loss", Nodes: []*graph.Node{entropies}, Weights: g.Reshape(targets, n)}
	return layers.Loss{Total: total, Each: losses, Unit: layers.PerToken, Figures: []layers.Figure{nll}}
}
