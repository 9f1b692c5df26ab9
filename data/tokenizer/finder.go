package tokenizer

import (
	"bytes"
	"iter"
)

// finder finds the leftmost and there the longest of several strings in a text.
type finder struct {
	nodes  []finderNode // a trie
	first  [256]int32   // the node of each byte that a string begins with, plus one; 0: no string does
	single int          // the only such byte; meaningless where count is not 1
	count  int          // how many there are
}

// finderNode stands for a byte after others.
type finderNode struct {
	id      int32 // of the string that ends here; -1: none
	child   int32 // the first of the nodes that come next, plus one; 0: none do
	sibling int32 // another node after the same bytes, plus one; 0: there is none
	c       byte
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
	if f.first[s[0]] == 0 {
		f.first[s[0]] = f.grow(s[0], 0)
		f.single = int(s[0])
		f.count++
	}
	at := f.first[s[0]] - 1
	for i := 1; i < len(s); i++ {
		next := f.after(at, s[i])
		if next < 0 {
			next = f.grow(s[i], f.nodes[at].child) - 1
			f.nodes[at].child = next + 1
		}
		at = next
	}
	// Two tokens may become one string when they are normalized: the smaller id wins, on any run.
	if old := f.nodes[at].id; old < 0 || id < old {
		f.nodes[at].id = id
	}
}

// grow adds a node and returns its number plus one.
func (f *finder) grow(c byte, sibling int32) int32 {
	f.nodes = append(f.nodes, finderNode{id: -1, sibling: sibling, c: c})
	return int32(len(f.nodes))
}

// after returns the node that c leads to from another one, -1 if there is none.
func (f *finder) after(at int32, c byte) int32 {
	k := f.nodes[at].child - 1
	for k >= 0 && f.nodes[k].c != c {
		k = f.nodes[k].sibling - 1
	}
	return k
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
		} else if f.first[b[i]] == 0 {
			i++
			continue
		}
		m := match{start: i, id: -1}
		for k, at := i+1, f.first[b[i]]-1; at >= 0; k++ {
			if id := f.nodes[at].id; id >= 0 {
				m.end, m.id = k, id
			}
			if k == len(b) {
				break
			}
			at = f.after(at, b[k])
		}
		if m.id >= 0 {
			return m, true
		}
		i++
	}
	return match{}, false
}
