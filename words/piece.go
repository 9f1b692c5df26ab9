package words

import "github.com/seahorse-ml/seahorse/internal/kernels"

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
	hidden   []float32 // [D], of CBOW and parts
	pull     []float32 // [inputs, D]: where the outputs draw the inputs
}

func newPiece(t *trainer) *piece {
	dim := t.model.Config.Dim
	return &piece{
		trainer: t, in: newRows(t.model.in, dim), out: newRows(t.model.out, dim),
		hidden: make([]float32, dim), pull: make([]float32, dim*(2*t.model.Config.Window+1)),
	}
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
	case SkipGram:
		p.context(low, at, high)
		p.target(word)
		p.pairs()
	case CBOW:
		p.context(low, at, high)
		p.target(word)
		p.mean()
		p.single()
	case FastText:
		p.inputs = p.inputs[:0]
		p.appendInput(word)
		p.outputs, p.labels = p.outputs[:0], p.labels[:0]
		for i := low; i < high; i++ {
			if i != at {
				p.appendTarget(p.sentence[i])
			}
		}
		p.mean()
		p.single()
	}
}

// context sets inputs to the words of low to high around a place.
func (p *piece) context(low, at, high int) {
	p.inputs = p.inputs[:0]
	for i := low; i < high; i++ {
		if i != at {
			p.appendInput(p.sentence[i])
		}
	}
}

// appendInput appends the rows that a word is the mean of.
func (p *piece) appendInput(word int32) {
	if p.model.parts == nil {
		p.inputs = append(p.inputs, p.in.at(word))
		return
	}
	for _, row := range p.model.parts[word] {
		p.inputs = append(p.inputs, p.in.at(row))
	}
}

// target sets outputs and labels to what tells a word from others.
func (p *piece) target(word int32) {
	p.outputs, p.labels = p.outputs[:0], p.labels[:0]
	p.appendTarget(word)
}

// appendTarget appends a word and those drawn against it, or its way in the tree.
func (p *piece) appendTarget(word int32) {
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

// pairs learns each input against each output: the words drawn against one are those of all inputs of a place (Ji et al., 2016).
func (p *piece) pairs() {
	dim := p.in.dim
	errors := p.pull[:len(p.inputs)*dim]
	clear(errors)
	for j, place := range p.outputs {
		y := p.out.row(place)
		var slopes [32]float32
		for first := 0; first < len(p.inputs); first += len(slopes) {
			inputs := p.inputs[first:min(first+len(slopes), len(p.inputs))]
			for i, input := range inputs {
				slope := (p.labels[j] - sigmoid(kernels.Dot(p.in.row(input), y))) * p.rate
				slopes[i] = slope
				kernels.AXPY(errors[(first+i)*dim:][:dim], y, slope)
			}
			for i, input := range inputs {
				kernels.AXPY(y, p.in.row(input), slopes[i])
			}
		}
	}
	for i, input := range p.inputs {
		kernels.Accumulate(p.in.row(input), errors[i*dim:][:dim])
	}
}

// mean sets hidden to the mean of the inputs.
func (p *piece) mean() {
	clear(p.hidden)
	for _, input := range p.inputs {
		kernels.Accumulate(p.hidden, p.in.row(input))
	}
	kernels.Scale(p.hidden, p.hidden, 1/float32(len(p.inputs)))
}

// single learns hidden against each output, and adds its error to each input.
func (p *piece) single() {
	dim := p.in.dim
	errors := p.pull[:dim]
	clear(errors)
	for j, place := range p.outputs {
		y := p.out.row(place)
		slope := (p.labels[j] - sigmoid(kernels.Dot(p.hidden, y))) * p.rate
		kernels.AXPY(errors, y, slope)
		kernels.AXPY(y, p.hidden, slope)
	}
	for _, input := range p.inputs {
		kernels.Accumulate(p.in.row(input), errors)
	}
}
