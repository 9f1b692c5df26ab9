package data

import (
	"fmt"
	"math"
)

// PairsConfig configures NewPairs.
type PairsConfig struct {
	// Length is the most tokens of a target text, and SourceLength the most of a source; 0 sets no bound. Rows are no longer than
	// the longest texts of the data.
	Length, SourceLength int
	// Start is what the decoder reads before the first token of a target text.
	Start int32
	// End is the token that texts end with. Where a text is cut because it is too long, and ended with it, the
	// cut text does too. Negative for none.
	End int32
}

// Pairs gives each document of prompt and completion a row, for models that write one text about another: the prompt,
// which is what comes before the first token to learn, is the source, and the rest the target text. The decoder reads
// Start and all of the target text but its last token (teacher forcing). Texts that are longer than a row are cut
// at their end; Cut tells how many.
type Pairs struct {
	tokens  *Tokens
	config  PairsConfig
	sources []int32 // lengths, by document
	cut     [2]int  // sources and targets
}

// NewPairs returns rows for all documents of t. Each must have a prompt and a completion.
func NewPairs(t *Tokens, c PairsConfig) (*Pairs, error) {
	switch {
	case c.Length < 0 || c.SourceLength < 0:
		return nil, fmt.Errorf("data: pairs: lengths of %d and %d, expected 0 or more", c.Length, c.SourceLength)
	case c.Start < 0 || t.Vocab() > 0 && int(c.Start) >= t.Vocab():
		return nil, fmt.Errorf("data: pairs: start token %d is outside of the vocabulary of %d", c.Start, t.Vocab())
	case t.Documents() == 0:
		return nil, fmt.Errorf("data: pairs: no documents")
	}
	p := &Pairs{tokens: t, config: c, sources: make([]int32, t.Documents())}
	longest, longestSource := 0, 0
	for d := range p.sources {
		source, target, err := p.lengths(d)
		if err != nil {
			return nil, err
		}
		p.sources[d] = int32(source)
		longest, longestSource = max(longest, target), max(longestSource, source)
	}
	p.config.Length, p.config.SourceLength = bounded(longest, c.Length), bounded(longestSource, c.SourceLength)
	for d, source := range p.sources {
		lo, hi := t.Document(d)
		p.cut[0] += bit(int(source) > p.config.SourceLength)
		p.cut[1] += bit(hi-lo-int(source) > p.config.Length)
	}
	return p, nil
}

// bounded returns n, or most if that is less and a bound at all.
func bounded(n, most int) int {
	if most > 0 {
		return min(n, most)
	}
	return n
}

// lengths finds out how long source and target text of a document are.
func (p *Pairs) lengths(d int) (source, target int, err error) {
	lo, hi := p.tokens.Document(d)
	n := 0
	for lo+n < hi && !p.tokens.Target(lo+n) {
		n++
	}
	switch {
	case n == 0:
		return 0, 0, fmt.Errorf("data: pairs: document %d of %d has no prompt, which is the source, before its completion", d+1, p.tokens.Documents())
	case lo+n == hi:
		return 0, 0, fmt.Errorf("data: pairs: document %d of %d has no completion behind its prompt", d+1, p.tokens.Documents())
	case n > math.MaxInt32:
		return 0, 0, fmt.Errorf("data: pairs: document %d has a prompt of %d tokens", d+1, n)
	}
	return n, hi - lo - n, nil
}

// Len returns the number of documents.
func (p *Pairs) Len() int { return len(p.sources) }

// Layout returns rows of T tokens with sources of S.
func (p *Pairs) Layout() Layout {
	return TokenLayout{Length: p.config.Length, SourceLength: p.config.SourceLength, Weights: p.tokens.Weighted()}.Layout()
}

// Cut returns how many sources and target texts are longer than a row, and so were cut.
func (p *Pairs) Cut() (sources, targets int) { return p.cut[0], p.cut[1] }

// Size returns how long a text of row i is, cut where it is too long.
func (p *Pairs) Size(i int, length string) int {
	source := int(p.sources[i])
	if length == SourceLength {
		return min(source, p.config.SourceLength)
	}
	lo, hi := p.tokens.Document(i)
	return min(hi-lo-source, p.config.Length)
}

// Fill writes row i, whatever jitter is.
func (p *Pairs) Fill(row Row, i int, _ uint64) {
	lo, hi := p.tokens.Document(i)
	middle := lo + int(p.sources[i])
	n := p.text(row.Ints(SourceIDs), lo, middle)
	fill(row.Ints(SourceSegments)[:n], 0)

	ids, targets := row.Ints(IDs), row.Ints(Targets)
	n = p.text(targets, middle, hi)
	ids[0] = p.config.Start
	copy(ids[1:n], targets)
	row.weigh(p.tokens, 0, n, middle)
}

// text copies the tokens [lo, hi), as many as there is room for, and returns their number.
func (p *Pairs) text(dst []int32, lo, hi int) int {
	n := min(len(dst), hi-lo)
	p.tokens.copyIDs(dst[:n], lo)
	if end := p.config.End; n < hi-lo && end >= 0 && p.tokens.At(hi-1) == end {
		dst[n-1] = end
	}
	return n
}
