package search

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// By says what a document is cut at.
type By string

const (
	Words      By = "words"      // between words
	Sentences  By = "sentences"  // between sentences, and inside of those that are too long between words
	Paragraphs By = "paragraphs" // between paragraphs, which an empty line separates, and else as sentences
	Headings   By = "headings"   // at Markdown's headings, beyond which no passage goes, and else as paragraphs
	Lines      By = "lines"      // each line is a passage, and those that are too long are cut as sentences
)

// Splits returns all that documents can be cut at.
func Splits() []By { return []By{Words, Sentences, Paragraphs, Headings, Lines} }

// SplitConfig configures Split.
type SplitConfig struct {
	By By // default Headings
	// Length is the most tokens of a passage, > 0, its heading aside, and Overlap how many tokens of the one before it begins with, at most, whole units; default 0.
	Length, Overlap int
	// Tokens counts the tokens of a text; nil counts words.
	Tokens func(text string) int
}

// Validate tells what is wrong with the configuration, or nil.
func (c SplitConfig) Validate() error {
	known := false
	for _, by := range Splits() {
		known = known || c.By == by
	}
	switch {
	case !known:
		return fmt.Errorf("search: documents can't be cut by %q; known are %q", c.By, Splits())
	case c.Length < 1:
		return fmt.Errorf("search: passages of %d tokens, expected at least 1", c.Length)
	case c.Overlap < 0 || c.Overlap >= c.Length:
		return fmt.Errorf("search: an overlap of %d tokens in passages of %d, expected 0 or more and less", c.Overlap, c.Length)
	}
	return nil
}

// Passage is a part of a document.
type Passage struct {
	Text    string `json:"text"`
	Source  string `json:"source"`            // of the document: a file with its line, or what it is called
	Heading string `json:"heading,omitempty"` // the headings that it is below, outermost first, with " > " between
	Start   int    `json:"start"`             // bytes [Start, End) of the document
	End     int    `json:"end"`
}

// Whole returns the heading and the text, which is what is embedded and searched.
func (p Passage) Whole() string {
	if p.Heading == "" {
		return p.Text
	}
	return p.Heading + "\n" + p.Text
}

// span is bytes [lo, hi) of a document.
type span struct{ lo, hi int }

// Split cuts a document into passages, in their order. What is between them is white space.
func Split(source, text string, c SplitConfig) ([]Passage, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Tokens == nil {
		c.Tokens = func(text string) int { return len(strings.Fields(text)) }
	}
	var passages []Passage
	for _, s := range cutHeadings(text, c.By == Headings) {
		for _, p := range c.pack(text, s.span) {
			passages = append(passages, Passage{Text: text[p.lo:p.hi], Source: source, Heading: s.heading, Start: p.lo, End: p.hi})
		}
	}
	return passages, nil
}

// section is a part of a document below a heading.
type section struct {
	span
	heading string
}

// cutHeadings cuts a document at its headings, or returns it whole.
func cutHeadings(text string, cut bool) []section {
	if !cut {
		return []section{{span: span{0, len(text)}}}
	}
	var all []section
	var path []string
	begin, fenced := 0, false
	heading := func() string { return strings.Join(filled(path), " > ") }
	for at := 0; at < len(text); {
		end := at + strings.IndexByte(text[at:], '\n') + 1
		if end == at {
			end = len(text)
		}
		line := strings.TrimRight(text[at:end], " \t\r\n")
		if strings.HasPrefix(line, "```") || strings.HasPrefix(line, "~~~") {
			fenced = !fenced
		}
		level := 0
		for level < len(line) && line[level] == '#' {
			level++
		}
		if !fenced && level > 0 && level <= 6 && level < len(line) && line[level] == ' ' {
			all = append(all, section{span{begin, at}, heading()})
			for len(path) >= level {
				path = path[:len(path)-1]
			}
			for len(path) < level-1 {
				path = append(path, "")
			}
			path = append(path, strings.TrimSpace(strings.TrimRight(line[level:], "# ")))
			begin = end
		}
		at = end
	}
	return append(all, section{span{begin, len(text)}, heading()})
}

// filled leaves out empty strings: levels that a document skips.
func filled(all []string) []string {
	var out []string
	for _, s := range all {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// pack cuts a section into units and puts as many into a passage as go in.
func (c SplitConfig) pack(text string, s span) []span {
	var out []span
	units := c.units(text, s, c.By)
	counts := make([]int, len(units))
	for i, u := range units {
		counts[i] = c.Tokens(text[u.lo:u.hi])
	}
	for lo := 0; lo < len(units); {
		hi, tokens := lo+1, counts[lo]
		for c.By != Lines && hi < len(units) && tokens+counts[hi] <= c.Length {
			tokens += counts[hi]
			hi++
		}
		out = append(out, span{units[lo].lo, units[hi-1].hi})
		if hi == len(units) {
			break
		}
		next := hi
		for tokens := 0; c.Overlap > 0 && next-1 > lo && tokens+counts[next-1] <= c.Overlap; {
			next--
			tokens += counts[next]
		}
		if counts[next] > 0 && next < hi { // what overlaps must leave room for the next unit
			tokens := 0
			for _, n := range counts[next:hi] {
				tokens += n
			}
			for next < hi && tokens+counts[hi] > c.Length {
				tokens -= counts[next]
				next++
			}
		}
		lo = next
	}
	return out
}

// units cuts a span into the smallest parts that passages keep whole, none of more than Length tokens unless it is one word.
func (c SplitConfig) units(text string, s span, by By) []span {
	var parts []span
	finer := By("")
	switch by {
	case Headings, Paragraphs:
		parts, finer = cutAt(text, s, paragraphEnd), Sentences
	case Lines:
		parts, finer = cutAt(text, s, lineEnd), Sentences
	case Sentences:
		parts, finer = cutAt(text, s, sentenceEnd), Words
	default:
		parts = cutAt(text, s, wordEnd)
	}
	if finer == "" {
		return parts
	}
	var out []span
	for _, p := range parts {
		if c.Tokens(text[p.lo:p.hi]) <= c.Length {
			out = append(out, p)
			continue
		}
		if by == Lines { // whole passages of their own
			sentences := c
			sentences.By = Sentences
			out = append(out, sentences.pack(text, p)...)
			continue
		}
		out = append(out, c.units(text, p, finer)...)
	}
	return out
}

// cutAt cuts a span behind each place at which end, given the rest of it, tells the length of a part; white space around parts is left out.
func cutAt(text string, s span, end func(rest string) int) []span {
	var out []span
	for at := s.lo; at < s.hi; {
		n := end(text[at:s.hi])
		part := trim(text, span{at, at + n})
		if part.lo < part.hi {
			out = append(out, part)
		}
		at += n
	}
	return out
}

// trim leaves out the white space at both ends.
func trim(text string, s span) span {
	part := text[s.lo:s.hi]
	s.lo += len(part) - len(strings.TrimLeftFunc(part, unicode.IsSpace))
	if s.lo > s.hi {
		s.lo = s.hi
	}
	s.hi -= len(text[s.lo:s.hi]) - len(strings.TrimRightFunc(text[s.lo:s.hi], unicode.IsSpace))
	return s
}

func lineEnd(rest string) int {
	if i := strings.IndexByte(rest, '\n'); i >= 0 {
		return i + 1
	}
	return len(rest)
}

// paragraphEnd is behind the next line that is empty.
func paragraphEnd(rest string) int {
	for at := 0; at < len(rest); {
		n := lineEnd(rest[at:])
		if strings.TrimSpace(rest[at:at+n]) == "" && at > 0 {
			return at + n
		}
		at += n
	}
	return len(rest)
}

// sentenceEnd is behind a full stop, question or exclamation mark with its closing quotes before white space, or behind one of Chinese and Japanese.
func sentenceEnd(rest string) int {
	for i, r := range rest {
		switch r {
		case '。', '！', '？':
			return behindClosing(rest, i+utf8.RuneLen(r))
		case '.', '!', '?':
			end := behindClosing(rest, i+1)
			if next, _ := utf8.DecodeRuneInString(rest[end:]); (end == len(rest) || unicode.IsSpace(next)) && !abbreviated(rest[:i]) {
				return end
			}
		}
	}
	return len(rest)
}

// behindClosing returns the place behind quotes and brackets that close.
func behindClosing(rest string, at int) int {
	for at < len(rest) {
		r, n := utf8.DecodeRuneInString(rest[at:])
		if !strings.ContainsRune("\"')]”’」』", r) {
			break
		}
		at += n
	}
	return at
}

// abbreviated tells whether a text ends in a single capital letter, as an initial, or a common abbreviation, before its full stop.
func abbreviated(text string) bool {
	word := text[strings.LastIndexFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == '(' })+1:]
	if r, n := utf8.DecodeRuneInString(word); n == len(word) && unicode.IsUpper(r) && r != 'I' {
		return true
	}
	switch word {
	case "Mr", "Mrs", "Ms", "Dr", "St", "Prof", "vs", "e.g", "i.e", "cf", "No", "Fig", "etc":
		return true
	}
	return false
}

// wordEnd is behind the white space after a word; each character of Chinese and Japanese is one.
func wordEnd(rest string) int {
	seen := false
	for i, r := range rest {
		switch {
		case unicode.IsSpace(r):
			if seen {
				return i
			}
		case isIdeograph(r):
			if seen {
				return i
			}
			return i + utf8.RuneLen(r)
		default:
			seen = true
		}
	}
	return len(rest)
}

func isIdeograph(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) }
