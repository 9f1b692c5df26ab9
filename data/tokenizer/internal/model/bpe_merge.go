package model

// shortWord is the number of symbols up to which looking at all pairs for the
// next merge beats keeping them in a heap.
const shortWord = 48

// mergeShort merges symbols in place: again and again the pair of the lowest
// rank, the leftmost of several.
func (m *BPE) mergeShort(s []Token) []Token {
	if len(s) < 2 {
		return s
	}
	var ranks [shortWord]uint32
	var ids [shortWord]int32
	for i := range len(s) - 1 {
		ranks[i], ids[i] = m.pairs.get(s[i].ID, s[i+1].ID)
	}
	for n := len(s); n > 1; {
		best, at := noRank, -1
		for i, r := range ranks[:n-1] {
			if r < best {
				best, at = r, i
			}
		}
		if at < 0 {
			return s[:n]
		}
		s[at].ID, s[at].End = ids[at], s[at+1].End
		copy(s[at+1:n-1], s[at+2:n])
		copy(ranks[at:n-2], ranks[at+1:n-1])
		copy(ids[at:n-2], ids[at+1:n-1])
		n--
		if at > 0 {
			ranks[at-1], ids[at-1] = m.pairs.get(s[at-1].ID, s[at].ID)
		}
		if at < n-1 {
			ranks[at], ids[at] = m.pairs.get(s[at].ID, s[at+1].ID)
		}
	}
	return s[:1]
}

// candidate is a merge that the symbols at pos and next to it call for.
type candidate struct {
	rank uint32
	pos  int32
	id   int32
}

func (c candidate) before(d candidate) bool {
	return c.rank < d.rank || c.rank == d.rank && c.pos < d.pos
}

// links chains the symbols of a word while some of them disappear.
type links struct {
	prev, next []int32
	heap       []candidate
}

// mergeHeap merges symbols in place, with the pending merges in a heap. Where
// skip is set and says so, the merge that came up is put off until another has been done.
func (m *BPE) mergeHeap(s []Token, skip func() bool) []Token {
	l := &links{prev: make([]int32, len(s)), next: make([]int32, len(s))}
	for i := range s {
		l.prev[i], l.next[i] = int32(i-1), int32(i+1)
	}
	for i := range len(s) - 1 {
		m.propose(l, s, int32(i))
	}
	var skipped []candidate
	for len(l.heap) > 0 {
		c := l.pop()
		if skip != nil && skip() {
			skipped = append(skipped, c)
			continue
		}
		for _, k := range skipped {
			l.push(k)
		}
		skipped = skipped[:0]
		right := l.next[c.pos]
		if right < 0 || int(right) >= len(s) {
			continue // gone, or the last symbol
		}
		if rank, id := m.pairs.get(s[c.pos].ID, s[right].ID); rank == noRank || id != c.id {
			continue // overtaken by another merge
		}
		s[c.pos].ID, s[c.pos].End = c.id, s[right].End
		after := l.next[right]
		l.next[c.pos], l.next[right] = after, -1
		if int(after) < len(s) {
			l.prev[after] = c.pos
			m.propose(l, s, c.pos)
		}
		if before := l.prev[c.pos]; before >= 0 {
			m.propose(l, s, before)
		}
	}
	n := 0
	for i := int32(0); int(i) < len(s); i = l.next[i] {
		s[n] = s[i]
		n++
	}
	return s[:n]
}

// propose adds the merge of the symbol at i with the one after it, if there is one.
func (m *BPE) propose(l *links, s []Token, i int32) {
	if rank, id := m.pairs.get(s[i].ID, s[l.next[i]].ID); rank != noRank {
		l.push(candidate{rank, i, id})
	}
}

func (l *links) push(c candidate) {
	l.heap = append(l.heap, c)
	i := len(l.heap) - 1
	for i > 0 {
		up := (i - 1) / 4
		if !c.before(l.heap[up]) {
			break
		}
		l.heap[i] = l.heap[up]
		i = up
	}
	l.heap[i] = c
}

func (l *links) pop() candidate {
	top := l.heap[0]
	last := l.heap[len(l.heap)-1]
	l.heap = l.heap[:len(l.heap)-1]
	i, n := 0, len(l.heap)
	for {
		least := -1
		for k := 4*i + 1; k <= 4*i+4 && k < n; k++ {
			if least < 0 || l.heap[k].before(l.heap[least]) {
				least = k
			}
		}
		if least < 0 || !l.heap[least].before(last) {
			break
		}
		l.heap[i] = l.heap[least]
		i = least
	}
	if n > 0 {
		l.heap[i] = last
	}
	return top
}
