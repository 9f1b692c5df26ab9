package tokenizer

import (
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/charclass"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/packed"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pattern"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pretok"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pretrained"
)

// cut says how a text can be taken apart so that the tokens of the parts are
// the tokens of the text. Parts recur, so their ids are remembered.
type cut uint8

const (
	uncut     cut = iota // not at all
	cutScan              // a scanner finds the words of the normalized text
	cutWords             // at white space, which is left out in the end
	cutSpaces            // before single spaces between printable ASCII characters
)

// findShortcut finds out how texts can be cut.
func (t *Tokenizer) findShortcut() {
	steps := pretok.Sequence{}
	switch p := t.splitter.(type) {
	case nil:
	case pretok.Sequence:
		steps = p
	default:
		steps = pretok.Sequence{p}
	}
	t.tracks = t.normalizer != nil && slices.ContainsFunc(steps, func(p pretok.PreTokenizer) bool {
		m, ok := p.(pretok.Metaspace)
		return ok && m.PrependScheme == pretok.First
	})
	if t.added.normalized.count > 0 {
		return // such tokens may reach across any cut
	}
	if t.scanner, t.prefix = scannerOf(steps); t.scanner != nil {
		t.cut = cutScan
		return
	}
	inner, prepends, ok := local(t.normalizer)
	if !ok {
		return
	}
	t.inner = inner
	switch {
	case !prepends && keepsSpace(t.normalizer) && removesSpace(steps):
		t.cut = cutWords
	case beginsWordsWithSpace(steps, prepends, t.normalizer, t.model):
		t.cut = cutSpaces
	}
}

// scannerOf returns the scanner that finds the same words as steps, nil if there is none.
func scannerOf(steps pretok.Sequence) (s pretok.Scanner, prefix bool) {
	if len(steps) == 0 {
		return nil, false
	}
	last, ok := steps[len(steps)-1].(pretok.ByteLevel)
	switch {
	case !ok || !last.Raw:
		return nil, false
	case len(steps) == 1 && last.UseRegex:
		return pretok.ScanGPT2, last.AddPrefixSpace
	case len(steps) == 2 && !last.UseRegex && !last.AddPrefixSpace:
		if split, ok := steps[0].(pretok.Split); ok {
			return split.Scanner(), false
		}
	}
	return nil, false
}

// local reports whether a normalizer does the same to a text as to its parts
// between spaces, apart from what it prepends; inner is the normalizer without that.
func local(n normalize.Normalizer) (inner normalize.Normalizer, prepends, ok bool) {
	switch n := n.(type) {
	case nil:
		return nil, false, true
	case normalize.Sequence:
		var members normalize.Sequence
		for _, m := range n {
			i, p, ok := local(m)
			if !ok {
				return nil, false, false
			}
			if prepends = prepends || p; i != nil {
				members = append(members, i)
			}
		}
		return members, prepends, true
	case normalize.Strip:
		return normalize.Strip{Right: n.Right}, false, true // the space that begins a part must stay
	case *normalize.Precompiled:
		return n, false, n.KeepsBlanks()
	case normalize.Prepend:
		return nil, true, n.Prepend == "▁"
	case normalize.Replace:
		switch {
		case findsSpaces(n):
			return n, false, true
		case n.Pattern.Regex == pretrained.OuterSpaces && n.Content == "":
			return lastSpaces, false, true // the space that begins a part must stay
		case n.Pattern.Regex == pretrained.FirstMark:
			return nil, false, true
		}
		// Any other pattern must find nothing with spaces, nor make or leave any where words were.
		s := n.Pattern.Literal
		return n, false, s != "" && n.Content != "" && !strings.ContainsFunc(s+n.Content, isSpace)
	}
	return n, false, true
}

// lastSpaces takes away the spaces that end a text.
var lastSpaces = func() normalize.Replace {
	p, err := pattern.Regex(` +\z`)
	if err != nil {
		panic(err)
	}
	return normalize.Replace{Pattern: p}
}()

// findsSpaces reports whether the matches of a pattern are single spaces, or runs of them.
func findsSpaces(n normalize.Replace) bool {
	return n.Pattern.Literal == " " || n.Pattern.Regex == " {2,}"
}

func isSpace(r rune) bool { return charclass.Is(r, charclass.Space) }

// keepsSpace reports whether white space is still white space after a normalizer that is local.
func keepsSpace(n normalize.Normalizer) bool {
	switch n := n.(type) {
	case normalize.Sequence:
		for _, m := range n {
			if !keepsSpace(m) {
				return false
			}
		}
	case normalize.Replace:
		return !findsSpaces(n) || n.Content != "" && strings.TrimFunc(n.Content, isSpace) == ""
	}
	return true
}

// removesSpace reports whether white space separates words and is left out, wherever they stand.
func removesSpace(steps pretok.Sequence) bool {
	if len(steps) == 0 {
		return false
	}
	switch steps[0].(type) {
	case pretok.Bert, pretok.Whitespace, pretok.WhitespaceSplit:
	default:
		return false
	}
	for _, s := range steps[1:] {
		if m, ok := s.(pretok.Metaspace); ok && m.PrependScheme == pretok.First {
			return false
		}
	}
	return true
}

// beginsWordsWithSpace reports whether a single space between printable ASCII
// characters always begins a word, or at least a token.
func beginsWordsWithSpace(steps pretok.Sequence, prepends bool, n normalize.Normalizer, m model.Model) bool {
	if prepends && !replacesSpace(n) {
		return false // what is put before a text would not be found within it
	}
	if len(steps) == 2 {
		_, digits := steps[0].(pretok.Digits)
		last, raw := steps[1].(pretok.ByteLevel)
		return digits && raw && last.UseRegex && !last.AddPrefixSpace && n == nil
	}
	bpe, isBPE := m.(*model.BPE)
	if len(steps) == 1 {
		switch p := steps[0].(type) {
		case pretok.Metaspace:
			return p.Split || isBPE && !bpe.JoinsSpace(p.Replacement)
		case pretok.Split:
			if p.Pattern.Literal != " " {
				return false
			}
		default:
			return false
		}
	}
	return isBPE && replacesSpace(n) && !bpe.JoinsSpace("▁")
}

// replacesSpace reports whether a normalizer turns spaces into the mark that stands for them.
func replacesSpace(n normalize.Normalizer) bool {
	switch n := n.(type) {
	case normalize.Replace:
		return n.Pattern.Literal == " " && n.Content == "▁"
	case normalize.Sequence:
		for _, m := range n {
			if replacesSpace(m) {
				return true
			}
		}
	}
	return false
}

// appendChunks appends the ids of what lies between white space.
func (e *encoder) appendChunks(dst []int32, text []byte, origin int) []int32 {
	for i := 0; i < len(text); {
		if isBlank(text[i]) {
			i++
			continue
		}
		end := i + 1
		// A character after a space may belong to it in the eyes of a normalizer, unless it is ASCII.
		for end < len(text) && !(isBlank(text[end]) && (end+1 == len(text) || text[end+1] < 0x80)) {
			end++
		}
		e.mark(origin+i, len(dst))
		dst = e.appendChunk(dst, e.cache, text, i, end, 1)
		i = end
		e.mark(origin+i, len(dst))
	}
	return dst
}

func isBlank(c byte) bool { return c == ' ' || c == '\n' }

// appendSpaced appends the ids of parts that begin with a space.
func (e *encoder) appendSpaced(dst []int32, text []byte, origin int) []int32 {
	for i := 0; i < len(text); {
		end := spacedEnd(text, i)
		switch {
		case i > 0:
			dst = e.appendChunk(dst, e.cache, text, i, end, origin+i)
		case origin > 0:
			dst = e.appendSlowly(dst, text[:end], origin, e.t.normalizer, e.t.splitter)
		default:
			dst = e.appendChunk(dst, e.heads, text, 0, end, 0)
		}
		i = end
		e.mark(origin+i, len(dst))
	}
	return dst
}

// spacedEnd returns where the part that begins at i ends: before a space between two printable characters.
func spacedEnd(text []byte, i int) int {
	end := i + 1
	for end < len(text) && !(text[end] == ' ' && end+1 < len(text) && isPrintable(text[end+1]) && isPrintable(text[end-1])) {
		end++
	}
	return end
}

func isPrintable(c byte) bool { return '!' <= c && c <= '~' }

// appendChunk appends the ids of a part of a text, which c may remember.
func (e *encoder) appendChunk(dst []int32, c *wordCache, text []byte, i, end, origin int) []int32 {
	n := e.t.inner
	if origin == 0 {
		n = e.t.normalizer
	}
	from := len(dst)
	if end-i <= packed.MaxLen {
		w := packed.Pack(text[i:], end-i)
		s := c.find(w)
		if s.word == w {
			return c.append(dst, s)
		}
		dst = e.appendSlowly(dst, text[i:end], origin, n, e.t.splitter)
		c.put(s, w, dst[from:])
		return dst
	}
	if ids, ok := c.long[string(text[i:end])]; ok {
		return append(dst, ids...)
	}
	dst = e.appendSlowly(dst, text[i:end], origin, n, e.t.splitter)
	c.putLong(text[i:end], dst[from:])
	return dst
}
