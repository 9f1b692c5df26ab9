package task

import (
	"strings"

	"github.com/seahorse-ml/seahorse/data"
)

// textSegments are the inputs that tell the tokens of others from their padding.
var textSegments = map[string]string{data.IDs: data.Segments, data.SourceIDs: data.SourceSegments, "anchor": "anchor_segments", "others": "other_segments"}

// RowText returns what stands in a row of a batch of the run's: the texts of its tokens, by lines, and the class that it is to get.
func (r *Run) RowText(b *data.Batch, row int) string {
	var lines []string
	for i, in := range b.Layout.Inputs {
		if in.Type != data.Int32 || in.Length == "" || in.Padding != 0 || in.Name == data.Types {
			continue
		}
		size := in.Shape[len(in.Shape)-1]
		segments := columnOf(b, textSegments[in.Name], row)
		for from, ids := 0, part(b.Columns[i].Ints, row, b.Rows); len(ids) >= size; from, ids = from+size, ids[size:] {
			var of []int32
			if segments != nil {
				of = segments[from:]
			}
			if kept := unpadded(ids[:size], of); len(kept) > 0 {
				lines = append(lines, string(r.Tokenizer.Decode(kept, false)))
			}
		}
	}
	if r.Labels.Kind == data.Classification {
		for _, t := range columnOf(b, data.Targets, row) {
			if t >= 0 && int(t) < len(r.Labels.Names) {
				lines = append(lines, "label: "+r.Labels.Names[t])
			}
		}
	}
	return strings.Join(lines, "\n")
}

// columnOf returns what a row has of an Int32 input; nil where the batch has none of the name.
func columnOf(b *data.Batch, name string, row int) []int32 { return part(b.Ints(name), row, b.Rows) }

// part returns part i of n equal ones; nil has none.
func part(all []int32, i, n int) []int32 {
	size := len(all) / n
	return all[i*size : (i+1)*size]
}

// unpadded returns the tokens that segments mark, or where there are none those before the zeros at the end.
func unpadded(ids, segments []int32) []int32 {
	if segments == nil {
		n := len(ids)
		for n > 1 && ids[n-1] == 0 && ids[n-2] == 0 {
			n--
		}
		return ids[:n]
	}
	var kept []int32
	for i, id := range ids {
		if segments[i] >= 0 {
			kept = append(kept, id)
		}
	}
	return kept
}
