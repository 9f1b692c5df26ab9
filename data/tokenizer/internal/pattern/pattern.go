// Package pattern finds fixed strings and regular expressions in text.
package pattern

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/charclass"
)

// Pattern is a string or a regular expression. In JSON it is an object with
// either of them. Its zero value matches nothing.
type Pattern struct {
	Literal string
	Regex   string
	re      *regexp2.Regexp
}

// patience bounds how long a regular expression may look for one match.
const patience = 2 * time.Second

// The engine compiles an expression by recursion, group by group: without these bounds a file could exhaust the stack.
const (
	maxExpression = 1 << 14 // bytes
	maxGroups     = 100     // within each other
)

// Literal is the pattern that matches s.
func Literal(s string) Pattern { return Pattern{Literal: s} }

// Regex is the pattern that matches a regular expression, which may look ahead and behind.
func Regex(expression string) (Pattern, error) {
	if len(expression) > maxExpression || depth(expression) > maxGroups {
		return Pattern{}, fmt.Errorf("pattern: regular expression %.80q: %d bytes with groups %d deep; at most %d bytes and %d groups in each other are allowed",
			expression, len(expression), depth(expression), maxExpression, maxGroups)
	}
	re, err := regexp2.Compile(translate(expression), regexp2.None)
	if err != nil {
		return Pattern{}, fmt.Errorf("pattern: regular expression %.80q: %w", expression, err)
	}
	re.MatchTimeout = patience
	return Pattern{Regex: expression, re: re}, nil
}

// depth bounds how deep the groups and classes of an expression are nested: brackets that are escaped or in a class count too.
func depth(expression string) (deepest int) {
	now := 0
	for i := range len(expression) {
		switch expression[i] {
		case '(', '[':
			now++
			deepest = max(deepest, now)
		case ')', ']':
			now = max(now-1, 0)
		}
	}
	return deepest
}

// translate rewrites \w and \W, which the reference's regular expressions take
// for letters, marks, digits, connecting punctuation, some fractions and circled letters.
func translate(expression string) string {
	const word = `\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}²³¹¼½¾Ⓐ-ⓩ🄰-🅉🅐-🅩🅰-🆉`
	var b strings.Builder
	inClass := false
	for i := 0; i < len(expression); i++ {
		c := expression[i]
		if c != '\\' || i+1 == len(expression) {
			switch c {
			case '[':
				inClass = true
			case ']':
				inClass = false
			}
			b.WriteByte(c)
			continue
		}
		i++
		switch next := expression[i]; {
		case next == 'w' && inClass:
			b.WriteString(word)
		case next == 'w':
			b.WriteString("[" + word + "]")
		case next == 'W' && !inClass:
			b.WriteString("[^" + word + "]")
		default:
			b.WriteString(expression[i-1 : i+1])
		}
	}
	return b.String()
}

type fields struct {
	String *string `json:"String,omitempty"`
	Regex  *string `json:"Regex,omitempty"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *Pattern) UnmarshalJSON(b []byte) error {
	var f fields
	if err := json.Unmarshal(b, &f); err != nil {
		return fmt.Errorf("pattern: %w", err)
	}
	switch {
	case f.String != nil:
		*p = Literal(*f.String)
		return nil
	case f.Regex != nil:
		var err error
		*p, err = Regex(*f.Regex)
		return err
	}
	return fmt.Errorf("pattern: expected a String or a Regex, got %.80s", b)
}

// MarshalJSON implements json.Marshaler.
func (p Pattern) MarshalJSON() ([]byte, error) {
	if p.re != nil {
		return json.Marshal(fields{Regex: &p.Regex})
	}
	return json.Marshal(fields{String: &p.Literal})
}

// Find returns the beginnings and ends of the matches in b, which don't overlap.
func (p *Pattern) Find(b []byte) ([][2]int, error) {
	if p.re != nil {
		return p.findRegex(b)
	}
	if p.Literal == "" {
		return nil, nil
	}
	var out [][2]int
	for i := 0; ; {
		k := bytes.Index(b[i:], []byte(p.Literal))
		if k < 0 {
			return out, nil
		}
		end := i + k + len(p.Literal)
		out = append(out, [2]int{i + k, end})
		i = end
	}
}

func (p *Pattern) findRegex(b []byte) ([][2]int, error) {
	// Where each character begins: the expression counts in characters.
	runes := make([]rune, 0, len(b))
	starts := make([]int, 0, len(b)+1)
	for i, r := range string(b) {
		runes = append(runes, standIn(r))
		starts = append(starts, i)
	}
	starts = append(starts, len(b))
	found, err := p.re.FindAllRunesIndex(runes, -1)
	if err != nil {
		return nil, fmt.Errorf("pattern: regular expression %.80q: %w", p.Regex, err)
	}
	out := make([][2]int, 0, len(found))
	for _, m := range found {
		out = append(out, [2]int{starts[m[0]], starts[m[1]]})
	}
	return out, nil
}

// standIn returns a character of r's category that the expressions' engine
// knows where it does not know r, which is younger than its Unicode: such a
// character from an ancient script, which no expression names.
func standIn(r rune) rune {
	const capital, small, letter, number, mark = '\U00010400', '\U00010428', '\U00013000', '\U00011066', '\U00010a01'
	if r < utf8.RuneSelf {
		return r
	}
	switch c := charclass.Of(r); {
	case c&charclass.Letter != 0 && !unicode.IsLetter(r):
		if c&charclass.Upper != 0 {
			return capital
		}
		if c&charclass.Lower != 0 {
			return small
		}
		return letter
	case c&charclass.Number != 0 && !unicode.IsNumber(r):
		return number
	case c&charclass.Mark != 0 && !unicode.IsMark(r):
		return mark
	}
	return r
}
