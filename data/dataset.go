package data

import "fmt"

// Dataset is a list of rows of one layout. It has no state, and any row is there in constant time.
type Dataset interface {
	// Len returns the number of rows, at least one.
	Len() int
	// Layout returns what each row has.
	Layout() Layout
	// Fill writes row i in [0, Len()) and returns how many of its targets are not Ignored. Jitter is a random number that
	// stays the same for an epoch: a dataset that cuts a stream takes from it where the cuts fall. Zero is the plain cut.
	Fill(row Row, i int, jitter uint64) int
}

// Layout tells what rows have: how many tokens, and what beside them. It is all that a trainer needs to know of a dataset to
// make room for its batches.
type Layout struct {
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
}

// Validate returns an error for sizes that no row has.
func (l Layout) Validate() error {
	if l.Length < 1 || l.SourceLength < 0 || l.Values < 0 {
		return fmt.Errorf("data: rows of %d tokens, %d of a source and %d values, expected at least one token and no negative number",
			l.Length, l.SourceLength, l.Values)
	}
	return nil
}

// Row is where a dataset writes one row. What its Layout doesn't have is nil.
type Row struct {
	// IDs [T] are the tokens that go in; padding has 0.
	IDs []int32
	// Targets [T] are what is to come out at each position, or Ignored: a token or a class, or just the sign that
	// values are to come out there.
	Targets []int32
	// Segments [T] number the documents of a row from 0, so that attention can keep to them; padding has -1.
	Segments []int32
	// Types [T] are 0 for tokens of the first text of a pair and 1 for those of the second; padding has 0.
	Types []int32
	// Source [S] are the tokens of the text that the row is about; padding has 0.
	Source []int32
	// SourceSegments [S] are 0, and -1 for padding.
	SourceSegments []int32
	// Values [T·C] are what is to be found at each target, and 0 elsewhere.
	Values []float32
}

// pad makes all from position at on padding.
func (r Row) pad(at int) {
	clear(r.IDs[at:])
	fill(r.Targets[at:], Ignored)
	if r.Segments != nil {
		fill(r.Segments[at:], -1)
	}
	if r.Types != nil {
		clear(r.Types[at:])
	}
	if r.Values != nil {
		clear(r.Values[at*len(r.Values)/len(r.IDs):])
	}
}

// padSource makes all of the source from position at on padding.
func (r Row) padSource(at int) {
	clear(r.Source[at:])
	fill(r.SourceSegments[at:], -1)
}

// segment marks positions [lo, hi) as one segment.
func (r Row) segment(number int32, lo, hi int) { fill(r.Segments[lo:hi], number) }

func fill(dst []int32, v int32) {
	for i := range dst {
		dst[i] = v
	}
}
