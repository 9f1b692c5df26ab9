package words

import (
	"fmt"
	"math"
	"slices"

	"github.com/seahorse-ml/seahorse/internal/kernels"
)

// Term is a word of a document with its weight.
type Term struct {
	ID     int32 // of the word
	Weight float64
}

// Documents are documents as bags of words: for each the words of the vocabulary that it has, by their numbers, with their weights.
type Documents struct {
	Vocabulary *Vocabulary
	Terms      [][]Term

	weigh func([]Term) []Term // counts to weights, for further documents; nil leaves them
}

// CountDocuments counts the words of each text, of which each is a document of its own.
func CountDocuments(texts Texts, split Splitter, v *Vocabulary) (*Documents, error) {
	d := &Documents{Vocabulary: v}
	for text, err := range texts() {
		if err != nil {
			return nil, err
		}
		d.Terms = append(d.Terms, v.count(text, split))
	}
	return d, nil
}

// count returns the words of a text with their counts.
func (v *Vocabulary) count(text []byte, split Splitter) []Term {
	var ids []int32
	split(text, func(w []byte) {
		if id, ok := v.index[string(w)]; ok {
			ids = append(ids, id)
		}
	})
	slices.Sort(ids)
	terms := []Term{}
	for _, id := range ids {
		if last := len(terms) - 1; last >= 0 && terms[last].ID == id {
			terms[last].Weight++
		} else {
			terms = append(terms, Term{id, 1})
		}
	}
	return terms
}

// Of returns the words of a further text, weighted as those of the documents are.
func (d *Documents) Of(text []byte, split Splitter) []Term {
	terms := d.Vocabulary.count(text, split)
	if d.weigh != nil {
		terms = d.weigh(terms)
	}
	return terms
}

// weighted returns the documents with other weights.
func (d *Documents) weighted(weigh func([]Term) []Term) *Documents {
	w := &Documents{Vocabulary: d.Vocabulary, weigh: weigh}
	if d.weigh != nil {
		w.weigh = func(terms []Term) []Term { return weigh(d.weigh(terms)) }
	}
	for _, terms := range d.Terms {
		w.Terms = append(w.Terms, weigh(terms))
	}
	return w
}

// frequencies returns in how many documents each word is.
func (d *Documents) frequencies() []float64 {
	df := make([]float64, d.Vocabulary.Len())
	for _, terms := range d.Terms {
		for _, t := range terms {
			df[t.ID]++
		}
	}
	return df
}

// OneHot returns the documents with a weight of 1 for each word that is there.
func (d *Documents) OneHot() *Documents {
	return d.weighted(func(terms []Term) []Term {
		w := slices.Clone(terms)
		for i := range w {
			w[i].Weight = 1
		}
		return w
	})
}

// TFIDF returns the documents weighted by count·log2(documents/those with the word), each of length 1, as gensim's TfidfModel has it; words of all
// documents and of none weigh nothing and
// are left out.
func (d *Documents) TFIDF() *Documents {
	n, df := float64(len(d.Terms)), d.frequencies()
	return d.weighted(func(terms []Term) []Term {
		var w []Term
		squares := 0.0
		for _, t := range terms {
			if df[t.ID] == 0 {
				continue
			}
			if x := t.Weight * math.Log2(n/df[t.ID]); x > 0 {
				w = append(w, Term{t.ID, x})
				squares += x * x
			}
		}
		for i := range w {
			w[i].Weight /= math.Sqrt(squares)
		}
		return w
	})
}

// BM25 returns the documents weighted by idf·count/(count + k1·(1 - b + b·length/mean length)) with an idf of log(1 + (N - n + 0.5)/(n + 0.5)) for a
// word of n of N documents, as Lucene
// and gensim's LuceneBM25Model have it. Usual are a k1 of 1.5 and a b of 0.75.
func (d *Documents) BM25(k1, b float64) (*Documents, error) {
	if !(k1 >= 0) || !(b >= 0 && b <= 1) || math.IsInf(k1, 0) {
		return nil, fmt.Errorf("words: BM25: k1 %g and b %g, expected at least 0, and 0 to 1", k1, b)
	}
	n, df := float64(len(d.Terms)), d.frequencies()
	length := func(terms []Term) (sum float64) {
		for _, t := range terms {
			sum += t.Weight
		}
		return sum
	}
	mean := 0.0
	for _, terms := range d.Terms {
		mean += length(terms) / n
	}
	return d.weighted(func(terms []Term) []Term {
		w, own := slices.Clone(terms), length(terms)
		for i, t := range w {
			idf := math.Log(1 + (n-df[t.ID]+0.5)/(df[t.ID]+0.5))
			w[i].Weight = idf * t.Weight / (t.Weight + k1*(1-b+b*own/mean))
		}
		return w
	}), nil
}

// LSA is latent semantic analysis (Deerwester et al., 1990): the truncated singular value decomposition U·Σ·Vᵀ of the matrix of words and documents.
type LSA struct {
	Words    *Vectors // U·Σ^p
	Singular []float64

	documents *Documents
	u         *Vectors
}

// LSA reduces documents to c.Dim dimensions, at most as many as there are words and documents.
func (d *Documents) LSA(c SVDConfig) (*LSA, error) {
	m := &sparse{rows: len(d.Terms), cols: d.Vocabulary.Len(), begin: make([]int, len(d.Terms)+1)}
	for i, terms := range d.Terms {
		for _, t := range terms {
			m.columns, m.weights = append(m.columns, t.ID), append(m.weights, t.Weight)
		}
		m.begin[i+1] = len(m.columns)
	}
	power := c.Power
	c.Power = 0
	u, singular, err := m.transpose().svd(d.Vocabulary, c)
	if err != nil {
		return nil, err
	}
	l := &LSA{Singular: singular, documents: d, u: u, Words: &Vectors{Vocabulary: d.Vocabulary, Dim: c.Dim, Values: make([]float32, len(u.Values))}}
	for i, x := range u.Values {
		l.Words.Values[i] = x * float32(math.Pow(singular[i%c.Dim], power))
	}
	return l, nil
}

// Document returns the vector Uᵀ·x of a text, weighted as the documents are; for one of them it is its row of V·Σ.
func (l *LSA) Document(text []byte, split Splitter) []float32 {
	y := make([]float32, l.u.Dim)
	for _, t := range l.documents.Of(text, split) {
		kernels.AXPY(y, l.u.At(int(t.ID)), float32(t.Weight))
	}
	return y
}
