package inspect

import (
	"context"
	"fmt"
	"slices"

	"github.com/seahorse-ml/seahorse/data"
)

// shown is how many rows of each kind a report names.
const shown = 20

// Report is what was found out about data.
type Report struct {
	Records int                 // that were read, also those that can't be used
	Rows    int                 // that the model would see
	Tokens  int64               // in them
	Targets int64               // of those that are learned
	Padding float64             // share of packed rows that is padding; 0 without packing
	Lengths []int               // how many records have so many tokens, by their number
	Found   map[string]*Finding // by kind
}

// Finding counts the records of a kind.
type Finding struct {
	Count int
	First []string // the first of them, with file, line and what is wrong
}

// Inspect reads a source and calls row for each row that the model would see, in order; row may be nil. A row is valid until it returns. What is wrong with a record is
// counted, and reading goes on.
func Inspect(ctx context.Context, s *data.Source, c Config, row func(*Row) error) (*Report, error) {
	if c.Limit != nil {
		if err := c.Limit.Validate(); err != nil {
			return nil, err
		}
	}
	b := newBuilder(c)
	r := &Report{Found: map[string]*Finding{}}
	var p *packer
	if c.Length > 0 {
		p = newPacker(c.Length)
	}
	first := map[uint64]place{}
	for one, err := range data.MapPieces(ctx, s, b.row) {
		if err != nil {
			return r, err
		}
		r.count(&one, first)
		switch {
		case one.fault != nil || len(one.IDs) == 0:
		case p != nil:
			if err := p.add(one, r, row); err != nil {
				return r, err
			}
		default:
			one.Documents = []int{0}
			if err := r.emit(&one, row); err != nil {
				return r, err
			}
		}
	}
	if p != nil {
		return r, p.flush(r, row)
	}
	return r, nil
}

// place is where a text came first.
type place struct {
	file string
	line int32
}

// count adds a record to the report.
func (r *Report) count(one *Row, first map[uint64]place) {
	r.Records++
	if one.fault == nil && len(one.IDs) > 0 {
		if at, known := first[one.hash]; known {
			one.find(Duplicate, "the text of %s", located(at.file, int(at.line)))
		} else {
			first[one.hash] = place{one.File, int32(one.Line)}
		}
	}
	for i, f := range one.findings {
		known := r.Found[f.kind]
		if known == nil {
			known = &Finding{}
			r.Found[f.kind] = known
		}
		if slices.ContainsFunc(one.findings[:i], func(o finding) bool { return o.kind == f.kind }) {
			continue // a record counts once for each kind
		}
		if known.Count++; len(known.First) < shown {
			known.First = append(known.First, located(one.File, one.Line)+": "+f.what)
		}
	}
	if n := len(one.IDs); n > 0 {
		if n >= len(r.Lengths) {
			r.Lengths = append(r.Lengths, make([]int, n+1-len(r.Lengths))...)
		}
		r.Lengths[n]++
	}
}

// emit hands a row out.
func (r *Report) emit(one *Row, row func(*Row) error) error {
	r.Rows++
	r.Tokens += int64(len(one.IDs))
	for _, learn := range one.Learn {
		if learn {
			r.Targets++
		}
	}
	if row == nil {
		return nil
	}
	return row(one)
}

// Suspicious returns how many findings are suspicions.
func (r *Report) Suspicious() int {
	n := 0
	for _, kind := range Kinds[slices.Index(Kinds, Endless):] {
		if f := r.Found[kind]; f != nil {
			n += f.Count
		}
	}
	return n
}

// Quantile returns the number of tokens that a share q of the records has at most.
func (r *Report) Quantile(q float64) int {
	total := 0
	for _, n := range r.Lengths {
		total += n
	}
	below := 0
	for length, n := range r.Lengths {
		if below += n; n > 0 && float64(below) >= q*float64(total) {
			return length
		}
	}
	return 0
}

func located(file string, line int) string {
	if line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}
