package data

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"strconv"
	"strings"
	"sync/atomic"
)

// ignoredLabel is the label of a word that has no class to learn, as datasets for transformers write it.
const ignoredLabel = "-100"

// labelledText is a record of a file of labelled texts.
type labelledText struct {
	Text
	names  []string // of the text's class, or the words'
	values []float32
	line   int
}

// labelled reads a record of the shapes that ReadLabels documents.
func (r record) labelled(kind LabelKind) (labelledText, error) {
	var x labelledText
	var err error
	if kind == TokenClassification {
		if r.object == nil || !r.has("tokens", "labels") {
			return x, fmt.Errorf(`expected {"tokens": [...], "labels": [...]} in a line of JSON, got the keys %s`, r.keys())
		}
		return r.labelledWords()
	}
	if !r.has("text", "label") {
		return x, fmt.Errorf(`expected {"text", "label"} or {"text", "text_pair", "label"}, got the keys %s`, r.keys())
	}
	if x.Text, err = r.unlabelled(kind); err != nil {
		return x, err
	}
	if kind == Regression {
		x.values, err = r.numbers("label")
		return x, err
	}
	name, err := r.className("label")
	x.names = []string{name}
	return x, err
}

// labelledWords reads a record of words and their classes.
func (r record) labelledWords() (labelledText, error) {
	var x labelledText
	var err error
	if x.Text, err = r.unlabelled(TokenClassification); err != nil {
		return x, err
	}
	var labels []json.RawMessage
	if err := json.Unmarshal(r.object["labels"], &labels); err != nil {
		return x, fmt.Errorf(`"labels" must be a list, got %.40s`, r.object["labels"])
	}
	if len(labels) != len(x.Words) {
		return x, fmt.Errorf("%d labels for %d tokens", len(labels), len(x.Words))
	}
	for _, raw := range labels {
		name, err := className(raw)
		if err != nil {
			return x, err
		}
		x.names = append(x.names, name)
	}
	return x, nil
}

// className returns the name of a class: a string, a whole number or a truth value.
func (r record) className(key string) (string, error) {
	if r.cells != nil {
		if r.cells[key] == "" {
			return "", fmt.Errorf("%q is empty, expected the name of a class", key)
		}
		return r.cells[key], nil
	}
	return className(r.object[key])
}

func className(raw json.RawMessage) (string, error) {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return "", err
	}
	switch v := v.(type) {
	case string:
		if v != "" {
			return v, nil
		}
	case bool:
		return strconv.FormatBool(v), nil
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return strconv.FormatInt(int64(v), 10), nil
		}
	}
	return "", fmt.Errorf("label %.40s: expected the name of a class, a whole number, true or false", raw)
}

// numbers returns the values of a regression: a number or a list of them; in a table they stand between spaces.
func (r record) numbers(key string) ([]float32, error) {
	var all []float64
	if r.cells != nil {
		for _, field := range strings.Fields(r.cells[key]) {
			v, err := strconv.ParseFloat(field, 64)
			if err != nil {
				return nil, fmt.Errorf("%q: expected numbers, got %.40q", key, field)
			}
			all = append(all, v)
		}
	} else if json.Unmarshal(r.object[key], &all) != nil {
		v, err := number(r.object[key])
		if err != nil {
			return nil, fmt.Errorf("%q must be a number or a list of numbers, got %.40s", key, r.object[key])
		}
		all = []float64{v}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%q has no number", key)
	}
	values := make([]float32, len(all))
	for i, v := range all {
		if values[i] = float32(v); math.IsInf(float64(values[i]), 0) || math.IsNaN(v) {
			return nil, fmt.Errorf("%q: %v is out of range", key, v)
		}
	}
	return values, nil
}

// number reads a number, which may stand as text.
func number(raw json.RawMessage) (float64, error) {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return 0, err
	}
	switch v := v.(type) {
	case float64:
		return v, nil
	case string:
		return strconv.ParseFloat(strings.TrimSpace(v), 64)
	}
	return 0, errors.New("no number")
}

// labelledTexts yields the labelled texts of one block; plain text has none.
func (b *block) labelledTexts(kind LabelKind) iter.Seq2[labelledText, error] {
	return func(yield func(labelledText, error) bool) {
		if b.format == plainText {
			yield(labelledText{}, b.fail(b.line, errors.New("plain text has no labels, expected JSON lines or a table, as the end of a name (.jsonl, .csv, .tsv) or the format says")))
			return
		}
		for r, err := range b.records() {
			var x labelledText
			if err == nil {
				if x, err = r.labelled(kind); err != nil {
					err = b.fail(r.line, err)
				}
				x.line = r.line
			}
			if !yield(x, err) || err != nil {
				return
			}
		}
	}
}

// ReadLabels reads a whole source and returns what labels its texts have. Each line of JSON, or row of a table, is of the shape
//
//	{"text": …, "label": …} or {"text": …, "text_pair": …, "label": …}   Classification, Regression
//	{"tokens": ["…", …], "labels": […, …]}                              TokenClassification; in JSON only
//
// where a label is the name of a class or a whole number, and of a regression a number or a list of them (in a table: between
// spaces); numbers may be text too. A word whose label is -100 has none. Classes are sorted: as numbers where all are, else as text. Further keys are passed over; anything else is an
// error that names file and line.
func ReadLabels(s *Source, kind LabelKind) (Labels, error) {
	l := Labels{Kind: kind}
	if kind != Classification && kind != TokenClassification && kind != Regression {
		return l, Labels{Kind: kind}.Validate()
	}
	seen := map[string]bool{}
	values := 0
	var read atomic.Int64
	for b, err := range s.blocks(&read, newBuffer) {
		if err != nil {
			return l, err
		}
		for x, err := range b.labelledTexts(kind) {
			if err != nil {
				return l, err
			}
			for _, name := range x.names {
				seen[name] = seen[name] || name != ignoredLabel || kind != TokenClassification
			}
			if values == 0 {
				values = len(x.values)
			}
			if len(x.values) != values {
				return l, b.fail(x.line, fmt.Errorf("%d values to find, in the lines before it %d", len(x.values), values))
			}
		}
	}
	for name, class := range seen {
		if class {
			l.Names = append(l.Names, name)
		}
	}
	sortClasses(l.Names)
	for i := range values {
		l.Names = append(l.Names, fmt.Sprintf("value_%d", i))
	}
	if len(l.Names) == 0 {
		return l, fmt.Errorf("%w in %s", errNoTokens, s.name)
	}
	return l, nil
}
