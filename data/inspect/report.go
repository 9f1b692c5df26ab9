package inspect

import (
	"cmp"
	"context"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"

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
	Labels  map[string]int      // how many texts or words have a class; empty where there are none

	files []string         // of places
	first map[uint64]place // of texts by their hash
	texts int              // of the first record, where all have as many
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
	r := &Report{Found: map[string]*Finding{}, Labels: map[string]int{}, first: map[uint64]place{}}
	if c.Reader != nil {
		for rows, err := range data.MapRecords(ctx, s, c.Reader.Shapes, b.record) {
			if err != nil {
				return r, err
			}
			if c.Reader.Even {
				r.even(rows)
			}
			r.count(rows, c.Reader.Classes)
			for i := range rows {
				if one := &rows[i]; one.fault == nil && len(one.IDs) > 0 {
					one.Documents = []int{0}
					if err := r.emit(one, row); err != nil {
						return r, err
					}
				}
			}
		}
		return r, nil
	}
	var p *packer
	if c.Length > 0 {
		p = newPacker(c.Length)
	}
	for one, err := range data.MapPieces(ctx, s, b.row) {
		if err != nil {
			return r, err
		}
		rows := [1]Row{one}
		r.count(rows[:], false)
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
	file  int32 // in the report's files
	line  int32
	label uint32 // a hash of its label
}

// count adds a record to the report, by its rows.
func (r *Report) count(rows []Row, classes bool) {
	r.Records++
	one := &rows[0]
	if one.fault == nil && len(one.IDs) > 0 {
		label := uint32(0)
		if classes {
			label = crc32.ChecksumIEEE([]byte(strings.Join(one.Labels, "\x00")))
			for i := range rows {
				for _, name := range rows[i].Labels {
					r.Labels[name]++
				}
			}
		}
		switch at, known := r.first[one.hash]; {
		case !known:
			if n := len(r.files); n == 0 || r.files[n-1] != one.File {
				r.files = append(r.files, one.File)
			}
			r.first[one.hash] = place{int32(len(r.files) - 1), int32(one.Line), label}
		case at.label != label:
			one.find(Conflict, "the text of %s", located(r.files[at.file], int(at.line)))
		default:
			one.find(Duplicate, "the text of %s", located(r.files[at.file], int(at.line)))
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
	for i := range rows {
		if n := len(rows[i].IDs); n > 0 {
			if n >= len(r.Lengths) {
				r.Lengths = append(r.Lengths, make([]int, n+1-len(r.Lengths))...)
			}
			r.Lengths[n]++
		}
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

// ClassCount is how many texts or words have a class.
type ClassCount struct {
	Name  string
	Count int
}

// Classes returns the most frequent labels, at most so many, and how many there are besides.
func (r *Report) Classes(most int) (counts []ClassCount, more int) {
	for name, n := range r.Labels {
		counts = append(counts, ClassCount{name, n})
	}
	slices.SortFunc(counts, func(a, b ClassCount) int { return cmp.Or(b.Count-a.Count, strings.Compare(a.Name, b.Name)) })
	more = max(0, len(counts)-most)
	return counts[:len(counts)-more], more
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
