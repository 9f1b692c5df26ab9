package model

import "slices"

// trie finds the tokens that a text begins with. It is a tree over bytes whose
// nodes lie in one table: the children of a node are at its base plus their
// byte (Aoe 1989, with one check per slot).
type trie struct {
	base  []int32
	check []int32 // the parent of the node, plus one; 0 for a free slot
	value []int32 // -1: no token ends here
}

// newTrie makes a trie of keys, which need not be in order; values[i] belongs to keys[i].
func newTrie(keys []string, values []int32) *trie {
	order := make([]int, 0, len(keys))
	for i, k := range keys {
		if k != "" {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case keys[a] < keys[b]:
			return -1
		case keys[a] > keys[b]:
			return 1
		}
		return a - b
	})
	b := &trieBuilder{t: &trie{}, firstFree: 1}
	b.grow(1 << 10)
	b.t.check[0] = 1
	type job struct{ node, from, to, depth int32 }
	jobs := []job{{0, 0, int32(len(order)), 0}}
	var labels []byte
	var starts []int32
	for len(jobs) > 0 {
		j := jobs[len(jobs)-1]
		jobs = jobs[:len(jobs)-1]
		from := j.from
		for from < j.to && len(keys[order[from]]) == int(j.depth) {
			b.t.value[j.node] = values[order[from]] // of equal keys the last wins
			from++
		}
		labels, starts = labels[:0], starts[:0]
		for i := from; i < j.to; i++ {
			if c := keys[order[i]][j.depth]; len(labels) == 0 || labels[len(labels)-1] != c {
				labels = append(labels, c)
				starts = append(starts, i)
			}
		}
		if len(labels) == 0 {
			continue
		}
		base := b.place(labels)
		b.t.base[j.node] = base
		for _, c := range labels {
			b.t.check[base+int32(c)] = j.node + 1
		}
		for i, c := range labels {
			end := j.to
			if i+1 < len(labels) {
				end = starts[i+1]
			}
			jobs = append(jobs, job{base + int32(c), starts[i], end, j.depth + 1})
		}
	}
	return b.t
}

type trieBuilder struct {
	t         *trie
	firstFree int
}

func (b *trieBuilder) grow(n int) {
	for len(b.t.base) < n {
		b.t.base = append(b.t.base, -1)
		b.t.check = append(b.t.check, 0)
		b.t.value = append(b.t.value, -1)
	}
}

// place returns a base at which all labels find free slots.
func (b *trieBuilder) place(labels []byte) int32 {
	for b.firstFree < len(b.t.check) && b.t.check[b.firstFree] != 0 {
		b.firstFree++
	}
	misses := 0
	for at := b.firstFree; ; at++ {
		base := at - int(labels[0])
		if base < 1 {
			continue
		}
		b.grow(base + 257)
		if b.fits(base, labels) {
			return int32(base)
		}
		// Where the table is dense, give up its first stretch rather than search it for every node.
		if misses++; misses == 4096 {
			b.firstFree = at
			misses = 0
		}
	}
}

func (b *trieBuilder) fits(base int, labels []byte) bool {
	for _, c := range labels {
		if b.t.check[base+int(c)] != 0 {
			return false
		}
	}
	return true
}

// child returns the node that c leads to from node, -1 if there is none.
func (t *trie) child(node int32, c byte) int32 {
	base := t.base[node]
	if base < 0 {
		return -1
	}
	if next := base + int32(c); t.check[next] == node+1 {
		return next
	}
	return -1
}
