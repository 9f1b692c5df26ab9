package layers

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
)

// The names of inputs that package data's layouts of tokens have.
const (
	IDs            = "ids"             // [B, T] int32
	Targets        = "targets"         // [B, T] int32, negative where nothing is learned
	Segments       = "segments"        // [B, T] int32, documents packed into one row, -1 for padding; none for one document a row
	Types          = "types"           // [B, T] int32, which text of a pair a token is of
	SourceIDs      = "source"          // [B, S] int32, another text, that the tokens are about
	SourceSegments = "source_segments" // [B, S] int32, -1 for padding
	Values         = "values"          // [B, T, C] float, what a regression is to find at each target
	Weights        = "weights"         // [B, T] float, what each target counts, 0 where nothing is learned; none where all count 1
)

// Rows is an input that every batch of a trainer has, [B] int32: the number of each row in the batch, and -1 for rows beyond the last
// that an evaluation is filled up with. It serves as targets where each row is to count, and where row i is to find the i-th of what
// the batch holds.
const Rows = "rows"

// Batch is what a model's Loss gets: the input nodes of a batch of B rows, by the names that the dataset's layout gives them.
type Batch struct {
	// In are the inputs, [B, ...] of int32 or the trace's type. What the layout doesn't have is nil.
	In map[string]*graph.Node
	// Scale [1] is what the sum of the losses is multiplied by: one over the number of the layout's targets in all micro-batches of
	// a step. Nil stands for the mean.
	Scale *graph.Node
	// Scales are the same for each input, Rows among them: one over the number of its elements that aren't negative, or of floats over their sum, in
	// all micro-batches of a step; 0 where that sum is 0. A loss with parts that are counted in different ways, by tokens and by rows say, takes them from
	// here. Nil stands for the mean.
	Scales map[string]*graph.Node
	// LabelSmoothing is the mass of each target that is spread evenly over all classes; default 0.
	LabelSmoothing float64
}

// Node returns an input that the model can't do without.
func (b Batch) Node(g *graph.Graph, name string) *graph.Node {
	if n := b.In[name]; n != nil {
		return n
	}
	return g.Fail(fmt.Errorf("layers: batch: no input %q; there are: %s", name, strings.Join(slices.Sorted(maps.Keys(b.In)), ", ")))
}

// CrossEntropy returns how a cross entropy of the batch's targets is computed.
func (b Batch) CrossEntropy() graph.CrossEntropyConfig {
	return graph.CrossEntropyConfig{Weights: b.In[Weights], Scale: b.weighedScale(), LabelSmoothing: b.LabelSmoothing}
}

// SquaredError returns how the squared error of the batch's targets is computed.
func (b Batch) SquaredError(targets *graph.Node) graph.SquaredErrorConfig {
	return graph.SquaredErrorConfig{Targets: targets, Weights: b.In[Weights], Scale: b.weighedScale()}
}

// weighedScale returns what the sum of the weighed losses is multiplied by.
func (b Batch) weighedScale() *graph.Node {
	if b.In[Weights] != nil {
		return b.Scales[Weights]
	}
	return b.Scale
}
