package embed

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/data"
)

// Names of the inputs of rows.
const (
	AnchorIDs      = "anchor"          // [S] int32: the first text of a row, a question say
	AnchorSegments = "anchor_segments" // [S] int32: 0 for its tokens, -1 for padding
	OtherIDs       = "others"          // [K, T] int32: the other texts of the row, that which belongs to the first before those that don't
	OtherSegments  = "other_segments"  // [K, T] int32
	Score          = "score"           // [] float: how near the two texts of the row are
	Vector         = "vector"          // [D] float: a teacher's vector of the row's only text
)

// Example is the texts of a row, as ids.
type Example struct {
	Texts  [][]int32
	Score  float32
	Vector []float32
}

// Source gives examples by their number; all have the same number of texts, and vectors of one length.
type Source interface {
	Len() int
	Example(i int) Example
}

// List is a Source in memory.
type List []Example

// Len returns the number of examples.
func (l List) Len() int { return len(l) }

// Example returns example i.
func (l List) Example(i int) Example { return l[i] }

// ExamplesConfig configures NewExamples.
type ExamplesConfig struct {
	// Length is the most tokens of a text, beyond which it is cut at its end; 0 sets no bound.
	Length int
	// Scored adds each row's score, and Taught its vector. Default: neither.
	Scored, Taught bool
}

// Examples is a dataset of an example a row.
type Examples struct {
	source        Source
	config        ExamplesConfig
	texts, width  int // of an example; of its vector
	anchor, other int // most tokens
}

// NewExamples makes rows of examples.
func NewExamples(s Source, c ExamplesConfig) (*Examples, error) {
	if s.Len() == 0 || c.Length < 0 {
		return nil, fmt.Errorf("embed: %d examples of texts of %d tokens, expected at least one and 0 or more", s.Len(), c.Length)
	}
	e := &Examples{source: s, config: c}
	for i := range s.Len() {
		x := s.Example(i)
		if i == 0 {
			e.texts, e.width = len(x.Texts), len(x.Vector)
		}
		if len(x.Texts) != e.texts || e.texts == 0 || len(x.Vector) != e.width {
			return nil, fmt.Errorf("embed: example %d has %d texts and a vector of %d, expected %d and %d as the first has", i+1, len(x.Texts), len(x.Vector), e.texts, e.width)
		}
		for k, text := range x.Texts {
			if len(text) == 0 {
				return nil, fmt.Errorf("embed: text %d of example %d has no tokens", k+1, i+1)
			}
			if k == 0 {
				e.anchor = max(e.anchor, e.cut(len(text)))
			} else {
				e.other = max(e.other, e.cut(len(text)))
			}
		}
	}
	if c.Scored && e.texts != 2 {
		return nil, fmt.Errorf("embed: scores of %d texts, expected two", e.texts)
	}
	if c.Taught && (e.texts != 1 || e.width == 0) {
		return nil, fmt.Errorf("embed: examples of %d texts and a vector of %d, expected one text and its vector", e.texts, e.width)
	}
	return e, nil
}

func (e *Examples) cut(n int) int {
	if e.config.Length > 0 {
		return min(n, e.config.Length)
	}
	return n
}

// Texts returns how many texts a row has.
func (e *Examples) Texts() int { return e.texts }

// Len returns the number of examples.
func (e *Examples) Len() int { return e.source.Len() }

// Layout returns what a row has. Anchors are as long as what layouts call the source, the other texts as the text.
func (e *Examples) Layout() data.Layout {
	l := data.Layout{Inputs: []data.Input{
		{Name: AnchorIDs, Shape: []int{e.anchor}, Length: data.SourceLength},
		{Name: AnchorSegments, Shape: []int{e.anchor}, Padding: -1, Length: data.SourceLength},
	}}
	if n := e.texts - 1; n > 0 {
		l.Inputs = append(l.Inputs, data.Input{Name: OtherIDs, Shape: []int{n, e.other}, Length: data.TextLength, Axis: 1},
			data.Input{Name: OtherSegments, Shape: []int{n, e.other}, Padding: -1, Length: data.TextLength, Axis: 1})
	}
	if e.config.Scored {
		l.Inputs = append(l.Inputs, data.Input{Name: Score, Type: data.Float})
	}
	if e.config.Taught {
		l.Inputs = append(l.Inputs, data.Input{Name: Vector, Type: data.Float, Shape: []int{e.width}})
	}
	return l
}

// Size returns how many tokens the anchor of row i has, or the longest of its other texts.
func (e *Examples) Size(i int, length string) int {
	texts := e.source.Example(i).Texts
	if length == data.SourceLength {
		return e.cut(len(texts[0]))
	}
	n := 0
	for _, text := range texts[1:] {
		n = max(n, e.cut(len(text)))
	}
	return n
}

// Fill writes row i, whatever jitter is.
func (e *Examples) Fill(row data.Row, i int, _ uint64) {
	x := e.source.Example(i)
	write := func(ids, segments, text []int32) {
		n := copy(ids, text)
		clear(segments[:n])
	}
	write(row.Ints(AnchorIDs), row.Ints(AnchorSegments), x.Texts[0])
	ids, segments := row.Ints(OtherIDs), row.Ints(OtherSegments)
	for k, text := range x.Texts[1:] {
		write(ids[k*e.other:(k+1)*e.other], segments[k*e.other:(k+1)*e.other], text)
	}
	if e.config.Scored {
		row.Floats(Score)[0] = x.Score
	}
	if e.config.Taught {
		copy(row.Floats(Vector), x.Vector)
	}
}
