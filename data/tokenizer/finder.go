package tokenizer

import (
	"bytes"
	"iter"
)

// finder finds the leftmost and there the longest of several strings in a text.
type finder struct {
	nodes  []finderNode // a trie; the root comes first
	first  [256]bool    // the bytes that a string begins with
	single int          // the only such byte; meaningless where count is not 1
	count  int          // how many there are
}

type finderNode struct {
	next map[byte]int32
	id   int32 // of the string that ends here; -1: none
}

// match is an occurrence of the string with the given id.
type match struct {
	start, end int
	id         int32
}

// add makes the finder look for s, which is not empty.
func (f *finder) add(s string, id int32) {
	if s == "" {
		return
	}
	if f.nodes == nil {
		f.nodes = []finderNode{{id: -1}}
	}
	if !f.first[s[0]] {
		f.first[s[0]] = true
		f.single = int(s[0])
		f.count++
	}
	at := int32(0)
	for i := range len(s) {
		next, ok := f.nodes[at].next[s[i]]
		if !ok {
			next = int32(len(f.nodes))
			f.nodes = append(f.nodes, finderNode{id: -1})
			if f.nodes[at].next == nil {
				f.nodes[at].next = map[byte]int32{}
			}
			f.nodes[at].next[s[i]] = next
		}
		at = next
	}
	// Two tokens may become one string when they are normalized: the smaller id wins, on any run.
	if old := f.nodes[at].id; old < 0 || id < old {
		f.nodes[at].id = id
	}
}

// matches yields the occurrences in b, which don't overlap.
func (f *finder) matches(b []byte) iter.Seq[match] {
	return func(yield func(match) bool) {
		for i := 0; ; {
			m, ok := f.next(b, i)
			if !ok || !yield(m) {
				return
			}
			i = m.end
		}
	}
}

// next returns the first occurrence in b that begins at i or later.
func (f *finder) next(b []byte, i int) (match, bool) {
	if f.count == 0 {
		return match{}, false
	}
	for i < len(b) {
		if f.count == 1 {
			k := bytes.IndexByte(b[i:], byte(f.single))
			if k < 0 {
				return match{}, false
			}
			i += k
		} else if !f.first[b[i]] {
			i++
			continue
		}
		m := match{start: i, id: -1}
		at := int32(0)
		for k := i; k < len(b); k++ {
			next, ok := f.nodes[at].next[b[k]]
			if !ok {
				break
			}
			at = next
			if id := f.nodes[at].id; id >= 0 {
				m.end, m.id = k+1, id
			}
		}
		if m.id >= 0 {
			return m, true
		}
		i++
	}
	return match{}, false
}
