package data

import "fmt"

// The inputs of rows that a teacher has seen before.
const (
	// TeacherIDs [T, K] are the most probable tokens behind each one, by the teacher.
	TeacherIDs = "teacher_ids"
	// TeacherLogProbs [T, K] are the logarithms of their probabilities.
	TeacherLogProbs = "teacher_logprobs"
)

// stretched is a dataset whose rows are stretches of tokens.
type stretched interface {
	Dataset
	of() *Tokens
	// stretches tells the stretches of row i: n tokens from start on, which are at a place in the row.
	stretches(i int, jitter uint64, tell func(at, start, n int))
}

func (p *Packed) of() *Tokens { return p.tokens }

func (p *Packed) stretches(i int, _ uint64, tell func(at, start, n int)) {
	at := 0
	for _, q := range p.pieces[p.rows[i]:p.rows[i+1]] {
		tell(at, q.start, int(q.n))
		at += int(q.n)
	}
}

func (w *Windows) of() *Tokens { return w.tokens }

func (w *Windows) stretches(i int, jitter uint64, tell func(at, start, n int)) {
	start := int(jitter%uint64(w.length)) + i*w.length
	tell(0, min(start, w.tokens.Len()-1-w.length), w.length)
}

func (s *Sequential) of() *Tokens { return s.tokens }

func (s *Sequential) stretches(i int, _ uint64, tell func(at, start, n int)) {
	tell(0, i*s.length, min(s.length, s.tokens.Len()-1-i*s.length))
}

// Taught is a dataset of rows with what a teacher holds probable behind each token: TeacherIDs and TeacherLogProbs.
type Taught struct {
	Dataset
	rows  stretched
	tops  *Tops
	whole *Tokens  // that rows are of a view of
	first []uint64 // the first row of each document of whole in tops
}

// NewTaught returns rows with what is in tops. They are rows of windows or documents of a view of tokens, whose documents all must have been read by the
// teacher as they are.
func NewTaught(d Dataset, whole *Tokens, tops *Tops) (*Taught, error) {
	rows, ok := d.(stretched)
	if !ok {
		return nil, fmt.Errorf("data: taught: rows of a %T, expected those of texts", d)
	}
	t := &Taught{Dataset: d, rows: rows, tops: tops, whole: whole, first: make([]uint64, whole.Documents())}
	for i := range t.first {
		lo, hi := whole.Document(i)
		r, ok := tops.known[hashDocument(whole, lo, hi)]
		if !ok && lo < hi || r.n < uint64(hi-lo) && ok {
			return nil, fmt.Errorf("data: %s: document %d of %d, of %d tokens, is none that the teacher has read, expected the same data, tokenizer, chat template and length",
				tops.path, i+1, len(t.first), hi-lo)
		}
		t.first[i] = r.first
	}
	return t, nil
}

// Layout returns what a row has.
func (t *Taught) Layout() Layout {
	l := t.Dataset.Layout()
	n, k := l.Length(TextLength), t.tops.Top()
	inputs := append([]Input{}, l.Inputs...)
	l.Inputs = append(inputs, Input{Name: TeacherIDs, Shape: []int{n, k}, Length: TextLength}, Input{Name: TeacherLogProbs, Type: Float, Shape: []int{n, k}, Length: TextLength})
	return l
}

// Fill writes row i.
func (t *Taught) Fill(row Row, i int, jitter uint64) {
	t.Dataset.Fill(row, i, jitter)
	k := t.tops.Top()
	ids, logs := row.Ints(TeacherIDs), row.Floats(TeacherLogProbs)
	t.rows.stretches(i, jitter, func(at, start, n int) {
		view := t.rows.of()
		from := view.lo - t.whole.lo + start // in whole
		d := t.whole.documentAt(from)
		lo, hi := t.whole.Document(d)
		for j := range n {
			for from+j >= hi {
				d++
				lo, hi = t.whole.Document(d)
			}
			t.tops.row(ids[(at+j)*k:(at+j+1)*k], logs[(at+j)*k:(at+j+1)*k], t.first[d]+uint64(from+j-lo))
		}
	})
}
