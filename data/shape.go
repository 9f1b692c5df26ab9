package data

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Shape is what the keys of a record say that it is.
type Shape uint8

// The shapes of records. Keys beside those of a shape are passed over.
const (
	NoShape          Shape = iota
	TextShape              // {"text"}
	PairShape              // {"prompt", "completion"} or {"source", "target"}: only the second is learned
	InstructionShape       // {"instruction", "output"}, and "input" where there is one
	MessagesShape          // {"messages"} as OpenAI has them, or {"conversations"} as ShareGPT has them
	PreferenceShape        // {"chosen", "rejected"}, and "prompt" where there is one: texts or messages
	TripletShape           // {"anchor", "positive"}, and "negative" where there is one
	LabelledShape          // {"text", "label"}, and "text_pair" where there is one
	WordsShape             // {"tokens", "labels"}
	PromptShape            // {"prompt"}, a text or messages, and "answer" where there is one to compare with
)

// shapeKeys are the keys that make a record one of a shape, the first list of a shape the usual one.
var shapeKeys = []struct {
	shape Shape
	keys  []string
}{
	{MessagesShape, []string{"messages"}},
	{MessagesShape, []string{"conversations"}},
	{PreferenceShape, []string{"chosen", "rejected"}},
	{TripletShape, []string{"anchor", "positive"}},
	{WordsShape, []string{"tokens", "labels"}},
	{PairShape, []string{"prompt", "completion"}},
	{PairShape, []string{"source", "target"}},
	{InstructionShape, []string{"instruction", "output"}},
	{LabelledShape, []string{"text", "label"}},
	{TextShape, []string{"text"}},
	{PromptShape, []string{"prompt"}},
}

// knownKeys are all keys that shapes have.
var knownKeys = []string{
	"text", "text_pair", "label", "prompt", "completion", "source", "target", "instruction", "input", "output", "messages", "conversations", "tools", "system",
	"chosen", "rejected", "anchor", "positive", "negative", "tokens", "labels", "weight", "answer", "margin",
}

// String shows the keys of a shape.
func (s Shape) String() string {
	var forms []string
	for _, k := range shapeKeys {
		if k.shape == s {
			forms = append(forms, `{"`+strings.Join(k.keys, `", "`)+`"}`)
		}
	}
	return strings.Join(forms, " or ")
}

// listShapes shows several shapes as a sentence does.
func listShapes(shapes []Shape) string {
	var all []string
	for _, s := range shapes {
		all = append(all, strings.Split(s.String(), " or ")...)
	}
	if len(all) == 1 {
		return all[0]
	}
	return strings.Join(all[:len(all)-1], ", ") + " or " + all[len(all)-1]
}

// Columns gives keys of shapes the names that the data have for them: {"text": "body"} reads "body" where "text" is meant. What is
// called "text" there then is something else and is passed over.
type Columns map[string]string

// Validate returns an error for a key that no shape has and for a column that is to be two of them.
func (c Columns) Validate() error {
	used := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(c)) {
		column := c[key]
		switch {
		case !slices.Contains(knownKeys, key):
			return fmt.Errorf("data: columns: %q is no key of a record, expected one of %s", key, strings.Join(knownKeys, ", "))
		case column == "":
			return fmt.Errorf("data: columns: %q is to be read from a column without a name", key)
		case used[column] != "":
			return fmt.Errorf("data: columns: %q is to be both %q and %q", column, used[column], key)
		}
		used[column] = key
	}
	return nil
}

// rename gives the columns of a record their keys. All must be there, as somebody named them.
func (c Columns) rename(r record) (record, error) {
	if len(c) == 0 {
		return r, nil
	}
	key := map[string]string{} // by column
	for k, column := range c {
		key[column] = k
		if !r.has(column) {
			return r, fmt.Errorf("no column %q, which is to be %q; %s", column, k, r.found())
		}
	}
	out := record{line: r.line, table: r.table, twice: map[string]bool{}}
	out.object = newObject(len(r.object.Keys))
	for _, column := range r.object.Keys {
		k, named := key[column]
		if !named {
			if _, replaced := c[column]; replaced {
				continue // something else of that name
			}
			k = column
		}
		out.object.Set(k, r.object.Values[column])
		if r.twice[column] {
			out.twice[k] = true
		}
	}
	return out, nil
}

// shape finds the one shape of those that are allowed which a record has. Several are an error, unless keys that the user
// named decide.
func (c Columns) shape(r record, allowed []Shape) (Shape, error) {
	found, forms := r.shapes(allowed, false)
	if len(found) > 1 { // columns that other rows have are null in this one
		if whole, wholeForms := r.shapes(allowed, true); len(whole) > 0 {
			found, forms = whole, wholeForms
		}
	}
	if len(found) > 1 {
		named := slices.DeleteFunc(slices.Clone(found), func(s Shape) bool { return !c.names(s) })
		if len(named) == 1 {
			return named[0], nil
		}
		return NoShape, fmt.Errorf("it is both %s; expected one, say which by naming its column, such as --text-column text", strings.Join(forms, " and "))
	}
	if len(found) == 1 {
		return found[0], nil
	}
	return NoShape, fmt.Errorf("expected %s, %s%s", listShapes(allowed), r.found(), c.hint())
}

// shapes returns the shapes of those that are allowed which a record has, and their keys; only such whose values aren't null, if that is asked for.
func (r record) shapes(allowed []Shape, filled bool) (found []Shape, forms []string) {
	for _, k := range shapeKeys {
		if !slices.Contains(allowed, k.shape) || !r.has(k.keys...) || slices.Contains(found, k.shape) {
			continue
		}
		if k.shape == TextShape && slices.Contains(found, LabelledShape) {
			continue // a labelled text is more than a text
		}
		if k.shape == PromptShape && len(found) > 0 {
			continue // so is one with an answer more than a prompt
		}
		if filled && slices.ContainsFunc(k.keys, func(key string) bool { return r.object.Values[key] == nil }) {
			continue
		}
		found, forms = append(found, k.shape), append(forms, `{"`+strings.Join(k.keys, `", "`)+`"}`)
	}
	return found, forms
}

// names tells whether the user named a column of a shape.
func (c Columns) names(s Shape) bool {
	return slices.ContainsFunc(shapeKeys, func(k struct {
		shape Shape
		keys  []string
	}) bool {
		return k.shape == s && slices.ContainsFunc(k.keys, func(key string) bool { _, named := c[key]; return named })
	})
}

// hint says how columns of other names are read.
func (c Columns) hint() string {
	return "; columns of other names are told by --text-column, --prompt-column and the like"
}
