package words

import (
	"cmp"
	"slices"
)

// huffman holds the way to each word in a Huffman tree over the counts: inner nodes, numbered from 0, and at each whether it
// goes on to the second branch.
type huffman struct {
	nodes  [][]int32 // from the word up to the root
	second [][]bool
}

// newHuffman makes the tree of a vocabulary as word2vec and fastText make it, of equal counts too: from the words by their counts and from the inner
// nodes, which
// arise in the order of theirs, it joins the two least, a node before a word of the same count and a later word before an earlier one.
func newHuffman(v *Vocabulary) *huffman {
	n := v.Len()
	order := make([]int, n) // by falling counts
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(v.Count(b), v.Count(a)) })
	counts := make([]int64, 0, max(0, n-1)) // of inner nodes
	parent, second := make([]int, 2*n), make([]bool, 2*n)
	word, node := n-1, 0
	least := func() (id int, count int64) {
		if word >= 0 && (node >= len(counts) || v.Count(order[word]) < counts[node]) {
			word--
			return order[word+1], v.Count(order[word+1])
		}
		node++
		return n + node - 1, counts[node-1]
	}
	for inner := range max(0, n-1) {
		a, countA := least()
		b, countB := least()
		parent[a], parent[b], second[b] = n+inner, n+inner, true
		counts = append(counts, countA+countB)
	}
	t := &huffman{make([][]int32, n), make([][]bool, n)}
	root := 2*n - 2
	for word := range n {
		for at := word; at != root && n > 1; at = parent[at] {
			t.nodes[word] = append(t.nodes[word], int32(parent[at]-n))
			t.second[word] = append(t.second[word], second[at])
		}
	}
	return t
}
