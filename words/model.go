package words

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/kernels"
)

// Model is what Train learns: vectors, and what is needed to go on learning.
type Model struct {
	Config     Config
	Vocabulary *Vocabulary

	in    *table    // [V + Buckets of parts, D]: the vectors that texts are read by
	out   []float32 // [V, D]: those that words are told by, or of inner nodes of the Huffman tree
	parts [][]int32 // of each word, itself first, as rows of in; nil without parts
}

// newModel makes a model whose vectors are drawn evenly from ±1/2D, or with parts from ±1/D as fastText has it.
func newModel(c Config, v *Vocabulary) *Model {
	m := &Model{Config: c, Vocabulary: v}
	m.out = make([]float32, v.Len()*c.Dim)
	if c.parts() {
		m.makeParts()
		m.in = drawnTable(v.Len()+c.Buckets, c.Dim, m.parts, c.Seed, nil)
		return m
	}
	values := make([]float32, v.Len()*c.Dim)
	drawEvenly(values, c.Seed, 0.5/float64(c.Dim))
	m.in = wholeTable(values, c.Dim)
	return m
}

// makeParts finds the parts of all words.
func (m *Model) makeParts() {
	m.parts = make([][]int32, m.Vocabulary.Len())
	for i := range m.parts {
		m.parts[i] = []int32{int32(i)}
		if m.Vocabulary.Word(i) == lineEnd {
			continue
		}
		for _, bucket := range appendParts(nil, m.Vocabulary.Word(i), m.Config) {
			m.parts[i] = append(m.parts[i], int32(m.Vocabulary.Len())+bucket)
		}
	}
}

// Vectors returns the vectors of the vocabulary's words; with parts each is the mean of its own and those of its parts.
func (m *Model) Vectors() *Vectors {
	v := &Vectors{Vocabulary: m.Vocabulary, Dim: m.Config.Dim}
	n := m.Vocabulary.Len() * v.Dim
	if m.parts == nil {
		v.Values = m.in.values[:n]
		return v
	}
	v.Values = make([]float32, n)
	for i, parts := range m.parts {
		m.mean(v.At(i), parts)
	}
	return v
}

// mean sets dst to the mean of rows of in.
func (m *Model) mean(dst []float32, rows []int32) {
	clear(dst)
	room := make([]float32, m.Config.Dim)
	for _, row := range rows {
		kernels.Accumulate(dst, m.in.row(row, room))
	}
	kernels.Scale(dst, dst, 1/float32(max(1, len(rows))))
}

// Vector returns the vector of any word; one that the vocabulary doesn't have gets the mean of its parts' where there are parts.
func (m *Model) Vector(word string) ([]float32, error) {
	dst := make([]float32, m.Config.Dim)
	if id, ok := m.Vocabulary.ID(word); ok {
		if m.parts == nil {
			copy(dst, m.in.row(int32(id), nil))
		} else {
			m.mean(dst, m.parts[id])
		}
		return dst, nil
	}
	if m.parts == nil {
		return nil, fmt.Errorf("words: %w: %q", ErrUnknown, word)
	}
	var rows []int32
	for _, bucket := range appendParts(nil, word, m.Config) {
		rows = append(rows, int32(m.Vocabulary.Len())+bucket)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("words: %w, and it has no parts: %q", ErrUnknown, word)
	}
	m.mean(dst, rows)
	return dst, nil
}
