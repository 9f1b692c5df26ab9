package data

// The inputs of rows of tokens.
const (
	// IDs [T] are the tokens that go in; padding has 0.
	IDs = "ids"
	// Targets [T] are what is to come out at each position, or Ignored: a token or a class, or just the sign that
	// values are to come out there.
	Targets = "targets"
	// Segments [T] number the documents of a row from 0, so that attention can keep to them; padding has -1.
	Segments = "segments"
	// Types [T] are 0 for tokens of the first text of a pair and 1 for those of the second; padding has 0.
	Types = "types"
	// SourceIDs [S] are the tokens of the text that the row is about; padding has 0.
	SourceIDs = "source"
	// SourceSegments [S] are 0, and -1 for padding.
	SourceSegments = "source_segments"
	// Weights [T] are what the targets count: the weights of the documents that they are of, and 0 where there is none.
	Weights = "weights"
	// Values [T, C] are what is to be found at each target, and 0 elsewhere.
	Values = "values"
)

// What the lengths of rows of tokens are called.
const (
	TextLength   = "tokens"           // T
	SourceLength = "tokens of source" // S
)

// TokenLayout describes rows of tokens; Layout lists their inputs.
type TokenLayout struct {
	// Length is T, the number of tokens and targets, > 0.
	Length int
	// SourceLength is S, the number of tokens of the text that a row is about; 0 for rows about none.
	SourceLength int
	// Values is C, the number of values that are to be found at a target; 0 where targets are tokens or classes.
	Values int
	// Segments tells that attention must know the documents of a row from each other, or from padding.
	Segments bool
	// Types tells that tokens are of the first or the second text of a pair.
	Types bool
	// Weights tells that not all targets count alike.
	Weights bool
}

// Layout returns the layout with IDs and Targets and those of the other inputs that there are.
func (t TokenLayout) Layout() Layout {
	text := func(name string, padding float64) Input {
		return Input{Name: name, Shape: []int{t.Length}, Padding: padding, Length: TextLength}
	}
	l := Layout{Targets: Targets, Inputs: []Input{text(IDs, 0), text(Targets, float64(Ignored))}}
	if t.Segments {
		l.Inputs = append(l.Inputs, text(Segments, -1))
	}
	if t.Types {
		l.Inputs = append(l.Inputs, text(Types, 0))
	}
	if t.Weights {
		weights := text(Weights, 0)
		weights.Type = Float
		l.Inputs = append(l.Inputs, weights)
	}
	if t.SourceLength > 0 {
		source := Input{Name: SourceIDs, Shape: []int{t.SourceLength}, Length: SourceLength}
		segments := source
		segments.Name, segments.Padding = SourceSegments, -1
		l.Inputs = append(l.Inputs, source, segments)
	}
	if t.Values > 0 {
		l.Inputs = append(l.Inputs, Input{Name: Values, Type: Float, Shape: []int{t.Length, t.Values}, Length: TextLength})
	}
	return l
}
