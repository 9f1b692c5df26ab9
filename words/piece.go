package words

import (
	"math"

	"github.com/seahorse-ml/seahorse/internal/kernels"
)

// piece is what works on a piece of the text.
type piece struct {
	*trainer
	in, out *rows
	random  source
	rate    float32

	sentence []int32 // what is left of it
	inputs   []int32 // places of in
	outputs  []int32 // places of out
	labels   []float32
	hidden   []float32 // [stride], of CBOW
	errors   []float32 // [stride]: where the outputs draw hidden
	before   []float32 // [inputs, stride], as they were
	slopes   []float32 // [inputs, outputs], times the rate
	turned   []float32 // [outputs, inputs]: the same
	order    []int32   // 0, 1, ...
	even     []float32 // [inputs]: what each counts in hidden, 1 together

	seen []uint64 // by place of out: the last run of outputs that it was in
	run  uint64

	watch func(loss float64) // is told each place's loss; nil but in tests
	loss  float64            // of the place
}

func newPiece(t *trainer) *piece {
	dim := t.model.Config.Dim
	p := &piece{
		trainer: t, out: newRows(t.model.out, dim),
		hidden: make([]float32, strideOf(dim)), errors: make([]float32, strideOf(dim)),
	}
	if t.parts != nil {
		p.in = newWordRows(t.parts)
	} else {
		p.in = newRows(t.in.values, dim)
	}
	for i := range 2 * t.model.Config.Window {
		p.order = append(p.order, int32(i))
	}
	p.before = make([]float32, len(p.order)*strideOf(dim))
	return p
}

// learn goes through sentences from to to.
func (p *piece) learn(from, to int) {
	begin := int32(0)
	if from > 0 {
		begin = p.corpus.ends[from-1]
	}
	for _, end := range p.corpus.ends[from:to] {
		p.sentence = p.sentence[:0]
		for _, id := range p.corpus.ids[begin:end] {
			if p.keep == nil || p.keep[id] >= 1 || p.random.float() < p.keep[id] {
				p.sentence = append(p.sentence, id)
			}
		}
		begin = end
		for at := range p.sentence {
			p.place(at)
		}
	}
}

// place learns from the word at a place of the sentence and those around it.
func (p *piece) place(at int) {
	c := &p.model.Config
	window := int(p.random.below(uint32(c.Window))) + 1
	low, high := max(0, at-window), min(len(p.sentence), at+window+1)
	if high-low < 2 {
		return
	}
	word := p.sentence[at]
	switch c.Method {
	case SkipGram, FastText:
		p.context(low, at, high)
		p.target(word)
		p.pairs()
	case CBOW:
		p.context(low, at, high)
		p.target(word)
		p.mean()
		p.single()
	}
}

// context sets inputs to the words of low to high around a place.
func (p *piece) context(low, at, high int) {
	p.inputs = p.inputs[:0]
	for i := low; i < high; i++ {
		if i != at {
			p.inputs = append(p.inputs, p.in.at(p.sentence[i]))
		}
	}
}

// target sets outputs and labels to what tells a word from others: itself and those drawn against it, or its way in the tree.
func (p *piece) target(word int32) {
	p.outputs, p.labels = p.outputs[:0], p.labels[:0]
	if p.tree != nil {
		for i, node := range p.tree.nodes[word] {
			label := float32(0)
			if p.tree.second[word][i] {
				label = 1
			}
			p.outputs, p.labels = append(p.outputs, p.out.at(node)), append(p.labels, label)
		}
		return
	}
	p.outputs, p.labels = append(p.outputs, p.out.at(word)), append(p.labels, 1)
	for range p.model.Config.Negative {
		if other := p.negative.draw(&p.random); other != word {
			p.outputs, p.labels = append(p.outputs, p.out.at(other)), append(p.labels, 0)
		}
	}
}

// pairs learns each input against each output: the words drawn against one are those of all inputs of a place (Ji et al., 2016). Outputs learn one after the
// other, by the inputs as they are before.
func (p *piece) pairs() {
	n, stride := len(p.inputs), p.in.stride
	for i, input := range p.inputs {
		copy(p.before[i*stride:][:stride], p.in.row(input))
	}
	for lo := 0; lo < len(p.outputs); {
		hi := p.distinct(lo)
		outputs, m := p.outputs[lo:hi], hi-lo
		p.slopes, p.turned = room(p.slopes, n*m), room(p.turned, n*m)
		for i := range n {
			kernels.DotEach(p.slopes[i*m:][:m], p.before[i*stride:][:stride], p.out.local, outputs, stride)
		}
		p.toSlopes(p.labels[lo:hi])
		for i, input := range p.inputs {
			kernels.AXPYEach(p.in.row(input), p.slopes[i*m:][:m], p.out.local, outputs, stride)
			for j, slope := range p.slopes[i*m:][:m] {
				p.turned[j*n+i] = slope
			}
		}
		for j, output := range outputs {
			kernels.AXPYEach(p.out.row(output), p.turned[j*n:][:n], p.before, p.order[:n], stride)
		}
		lo = hi
	}
	p.tell()
}

// distinct returns the end of the outputs from lo on of which none is there twice. Those learn together as they would one after the other.
func (p *piece) distinct(lo int) int {
	p.run++
	for i, output := range p.outputs[lo:] {
		if more := int(output) + 1 - len(p.seen); more > 0 {
			p.seen = append(p.seen, make([]uint64, more)...)
		}
		if p.seen[output] == p.run {
			return lo + i
		}
		p.seen[output] = p.run
	}
	return len(p.outputs)
}

// room returns n elements, those of x where it has so many.
func room(x []float32, n int) []float32 {
	if cap(x) < n {
		return make([]float32, n, 2*n)
	}
	return x[:n]
}

// toSlopes turns scores [any, labels] into the derivatives of the loss by them, which is -log of the labels' probabilities, times the negative rate.
func (p *piece) toSlopes(labels []float32) {
	if p.watch != nil {
		p.addLoss(labels)
	}
	kernels.Activate(kernels.Sigmoid, p.slopes, p.slopes, false)
	for i := 0; i < len(p.slopes); i += len(labels) {
		for j, label := range labels {
			p.slopes[i+j] = (label - p.slopes[i+j]) * p.rate
		}
	}
}

// addLoss adds the loss of scores to that of the place.
func (p *piece) addLoss(labels []float32) {
	for i, score := range p.slopes {
		x := float64(score)
		if labels[i%len(labels)] > 0 {
			x = -x
		}
		p.loss += math.Log1p(math.Exp(x))
	}
}

// tell tells whoever watches the loss of a place.
func (p *piece) tell() {
	if p.watch != nil {
		p.watch(p.loss)
		p.loss = 0
	}
}

// mean sets hidden to the mean of the inputs, or of all of their parts.
func (p *piece) mean() {
	p.even = room(p.even, len(p.inputs))
	if p.parts == nil {
		kernels.Fill(p.even, 1/float32(len(p.inputs)))
	} else {
		sum := float32(0)
		for i, input := range p.inputs {
			p.even[i] = float32(len(p.parts.parts[p.in.asked[input]]))
			sum += p.even[i]
		}
		kernels.Scale(p.even, p.even, 1/sum)
	}
	clear(p.hidden)
	kernels.AXPYEach(p.hidden, p.even, p.in.local, p.inputs, p.in.stride)
}

// single learns hidden against each output, and adds its error to each input.
func (p *piece) single() {
	stride := p.in.stride
	clear(p.errors)
	for lo := 0; lo < len(p.outputs); {
		hi := p.distinct(lo)
		outputs := p.outputs[lo:hi]
		p.slopes = room(p.slopes, len(outputs))
		kernels.DotEach(p.slopes, p.hidden, p.out.local, outputs, stride)
		p.toSlopes(p.labels[lo:hi])
		kernels.AXPYEach(p.errors, p.slopes, p.out.local, outputs, stride)
		for j, output := range outputs {
			kernels.AXPY(p.out.row(output), p.hidden, p.slopes[j])
		}
		lo = hi
	}
	for _, input := range p.inputs {
		kernels.Accumulate(p.in.row(input), p.errors)
	}
	p.tell()
}
