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

// IgnoredLabel is the label of a word that has no class to learn, as datasets for transformers write it.
const IgnoredLabel = "-100"

// labelledText is a record of a file of labelled texts.
type labelledText struct {
	Text
	names  []string // of the text's class, or the words'
	values []float32
	weight float32
	line   int
}

// labelled reads a record of the shapes that ReadLabels documents.
func (r record) labelled(kind LabelKind) (labelledText, error) {
	x := labelledText{line: r.line}
	var err error
	if kind == TokenClassification {
		if r.table || !r.has("tokens", "labels") {
			return x, fmt.Errorf(`expected {"tokens": [...], "labels": [...]} in JSON or Parquet, %s%s`, r.found(), Columns{}.hint())
		}
		return r.labelledWords()
	}
	if !r.has("text", "label") {
		return x, fmt.Errorf(`expected {"text", "label"} or {"text", "text_pair", "label"}, %s%s`, r.found(), Columns{}.hint())
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

// Labelled returns the text of a record of the shapes that ReadLabels documents, and its labels: the name of its class, those of its words, or its values.
func (r Record) Labelled(kind LabelKind) (x Text, names []string, values []float32, err error) {
	found, err := record{line: r.Line, object: r.Object, table: r.table}.labelled(kind)
	return found.Text, found.names, found.values, err
}

// labelledWords reads a record of words and their classes.
func (r record) labelledWords() (labelledText, error) {
	x := labelledText{line: r.line}
	var err error
	if x.Text, err = r.unlabelled(TokenClassification); err != nil {
		return x, err
	}
	value, err := r.get("labels")
	if err != nil {
		return x, err
	}
	labels, ok := value.([]any)
	if !ok {
		return x, fmt.Errorf(`"labels" must be a list, got %s`, shown(value))
	}
	if len(labels) != len(x.Words) {
		return x, fmt.Errorf("%d labels for %d tokens", len(labels), len(x.Words))
	}
	for _, label := range labels {
		name, err := className(label)
		if err != nil {
			return x, err
		}
		x.names = append(x.names, name)
	}
	return x, nil
}

// className returns the name of a class: a string, a whole number or a truth value.
func (r record) className(key string) (string, error) {
	value, err := r.get(key)
	if err != nil {
		return "", err
	}
	if value == "" && r.table {
		return "", fmt.Errorf("%q is empty, expected the name of a class", key)
	}
	return className(value)
}

func className(value any) (string, error) {
	switch v := value.(type) {
	case string:
		if v != "" {
			return v, nil
		}
	case bool:
		return strconv.FormatBool(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return strconv.FormatInt(int64(v), 10), nil
		}
	}
	return "", fmt.Errorf("label %s: expected the name of a class, a whole number, true or false", shown(value))
}

// numbers returns the values of a regression: a number or a list of them; in a table they stand between spaces.
func (r record) numbers(key string) ([]float32, error) {
	value, err := r.get(key)
	if err != nil {
		return nil, err
	}
	list, isList := value.([]any)
	if r.table {
		for _, field := range strings.Fields(value.(string)) {
			list = append(list, field)
		}
	} else if !isList {
		list = []any{value}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%q has no number", key)
	}
	values := make([]float32, len(list))
	for i, item := range list {
		v, err := number(item)
		switch {
		case err != nil && r.table:
			return nil, fmt.Errorf("%q: expected numbers, got %.40q", key, item)
		case err != nil:
			return nil, fmt.Errorf("%q must be a number or a list of numbers, got %s", key, shown(value))
		}
		if values[i] = float32(v); math.IsInf(float64(values[i]), 0) || math.IsNaN(v) {
			return nil, fmt.Errorf("%q: %v is out of range", key, v)
		}
	}
	return values, nil
}

// number reads a number, which may stand as text.
func number(value any) (float64, error) {
	switch v := value.(type) {
	case float64:
		return v, nil
	case int64:
		return float64(v), nil
	case json.Number:
		return v.Float64()
	case string:
		return strconv.ParseFloat(strings.TrimSpace(v), 64)
	}
	return 0, errors.New("no number")
}

// labelledTexts yields the labelled texts of one block; plain text has none.
func (b *block) labelledTexts(kind LabelKind) iter.Seq2[labelledText, error] {
	if b.format != plainText {
		return each(b, func(r record) (labelledText, error) {
			x, err := r.labelled(kind)
			if err == nil {
				x.weight, err = b.weight(r)
			}
			return x, err
		})
	}
	return func(yield func(labelledText, error) bool) {
		yield(labelledText{}, b.fail(b.line, structural("plain text has no labels, expected records (.jsonl, .json, .csv, .tsv, .parquet), as the name, the content or the format says")))
	}
}

// checkLabelled finds the faults of records that are to be labelled texts.
func checkLabelled(kind LabelKind) func(b *block, fault func(error) bool) {
	return checkOf(func(b *block) func(func(labelledText, error) bool) { return b.labelledTexts(kind) })
}

// ReadLabels reads a whole source and returns what labels its texts have. Each record is of the shape
//
//	{"text": …, "label": …} or {"text": …, "text_pair": …, "label": …}   Classification, Regression
//	{"tokens": ["…", …], "labels": […, …]}                              TokenClassification; not in tables
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
				return l, s.gather(err, checkLabelled(kind))
			}
			for _, name := range x.names {
				seen[name] = seen[name] || name != IgnoredLabel || kind != TokenClassification
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
