package data

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// listRecords yields the objects of a part of a JSON list, behind its first bracket.
func (b *block) listRecords() iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		for at, first := 0, b.first; ; first = false {
			at += blankAt(b.text[at:])
			if at == len(b.text) {
				if b.last {
					yield(record{}, b.fail(b.lineAt(at), structural("the list has no end, expected ']': is the file cut short?")))
				}
				return
			}
			end := at + firstItem(b.text[at:])
			item := bytes.TrimRight(b.text[at:end], " \t\r\n")
			closed := end < len(b.text) && b.text[end] == ']'
			switch {
			case len(item) == 0 && closed && first: // an empty list
			case end == len(b.text):
				yield(record{}, b.fail(b.lineAt(at), structural("the object has no end, expected ',' or ']' behind it: is the file cut short?")))
				return
			default:
				if r, err := b.object(b.lineAt(at), item); !yield(r, err) {
					return
				}
			}
			if at = end + 1; !closed {
				if end < len(b.text) && b.text[end] != ',' {
					yield(record{}, b.fail(b.lineAt(end), structural("expected ',' or ']' behind an object, got %q", b.text[end])))
					return
				}
				if at == len(b.text) && !b.last {
					return
				}
				continue
			}
			if rest := at + blankAt(b.text[at:]); rest < len(b.text) || !b.last {
				yield(record{}, b.fail(b.lineAt(rest), structural("the list ends, and something comes behind it")))
			}
			return
		}
	}
}

// valueRecords yields objects that stand one behind another.
func (b *block) valueRecords() iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		for at := blankAt(b.text); at < len(b.text); at += blankAt(b.text[at:]) {
			if b.text[at] != '{' {
				yield(record{}, b.fail(b.lineAt(at), structural("expected a JSON object, got %.20q", b.text[at:])))
				return
			}
			end := at + firstValue(b.text[at:])
			if r, err := b.object(b.lineAt(at), b.text[at:end]); !yield(r, err) {
				return
			}
			at = end
		}
	}
}

// blankAt returns how many bytes of white space text starts with.
func blankAt(text []byte) int { return len(text) - len(bytes.TrimLeft(text, " \t\r\n")) }

// lineAt returns the line of the byte at i. Blocks are small, and it goes on from where it was asked last.
func (b *block) lineAt(i int) int {
	if i < b.counted.at {
		b.counted.at, b.counted.lines = 0, 0
	}
	b.counted.lines += bytes.Count(b.text[b.counted.at:i], newline)
	b.counted.at = i
	return b.line + b.counted.lines
}

// wholeObject returns the records that a file holds which is one JSON object: itself, or those that are in it as
//
//	{"data": [{…}, …]}                      a list of objects, whatever its name, beside values of other kinds
//	{"text": ["…", …], "label": [1, …]}     a list of values for each column
//	{"text": {"0": "…", …}, …}              the same by the number of the row, as pandas writes it
//
// byRow tells that they have no lines of their own but numbers.
func wholeObject(o *orderedjson.Object) (rows []record, byRow bool, err error) {
	if isRecord(o) {
		return []record{{line: 1, object: o}}, false, nil
	}
	var lists []string // of objects
	length, even, kinds := -1, true, [2]int{}
	for _, key := range o.Keys {
		n := -1
		switch v := o.Values[key].(type) {
		case []any:
			n = len(v)
			kinds[0]++
			if n > 0 && !slices.ContainsFunc(v, func(x any) bool { _, ok := x.(*orderedjson.Object); return !ok }) {
				lists = append(lists, key)
			}
		case *orderedjson.Object:
			n = v.Len()
			kinds[1]++
		}
		even = even && n > 0 && (length < 0 || length == n)
		length = n
	}
	columns := (kinds[0] == len(o.Keys) || kinds[1] == len(o.Keys)) && len(lists) < len(o.Keys)
	switch {
	case columns && even:
		rows, err = columnRecords(o, length)
		return rows, true, err
	case len(lists) == 1:
		for i, item := range o.Values[lists[0]].([]any) {
			rows = append(rows, record{line: i + 1, object: item.(*orderedjson.Object)})
		}
		return rows, true, nil
	case len(lists) > 1:
		return nil, false, fmt.Errorf(`one JSON object with several lists of objects (%s), expected one: write each to a file of its own`, strings.Join(lists, ", "))
	case columns && length >= 0:
		return nil, false, fmt.Errorf("one JSON object of columns, expected as many values in each: %s", lengths(o))
	}
	return []record{{line: 1, object: o}}, false, nil
}

// isRecord tells whether an object that may hold lists is one record: one of texts, or a conversation, or words, whose lists
// belong to it.
func isRecord(o *orderedjson.Object) bool {
	for _, key := range knownKeys {
		value, ok := o.Get(key)
		if !ok {
			continue
		}
		list, isList := value.([]any)
		if _, isObject := value.(*orderedjson.Object); !isList && !isObject {
			return true
		}
		if !isList || len(list) == 0 {
			continue
		}
		switch list[0].(type) {
		case *orderedjson.Object: // messages
			if slices.Contains([]string{"messages", "conversations", "chosen", "rejected", "prompt", "completion"}, key) {
				return true
			}
		case []any:
		default: // words
			if key == "tokens" {
				return true
			}
		}
	}
	return false
}

// columnRecords returns the rows of columns of one length.
func columnRecords(o *orderedjson.Object, length int) ([]record, error) {
	rows := make([]record, length)
	for i := range rows {
		rows[i] = record{line: i + 1, object: newObject(len(o.Keys))}
	}
	var names []string
	for n, key := range o.Keys {
		switch v := o.Values[key].(type) {
		case []any:
			for i, x := range v {
				rows[i].object.Set(key, x)
			}
		case *orderedjson.Object:
			if n == 0 {
				names = v.Keys
			}
			if !slices.Equal(names, v.Keys) {
				return nil, errors.New("one JSON object of columns, whose rows don't have the same names in each")
			}
			for i, name := range v.Keys {
				rows[i].object.Set(key, v.Values[name])
			}
		}
	}
	return rows, nil
}

// lengths shows how long the lists of an object are.
func lengths(o *orderedjson.Object) string {
	var all []string
	for _, key := range o.Keys {
		switch v := o.Values[key].(type) {
		case []any:
			all = append(all, fmt.Sprintf("%q %d", key, len(v)))
		case *orderedjson.Object:
			all = append(all, fmt.Sprintf("%q %d", key, v.Len()))
		}
	}
	return strings.Join(all, ", ")
}
