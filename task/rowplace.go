package task

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/data"
)

// rowOrigins tells where tokens come from.
type rowOrigins struct {
	run     *Run
	tokens  *data.Tokens  // the data whole
	origins *data.Origins // nil where they weren't kept
	lines   bool          // the tokenizer keeps the ends of lines
}

// mostPlaces is how many places of a row are named.
const mostPlaces = 4

// RowPlace tells where a row of a batch of the run's comes from, by files and lines; "" where that isn't known: in runs of data that were encoded by others, and
// of rows that aren't made of the data's texts alone. It is not safe for concurrent use.
func (r *Run) RowPlace(b *data.Batch, row int) string {
	_ = r.CheckOrigins() // that they aren't known is no error: nothing is learned from them
	if r.origins.origins == nil {
		return ""
	}
	var places []string
	for _, s := range r.origins.stretches(r.Rows.Train, b.Indices[row], b.Jitters[row]) {
		place := r.origins.place(s[0], s[1])
		if place != "" && !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	if n := len(places); n > mostPlaces {
		places = append(places[:mostPlaces], fmt.Sprintf("and %d more", n-mostPlaces))
	}
	return strings.Join(places, ", ")
}

// CheckOrigins reads where the data come from, if it hasn't been read, and returns what is wrong with the file that says so.
func (r *Run) CheckOrigins() (err error) {
	if r.origins == nil {
		r.origins, err = r.openOrigins()
	}
	return err
}

// openOrigins reads where the data come from. Runs whose data were encoded by others don't know it.
func (r *Run) openOrigins() (o *rowOrigins, err error) {
	o = &rowOrigins{run: r}
	if len(r.files) == 0 { // the data come first
		return o, nil
	}
	dir := r.Dir
	if r.prepared != nil {
		dir = r.prepared.staging
	}
	known, err := data.ReadOrigins(filepath.Join(dir, tokensName), r.files[0])
	if err == nil {
		o.tokens, o.origins = r.files[0].Tokens, known
	} else if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	o.lines = strings.Count(string(r.Tokenizer.Decode(r.Tokenizer.AppendPart(nil, []byte("a\n\nb\n"), true, true, false), false)), "\n") == 3
	return o, err
}

// stretches returns the tokens [from, to) that a row is made of. A row of a record whose dataset doesn't know them is made of as many documents as each of the
// others.
func (o *rowOrigins) stretches(d data.Dataset, i int, jitter uint64) [][2]int {
	if all := data.Stretches(d, i, jitter); all != nil {
		return all
	}
	for {
		s, ok := d.(*data.Subset)
		if !ok {
			break
		}
		d, i = s.Of(i)
	}
	n, documents := d.Len(), o.tokens.Documents()
	if documents%n != 0 {
		return nil
	}
	var all [][2]int
	for k := range documents / n {
		lo, hi := o.tokens.Document(i*(documents/n) + k)
		all = append(all, [2]int{lo, hi})
	}
	return all
}

// place tells where tokens [from, to) come from.
func (o *rowOrigins) place(from, to int) string {
	first, ok := o.at(from)
	if !ok || to <= from {
		return ""
	}
	last, _ := o.at(to - 1)
	switch {
	case first.Text && !o.lines:
		return fmt.Sprintf("%s, behind line %d", first.Name, first.Line)
	case first == last:
		return first.String()
	case first.Name == last.Name:
		return fmt.Sprintf("%v-%d", first, last.Line)
	}
	return fmt.Sprintf("%v to %v", first, last)
}

// at tells where a token comes from. Within a text, the ends of lines before it are counted.
func (o *rowOrigins) at(token int) (data.Origin, bool) {
	origin, first, ok := o.origins.At(token)
	if ok && origin.Text && o.lines {
		origin.Line += strings.Count(string(o.run.Tokenizer.Decode(tokensOf(o.tokens, first, token), false)), "\n")
	}
	return origin, ok
}
