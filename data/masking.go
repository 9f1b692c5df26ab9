package data

import (
	"fmt"
	"slices"

	"github.com/seahorse-ml/seahorse/internal/random"
)

// Streams of random numbers under a masking's seed, which the jitter of the epoch changes.
const (
	chooseStream  = 0xda7a_0003 << 32
	kindStream    = 0xda7a_0004 << 32
	replaceStream = 0xda7a_0005 << 32
)

// MaskingConfig configures NewMasked. DefaultMasking returns the recipe that BERT was trained by.
type MaskingConfig struct {
	Vocab   int     // ids that there are; 0 means as the tokens say
	Mask    int32   // the token that stands for a hidden one, such as [MASK]
	Special []int32 // tokens that are never hidden and never put in for others, such as [CLS]; Mask is one in any case
	Rate    float64 // share of the tokens that are to be found, in (0, 1]
	Hide    float64 // share of those that Mask stands for, in [0, 1]
	Replace float64 // share of those that another token is put in for, in [0, 1]; the rest stays as it is
	Seed    uint64  // what is chosen depends on it, the epoch and the token's place in the text only
	// Frame is two tokens that each row begins and ends with, or with Documents each document in it, such as [CLS] and [SEP].
	// They are special. Default: none.
	Frame []int32
	// Documents packs whole documents into rows, as NewPacked does. Default: the stream is cut, as NewSequential does.
	Documents bool
}

// DefaultMasking hides 15 of 100 tokens: Mask stands for 80 of 100 of them, 10 become a random token, and 10 stay
// (Devlin et al., 2019).
func DefaultMasking(mask int32, special ...int32) MaskingConfig {
	return MaskingConfig{Mask: mask, Special: special, Rate: 0.15, Hide: 0.8, Replace: 0.1}
}

// Masked hides some tokens of each row, which are its targets; all others are Ignored. Every epoch hides others (Liu et al.,
// 2019), and evaluation, whose jitter is 0, always the same. A row that has a token to hide has a target: where chance hides
// none, the token that came nearest.
type Masked struct {
	tokens   *Tokens
	length   int
	config   MaskingConfig
	special  []bool  // by id
	ordinary []int32 // ids that are not special
	pieces   []piece // of packed documents, row by row; nil for a stream
	rows     []int   // row i is pieces [rows[i], rows[i+1])
}

// NewMasked returns rows of length T over all tokens of t. A token at least must be one that can be hidden: not special, and to
// be learned.
func NewMasked(t *Tokens, length int, c MaskingConfig) (*Masked, error) {
	if length <= len(c.Frame) {
		return nil, fmt.Errorf("data: masking: length %d, expected %d or more", length, len(c.Frame)+1)
	}
	if c.Vocab == 0 {
		c.Vocab = t.Vocab()
	}
	if err := c.validate(); err != nil {
		return nil, err
	}
	if err := t.CheckVocab(c.Vocab); err != nil {
		return nil, err
	}
	m := &Masked{tokens: t, length: length, config: c, special: make([]bool, c.Vocab)}
	m.special[c.Mask] = true
	for _, id := range slices.Concat(c.Special, c.Frame) {
		m.special[id] = true
	}
	for id, special := range m.special {
		if !special {
			m.ordinary = append(m.ordinary, int32(id))
		}
	}
	if !m.candidates(0, t.Len()) {
		return nil, fmt.Errorf("data: masking: none of %d tokens can be hidden: all are special or not to be learned", t.Len())
	}
	if c.Documents {
		m.pack()
	}
	return m, nil
}

func (c MaskingConfig) validate() error {
	switch {
	case !(c.Rate > 0 && c.Rate <= 1):
		return fmt.Errorf("data: masking: rate %g, expected more than 0 and at most 1", c.Rate)
	case !(c.Hide >= 0 && c.Replace >= 0 && c.Hide+c.Replace <= 1):
		return fmt.Errorf("data: masking: hides %g and replaces %g of what it chooses, expected shares of 1", c.Hide, c.Replace)
	}
	if len(c.Frame) != 0 && len(c.Frame) != 2 {
		return fmt.Errorf("data: masking: a frame of %d tokens, expected one that a row begins with and one that it ends with", len(c.Frame))
	}
	for _, id := range slices.Concat([]int32{c.Mask}, c.Special, c.Frame) {
		if id < 0 || int(id) >= c.Vocab {
			return fmt.Errorf("data: masking: special token %d is outside of the vocabulary of %d", id, c.Vocab)
		}
	}
	return nil
}

// candidates reports whether one of the tokens [lo, hi) can be hidden.
func (m *Masked) candidates(lo, hi int) bool {
	for i := lo; i < hi; i++ {
		if m.tokens.Target(i) && !m.special[m.tokens.At(i)] {
			return true
		}
	}
	return false
}

// pack cuts the documents to pieces of T at most and gives each that has a candidate its row.
func (m *Masked) pack() {
	for d := range m.tokens.Documents() {
		lo, hi := m.tokens.Document(d)
		for ; lo < hi; lo += m.text() {
			n := min(m.text(), hi-lo)
			if m.candidates(lo, lo+n) {
				m.pieces = append(m.pieces, piece{start: lo, n: int32(n + len(m.config.Frame))})
			}
		}
	}
	m.rows = make([]int, pack(m.pieces, m.length)+1)
	slices.SortStableFunc(m.pieces, func(a, b piece) int { return int(a.row) - int(b.row) })
	for _, p := range m.pieces {
		m.rows[p.row+1]++
	}
	for i := 1; i < len(m.rows); i++ {
		m.rows[i] += m.rows[i-1]
	}
}

// Len returns the number of rows.
func (m *Masked) Len() int {
	if m.pieces != nil {
		return len(m.rows) - 1
	}
	return (m.tokens.Len() + m.text() - 1) / m.text()
}

// text returns how many tokens of the text have room in a row, beside its frame.
func (m *Masked) text() int { return m.length - len(m.config.Frame) }

// Layout returns rows of T tokens in segments, which padding is known by.
func (m *Masked) Layout() Layout {
	return TokenLayout{Length: m.length, Segments: true, Weights: m.tokens.Weighted()}.Layout()
}

// Fill writes row i as it is hidden in the epoch of jitter.
func (m *Masked) Fill(row Row, i int, jitter uint64) {
	h := hider{Masked: m, ids: row.Ints(IDs), targets: row.Ints(Targets), weights: row.Floats(Weights), seed: m.config.Seed ^ jitter, nearest: -1}
	at := 0
	if m.pieces == nil {
		start := i * m.text()
		at = min(m.text(), m.tokens.Len()-start) + len(m.config.Frame)
		h.framed(0, at, start)
		row.segment(0, 0, at)
	} else {
		for s, p := range m.pieces[m.rows[i]:m.rows[i+1]] {
			end := at + int(p.n)
			h.framed(at, end, p.start)
			row.segment(int32(s), at, end)
			at = end
		}
	}
	h.finish()
}

// hider hides tokens of one row.
type hider struct {
	*Masked
	ids     []int32
	targets []int32
	weights []float32 // nil where all count alike
	seed    uint64
	count   int
	nearest int // place in the row of the candidate that came nearest to be chosen, or -1
	token   int // its place in the text
	lowest  float64
}

// framed writes the frame and between it the tokens from start on to the places lo to hi.
func (h *hider) framed(lo, hi, start int) {
	if frame := h.config.Frame; frame != nil {
		h.ids[lo], h.ids[hi-1] = frame[0], frame[1]
		lo, hi = lo+1, hi-1
	}
	h.fill(lo, hi, start)
}

// fill writes the tokens from start on to the places lo to hi.
func (h *hider) fill(lo, hi, start int) {
	h.tokens.copyIDs(h.ids[lo:hi], start)
	for i := lo; i < hi; i++ {
		token := start + i - lo
		if !h.tokens.Target(token) || h.special[h.ids[i]] {
			continue
		}
		u := random.Float64(h.seed, chooseStream, uint64(token))
		if u < h.config.Rate {
			h.hide(i, token)
		}
		if h.nearest < 0 || u < h.lowest {
			h.nearest, h.token, h.lowest = i, token, u
		}
	}
}

// hide makes place i of the row, token of the text, a target.
func (h *hider) hide(i, token int) {
	h.count++
	h.targets[i] = h.ids[i]
	if h.weights != nil {
		h.weights[i] = h.tokens.Weight(h.tokens.documentAt(token))
	}
	u := random.Float64(h.seed, kindStream, uint64(token))
	switch {
	case u < h.config.Hide:
		h.ids[i] = h.config.Mask
	case u < h.config.Hide+h.config.Replace:
		n := random.Uint64(h.seed, replaceStream, uint64(token)) % uint64(len(h.ordinary))
		h.ids[i] = h.ordinary[n]
	}
}

// finish hides the nearest candidate if there is no other.
func (h *hider) finish() {
	if h.count == 0 && h.nearest >= 0 {
		h.hide(h.nearest, h.token)
	}
}
