package data

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// Weigh says what the document counts whose tokens come next, or are being appended: 0 or more. Default: 1.
func (a *assembler) Weigh(weight float32) error {
	if !(weight >= 0) || math.IsInf(float64(weight), 0) {
		return fmt.Errorf("data: tokens: a document that counts %v, expected 0 or more", weight)
	}
	a.weights.next = weight
	return nil
}

// weightSection is a section of what documents count. It begins with the first that doesn't count 1.
type weightSection struct {
	out   io.Writer
	next  float32 // of the document that isn't at its end
	begun bool
}

// end notes what a document counts, behind so many others.
func (s *weightSection) end(documents uint64) error {
	weight := s.next
	s.next = 1
	if !s.begun {
		if weight == 1 {
			return nil
		}
		s.begun = true
		one := binary.LittleEndian.AppendUint32(nil, math.Float32bits(1))
		for range documents {
			if _, err := s.out.Write(one); err != nil {
				return err
			}
		}
	}
	_, err := s.out.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(weight)))
	return err
}

// finish fills the section up to a multiple of eight bytes.
func (s *weightSection) finish(documents uint64) error {
	if !s.begun {
		return nil
	}
	_, err := s.out.Write(make([]byte, pad8(4*documents)-4*documents))
	return err
}

// weight returns what a record counts: the number under "weight", where there is one and weights aren't passed over.
func (b *block) weight(r record) (float32, error) {
	value, ok := r.object.Get("weight")
	if !ok || value == nil || b.unweighted || r.table && value == "" {
		return 1, nil
	}
	if _, err := r.get("weight"); err != nil {
		return 0, err
	}
	x, err := number(value)
	if _, text := value.(string); text && !r.table {
		err = errors.New("text")
	}
	if weight := float32(x); err == nil && weight >= 0 && !math.IsInf(float64(weight), 0) {
		return weight, nil
	}
	return 0, fmt.Errorf(`"weight" must be a number of 0 or more, which says what the record counts, got %s`, shown(value))
}

// Weighted tells whether not all documents count 1.
func (t *Tokens) Weighted() bool { return t.weights != nil }

// Weight returns what document d counts.
func (t *Tokens) Weight(d int) float32 {
	if t.weights == nil {
		return 1
	}
	return math.Float32frombits(binary.LittleEndian.Uint32(t.weights[4*(t.firstDocument()+d):]))
}

// Weights returns the least and the greatest weight of the documents.
func (t *Tokens) Weights() (least, greatest float32) {
	least, greatest = 1, 1
	for d := range t.Documents() {
		w := t.Weight(d)
		if d == 0 {
			least, greatest = w, w
		}
		least, greatest = min(least, w), max(greatest, w)
	}
	return least, greatest
}

// checkWeights returns an error for weights that no writer writes.
func (t *Tokens) checkWeights() error {
	for d := range len(t.weights) / 4 {
		if w := t.Weight(d); !(w >= 0) || math.IsInf(float64(w), 0) {
			return fmt.Errorf("damaged: document %d counts %v", d, w)
		}
	}
	return nil
}

// weigh sets what the targets at positions [at, end) count, which are there already: those of tokens of t from the one called from on.
func (r Row) weigh(t *Tokens, at, end, from int) {
	weights := r.Floats(Weights)
	if weights == nil || at == end {
		return
	}
	targets := r.Ints(Targets)
	d := t.documentAt(from)
	_, last := t.Document(d)
	weight := t.Weight(d)
	for i := at; i < end; i++ {
		for token := from + i - at; token >= last && d < t.Documents()-1; {
			d++
			_, last = t.Document(d)
			weight = t.Weight(d)
		}
		weights[i] = 0
		if targets[i] >= 0 {
			weights[i] = weight
		}
	}
}
