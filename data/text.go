package data

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
)

// Text is a text that is to be classified.
type Text struct {
	Text  []byte
	Pair  []byte   // the second text of a pair; nil for none
	Words []string // in place of Text where words are classified, else nil

	Name string // of the file that it is from; "" for none
	Line int    // in that file, from 1
}

// Texts yields the texts of a source for a classifier of a kind, as ReadLabels documents them but without labels; further keys are
// passed over. In a plain text each line that isn't blank is one; its words are what lies between spaces.
func (s *Source) Texts(kind LabelKind) iter.Seq2[Text, error] {
	return func(yield func(Text, error) bool) {
		var read atomic.Int64
		var rest []byte // of a plain text, whose blocks may end within a line
		number := 0     // of its last line
		for b, err := range s.blocks(&read, newBuffer) {
			if err != nil {
				yield(Text{}, err)
				return
			}
			if b.format != plainText {
				for x, err := range b.texts(kind) {
					if err != nil {
						yield(x, s.gather(err, checkOf(func(b *block) func(func(Text, error) bool) { return b.texts(kind) })))
						return
					}
					if !yield(x, nil) {
						return
					}
				}
				continue
			}
			if b.first {
				number = 0
			}
			lines := append(rest, b.text...)
			end := len(lines)
			if !b.last {
				end = bytes.LastIndexByte(lines, '\n') + 1
			}
			for line := range bytes.Lines(lines[:end]) {
				number++
				if line = bytes.TrimSpace(line); len(line) == 0 {
					continue
				}
				x := Text{Text: slices.Clone(line), Name: b.name, Line: number}.Split(kind)
				if !yield(x, nil) {
					return
				}
			}
			rest = slices.Clone(lines[end:])
		}
	}
}

// texts yields the texts of a block of records.
func (b *block) texts(kind LabelKind) iter.Seq2[Text, error] {
	if b.format == plainText {
		return func(func(Text, error) bool) {}
	}
	return each(b, func(r record) (Text, error) {
		x, err := r.unlabelled(kind)
		x.Name, x.Line = b.name, r.line
		return x, err
	})
}

// Split returns the words of a text that lie between spaces where a kind wants words, and else the text.
func (x Text) Split(kind LabelKind) Text {
	if kind != TokenClassification {
		return x
	}
	x.Words, x.Text = strings.Fields(string(x.Text)), nil
	return x
}

// unlabelled reads the text of a record.
func (r record) unlabelled(kind LabelKind) (Text, error) {
	var x Text
	var err error
	if kind == TokenClassification {
		if r.table || !r.has("tokens") {
			return x, fmt.Errorf(`expected {"tokens": [...]} in JSON or Parquet, %s%s`, r.found(), Columns{}.hint())
		}
		x.Words, err = r.words("tokens")
		return x, err
	}
	if !r.has("text") {
		return x, fmt.Errorf(`expected {"text"} or {"text", "text_pair"}, %s%s`, r.found(), Columns{}.hint())
	}
	if x.Text, err = r.text("text"); err != nil || !r.has("text_pair") {
		return x, err
	}
	if x.Pair, err = r.text("text_pair"); x.Pair == nil {
		x.Pair = []byte{}
	}
	return x, err
}

// words returns the list of strings under a key.
func (r record) words(key string) ([]string, error) {
	value, err := r.get(key)
	if err != nil {
		return nil, err
	}
	list, _ := value.([]any)
	words := make([]string, len(list))
	for i, item := range list {
		word, ok := item.(string)
		if !ok {
			list = nil
			break
		}
		words[i] = word
	}
	if err := checkNUL(key, value); err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fmt.Errorf(`%q must be a list of strings, got %s`, key, shown(value))
	}
	return words, nil
}

// Frame returns the ids and types of a text as an encoder reads it, and of each word its first token, -1 for words without one.
func (x Text) Frame(f Framer, maxLength int) (ids, types []int32, first []int, cut bool, err error) {
	text, ends := x.Text, []int(nil)
	if x.Words != nil {
		text, ends = joinWords(x.Words)
	}
	ids, types, offsets, cut, err := f.Frame(text, x.Pair, maxLength)
	first = make([]int, len(x.Words))
	for i := range first {
		first[i] = -1
	}
	for i, o := range offsets {
		if o[1] <= o[0] {
			continue
		}
		if word, _ := slices.BinarySearch(ends, o[1]); word < len(first) && first[word] < 0 {
			first[word] = i
		}
	}
	return ids, types, first, cut, err
}

// joinWords puts a space between words and returns where each ends.
func joinWords(words []string) (text []byte, ends []int) {
	for i, word := range words {
		if i > 0 {
			text = append(text, ' ')
		}
		text = append(text, word...)
		ends = append(ends, len(text))
	}
	return text, ends
}
