package search

import (
	"fmt"
	"math"
	"slices"

	"github.com/seahorse-ml/seahorse/internal/nearest"
)

// byWords ranks passages by BM25: Σ over the query's terms, stop words aside, of idf·f·(k1+1)/(f + k1·(1 - b + b·length/mean length)), with f how often the term is in the
// passage and idf = ln(1 + (N - n + ½)/(n + ½)) for n of N passages that have it. Added is Whole times the same of the document that the passage is of, among documents:
// what a document is about its passages don't all say. Passages that have none of the terms aren't found.
func (x *Index) byWords(q Query) ([]nearest.Hit, error) {
	passages, documents := x.collections()
	asked := queryTerms(q.Text, x.manifest.Settings.Language)
	slices.Sort(asked)
	type place struct{ segment, document int }
	type posting struct {
		of                     place
		passage, count, length int
	}
	type whole struct {
		of    place
		count int
	}
	scores, wholes, of := map[int]float64{}, map[place]float64{}, map[int]place{}
	lengths := map[place]int{}
	var found []posting
	var within []whole           // documents, in the order of their passages
	for _, term := range asked { // one that is there twice counts twice
		found, within = found[:0], within[:0]
		for i, s := range x.segments {
			err := s.postings(term, func(p, count int) {
				d := place{i, s.documentOf(p)}
				if x.deleted[i][d.document] {
					return
				}
				found = append(found, posting{d, x.first[i] + p, count, s.length(p)})
				if n := len(within); n == 0 || within[n-1].of != d {
					within = append(within, whole{of: d})
				}
				within[len(within)-1].count += count
			})
			if err != nil {
				return nil, fmt.Errorf("search: %s: %w", x.manifest.Segments[i].File, err)
			}
		}
		idf := passages.idf(len(found))
		for _, p := range found {
			scores[p.passage] += idf * passages.share(q, p.count, p.length)
			of[p.passage] = p.of
		}
		idf = documents.idf(len(within))
		for _, d := range within {
			if _, ok := lengths[d.of]; !ok {
				lengths[d.of] = x.segments[d.of.segment].documentLength(d.of.document)
			}
			wholes[d.of] += idf * documents.share(q, d.count, lengths[d.of])
		}
	}
	top := nearest.Top{K: q.Candidates}
	for row, score := range scores {
		top.Put(nearest.Hit{Row: row, Score: float32(score + q.Whole*wholes[of[row]])})
	}
	return top.Sorted(), nil
}

// collection is what BM25 compares a text with: passages, or documents.
type collection struct {
	count int     // of its texts
	mean  float64 // terms of one
}

// collections returns what is known of all passages, and of all documents, which have the same terms.
func (x *Index) collections() (passages, documents collection) {
	total := 0
	for i, s := range x.segments {
		for d, doc := range s.documents {
			if x.deleted[i][d] {
				continue
			}
			passages.count += doc.Passages
			documents.count++
			if len(x.deleted[i]) > 0 {
				total += s.documentLength(d)
			}
		}
		if len(x.deleted[i]) == 0 {
			total += s.termTotal
		}
	}
	passages.mean = max(float64(total)/float64(max(1, passages.count)), 1e-9)
	documents.mean = max(float64(total)/float64(max(1, documents.count)), 1e-9)
	return passages, documents
}

// documentLength returns the terms of a document's passages.
func (s *segment) documentLength(d int) (terms int) {
	doc := s.documents[d]
	for p := doc.First; p < doc.First+doc.Passages; p++ {
		terms += s.length(p)
	}
	return terms
}

// idf is how much a term counts that n texts have.
func (t collection) idf(n int) float64 {
	return math.Log1p((float64(t.count) - float64(n) + 0.5) / (float64(n) + 0.5))
}

// share is how much of a term's idf a text gets that has it so often.
func (t collection) share(q Query, count, length int) float64 {
	f := float64(count)
	return f * (q.K1 + 1) / (f + q.K1*(1-q.B+q.B*float64(length)/t.mean))
}
