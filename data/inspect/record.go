package inspect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// Reader makes the texts of records that a model gets for an objective.
type Reader struct {
	// Shapes are those of the records.
	Shapes []data.Shape
	// Read returns the texts of a record. Several goroutines may call it at once.
	Read func(r data.Record) ([]Text, error)
	// Classes makes labels classes: they are counted, and the same text with another one is a finding. Default false.
	Classes bool
	// Even asks for as many texts of each record as the first has. Default false.
	Even bool
}

// Text is one of the texts that a model gets of a record.
type Text struct {
	Part   string   // of the record, such as "chosen"; "" where it is all of it
	Labels []string // that are learned of the text or its words; none where there are none
	IDs    []int32
	Learn  []bool // for each token whether it is a target; nil where none is, as what is learned is the label or a vector
	Cut    string // why tokens are missing; "" where none are
}

// record makes the rows of a record that a Reader reads. The first has what was found out about the record.
func (b *builder) record(p data.PlacedRecord) []Row {
	first := Row{File: p.Name, Line: p.Line}
	texts, err := []Text(nil), p.Err
	if err == nil {
		texts, err = b.Reader.Read(p.Record)
	}
	if err != nil {
		first.refuse(err)
		return []Row{first}
	}
	b.suspectRecord(&first, p.Record)
	rows := make([]Row, len(texts))
	for i, t := range texts {
		r := &rows[i]
		*r = Row{File: first.File, Line: first.Line, Part: t.Part, Labels: t.Labels, IDs: t.IDs, Learn: t.Learn, Text: string(b.Tokenizer.Decode(t.IDs, false))}
		if r.Learn == nil {
			r.Learn = make([]bool, len(r.IDs))
		} else {
			b.suspectAnswer(r)
		}
		first.Text += r.Text + "\x00"
		if t.Cut != "" {
			first.find(Cut, "%s", strings.TrimPrefix(t.Part+": "+t.Cut, ": "))
		}
		if i > 0 && slices.Equal(t.IDs, texts[0].IDs) {
			first.find(Alike, "%s is the same as %s", t.Part, texts[0].Part)
		}
		b.fit(r, t.Learn != nil)
		first.findings = append(first.findings, r.findings...)
		if r.fault != nil {
			first.fault = r.fault
		}
	}
	if len(rows) == 0 {
		return []Row{first}
	}
	rows[0].findings, rows[0].hash = first.findings, b.hashOf(first.Text)
	for i := range rows {
		rows[i].fault, rows[i].Follows = first.fault, i > 0
	}
	return rows
}

// suspectAnswer looks for what is likely to be wrong with the tokens that are learned, beside those before them.
func (b *builder) suspectAnswer(r *Row) {
	n := 0
	for n < len(r.Learn) && !r.Learn[n] {
		n++
	}
	prompt, answer := string(b.Tokenizer.Decode(r.IDs[:n], true)), string(b.Tokenizer.Decode(r.IDs[n:], true))
	b.compare(r, prompt, answer)
}

// suspectRecord looks at the texts of a record as they came.
func (b *builder) suspectRecord(r *Row, record data.Record) {
	var look func(value any)
	look = func(value any) {
		switch v := value.(type) {
		case string:
			b.suspectText(r, v)
		case []any:
			for _, item := range v {
				look(item)
			}
		case *orderedjson.Object:
			for _, key := range v.Keys {
				look(v.Values[key])
			}
		}
	}
	for _, key := range record.Shape.Keys() {
		if value, ok := record.Object.Get(key); ok {
			look(value)
		}
	}
}

// even refuses the rows of a record that are more or fewer than those of the first one.
func (r *Report) even(rows []Row) {
	if rows[0].fault != nil || len(rows[0].IDs) == 0 {
		return
	}
	if r.texts == 0 {
		r.texts = len(rows)
	}
	if len(rows) != r.texts {
		rows[0].refuse(fmt.Errorf("%d texts, expected %d as the first record has", len(rows), r.texts))
		for i := range rows {
			rows[i].fault = rows[0].fault
		}
	}
}
