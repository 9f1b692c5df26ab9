package words

import "container/heap"

// huffman holds the way to each word in a Huffman tree over the counts: inner nodes, numbered from 0, and at each whether it
// goes on to the second branch.
type huffman struct {
	nodes  [][]int32
	second [][]bool
}

// huffmanNode is a word or an inner node.
type huffmanNode struct {
	count int64
	id    int // words come first, then inner nodes
}

type huffmanHeap []huffmanNode

func (h huffmanHeap) Len() int { return len(h) }
func (h huffmanHeap) Less(i, j int) bool {
	if h[i].count != h[j].count {
		return h[i].count < h[j].count
	}
	return h[i].id < h[j].id
}
func (h huffmanHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *huffmanHeap) Push(x any)   { *h = append(*h, x.(huffmanNode)) }
func (h *huffmanHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}

// newHuffman makes the tree of a vocabulary.
func newHuffman(v *Vocabulary) *huffman {
	n := v.Len()
	h := make(huffmanHeap, n)
	for i := range h {
		h[i] = huffmanNode{v.Count(i), i}
	}
	heap.Init(&h)
	parent, second := make([]int, 2*n), make([]bool, 2*n)
	for inner := n; len(h) > 1; inner++ {
		a, b := heap.Pop(&h).(huffmanNode), heap.Pop(&h).(huffmanNode)
		parent[a.id], parent[b.id], second[b.id] = inner, inner, true
		heap.Push(&h, huffmanNode{a.count + b.count, inner})
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
