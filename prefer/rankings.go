package prefer

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/layers"
)

// Ranked is two whole texts of which the first is the better one, by a margin.
type Ranked struct {
	Better, Worse []int32
	Margin        float32 // default 0
}

// Rankings is a dataset of two whole texts in each row, for Reward: IDs [2, T], layers.Segments [2, T], which is 0 where a text is and
// negative behind it, and Margin. It knows the sizes of its rows.
type Rankings struct {
	texts  []Ranked
	length int
}

// NewRankings makes rows as long as the longest text. Texts aren't cut: what they are worth lies in their ends too.
func NewRankings(texts []Ranked) (*Rankings, error) {
	r := &Rankings{texts: texts}
	for i, x := range texts {
		if len(x.Better) == 0 || len(x.Worse) == 0 {
			return nil, fmt.Errorf("prefer: ranking %d of %d has texts of %d and %d tokens, expected some of each", i+1, len(texts), len(x.Better), len(x.Worse))
		}
		r.length = max(r.length, len(x.Better), len(x.Worse))
	}
	if r.length == 0 {
		return nil, fmt.Errorf("prefer: no texts to rank")
	}
	return r, nil
}

// Len returns the number of rows.
func (r *Rankings) Len() int { return len(r.texts) }

// Layout returns what a row has.
func (r *Rankings) Layout() data.Layout {
	return data.Layout{Inputs: []data.Input{texts(IDs, 0, 2, r.length), texts(layers.Segments, -1, 2, r.length), {Name: Margin, Type: data.Float}}}
}

// Size returns how many tokens the longer text of row i has.
func (r *Rankings) Size(i int, _ string) int {
	return max(len(r.texts[i].Better), len(r.texts[i].Worse))
}

// Fill writes row i.
func (r *Rankings) Fill(row data.Row, i int, _ uint64) {
	ids, segments, x := row.Ints(IDs), row.Ints(layers.Segments), r.texts[i]
	for k, text := range [][]int32{x.Better, x.Worse} {
		copy(ids[k*r.length:], text)
		clear(segments[k*r.length:][:len(text)])
	}
	row.Floats(Margin)[0] = x.Margin
}
