package words

import (
	"context"
	"math"
	"testing"
)

// reference learns as a piece does, by plain loops in float64.
type reference struct {
	*trainer
	random  source
	rate    float64
	in, out [][]float64 // of words; with parts in is the means of those
	losses  []float64   // of places
}

func newReference(t *trainer, random source, rate float64) *reference {
	wide := func(x []float32) (rows [][]float64) {
		dim := t.model.Config.Dim
		for i := 0; i < len(x); i += dim {
			row := make([]float64, dim)
			for k := range row {
				row[k] = float64(x[i+k])
			}
			rows = append(rows, row)
		}
		return rows
	}
	r := &reference{trainer: t, random: random, rate: rate, out: wide(t.model.out)}
	if t.model.parts == nil {
		r.in = wide(t.model.in.values)
		return r
	}
	dim := t.model.Config.Dim
	for _, parts := range t.model.parts {
		mean := make([]float64, dim)
		for _, row := range parts {
			for k, x := range t.model.in.row(row, make([]float32, dim)) {
				mean[k] += float64(x) / float64(len(parts))
			}
		}
		r.in = append(r.in, mean)
	}
	return r
}

// learn goes through the corpus to a sentence.
func (r *reference) learn(to int) {
	begin := int32(0)
	for _, end := range r.corpus.ends[:to] {
		var sentence []int32
		for _, id := range r.corpus.ids[begin:end] {
			if r.keep == nil || r.keep[id] >= 1 || r.random.float() < r.keep[id] {
				sentence = append(sentence, id)
			}
		}
		begin = end
		for at, word := range sentence {
			window := int(r.random.below(uint32(r.model.Config.Window))) + 1
			var context []int32
			for i := max(0, at-window); i < min(len(sentence), at+window+1); i++ {
				if i != at {
					context = append(context, sentence[i])
				}
			}
			if len(context) > 0 {
				r.place(word, context)
			}
		}
	}
}

// place learns from a word and those around it.
func (r *reference) place(word int32, context []int32) {
	groups := [][]int32{context} // words; the mean of each group is told apart by all outputs
	if r.model.Config.Method != CBOW {
		groups = nil
		for _, c := range context {
			groups = append(groups, []int32{c})
		}
	}
	outputs, labels := r.target(word)
	dim := r.model.Config.Dim
	loss := 0.0
	hidden, toIn := make([][]float64, len(groups)), make([][]float64, len(groups))
	for g, group := range groups {
		hidden[g], toIn[g] = make([]float64, dim), make([]float64, dim)
		sum := 0.0
		for _, w := range group {
			sum += r.weight(w)
			for k := range dim {
				hidden[g][k] += r.in[w][k] * r.weight(w)
			}
		}
		for k := range dim {
			hidden[g][k] /= sum
		}
	}
	for j, o := range outputs {
		toOut := make([]float64, dim)
		for g, h := range hidden {
			score := 0.0
			for k := range h {
				score += h[k] * r.out[o][k]
			}
			p := 1 / (1 + math.Exp(-score))
			loss -= labels[j]*math.Log(p) + (1-labels[j])*math.Log(1-p)
			slope := r.rate * (labels[j] - p)
			for k := range h {
				toIn[g][k] += slope * r.out[o][k]
				toOut[k] += slope * h[k]
			}
		}
		for k := range dim {
			r.out[o][k] += toOut[k]
		}
	}
	for g, group := range groups {
		for _, row := range group {
			for k := range dim {
				r.in[row][k] += toIn[g][k]
			}
		}
	}
	r.losses = append(r.losses, loss)
}

// weight is how much a word counts in a mean: as many as it has parts.
func (r *reference) weight(word int32) float64 {
	if r.model.parts == nil {
		return 1
	}
	return float64(len(r.model.parts[word]))
}

func (r *reference) target(word int32) (outputs []int32, labels []float64) {
	if r.tree != nil {
		for i, node := range r.tree.nodes[word] {
			label := 0.0
			if r.tree.second[word][i] {
				label = 1
			}
			outputs, labels = append(outputs, node), append(labels, label)
		}
		return outputs, labels
	}
	outputs, labels = append(outputs, word), append(labels, 1)
	for range r.model.Config.Negative {
		if other := r.negative.draw(&r.random); other != word {
			outputs, labels = append(outputs, other), append(labels, 0)
		}
	}
	return outputs, labels
}

// TestFirstLosses holds the losses of the first places of a text, and the vectors after them, to plain loops in float64, for every method.
func TestFirstLosses(t *testing.T) {
	texts := textsOf(themes(400))
	cbowParts := small(CBOW)
	cbowParts.MinN, cbowParts.MaxN, cbowParts.Buckets = 2, 3, 300
	for _, c := range []Config{small(SkipGram), small(CBOW), small(FastText), cbowParts} {
		method := c.Method
		for _, hierarchical := range []bool{false, true} {
			c.Dim, c.Sample, c.Negative = 20, 2e-2, 5
			if c.Hierarchical = hierarchical; hierarchical {
				c.Negative = 0
			}
			v, err := CountWords(texts, Letters, 1)
			if err != nil {
				t.Fatal(err)
			}
			text, err := readCorpus(texts, Letters, v)
			if err != nil {
				t.Fatal(err)
			}
			tr := newTrainer(newModel(c, v), text)
			p := tr.pieces[0]
			p.random, p.rate = source{7}, 0.1
			var got []float64
			p.watch = func(loss float64) { got = append(got, loss) }
			want := newReference(tr, p.random, 0.1)
			want.learn(tr.ends[0])
			p.learn(0, tr.ends[0])
			if len(got) != len(want.losses) || len(got) < 500 {
				t.Fatalf("%s: %d places, expected %d and many", method, len(got), len(want.losses))
			}
			for i, loss := range want.losses {
				if math.Abs(got[i]-loss) > 1e-5*(1+loss) {
					t.Fatalf("%s, hierarchical %v: place %d has a loss of %.9g, expected %.9g", method, hierarchical, i, got[i], loss)
				}
			}
			for name, r := range map[string]struct {
				*rows
				want [][]float64
			}{"in": {p.in, want.in}, "out": {p.out, want.out}} {
				for i, row := range r.asked {
					for k, x := range r.row(int32(i))[:c.Dim] {
						if math.Abs(float64(x)-r.want[row][k]) > 1e-5 {
							t.Fatalf("%s: row %d of %s has %g at %d, expected %g", method, row, name, x, k, r.want[row][k])
						}
					}
				}
			}
		}
	}
}

// TestFirstLossesOfGloVe holds the losses of the blocks of two epochs to plain loops in float64.
func TestFirstLossesOfGloVe(t *testing.T) {
	texts := textsOf(themes(300))
	v, err := CountWords(texts, Letters, 1)
	if err != nil {
		t.Fatal(err)
	}
	p, err := CountPairs(texts, Letters, v, PairsConfig{CooccurrenceConfig: CooccurrenceConfig{Window: 5}})
	if err != nil {
		t.Fatal(err)
	}
	c := DefaultGloVeConfig()
	c.Dim, c.XMax = 12, 40
	g := newGlove(v.Len(), c)
	if g.blocks, err = arrangeInMemory(context.Background(), p.distinct(), c); err != nil {
		t.Fatal(err)
	}
	type vector struct{ x, squares []float64 } // the bias behind
	wide := func(x []float32, i int) vector {
		w := vector{make([]float64, c.Dim+1), make([]float64, c.Dim+1)}
		for k := range w.x {
			w.x[k], w.squares[k] = float64(x[i*g.width+k]), 1
		}
		return w
	}
	var words, near []vector
	for i := range v.Len() {
		words, near = append(words, wide(g.words, i)), append(near, wide(g.near, i))
	}
	weights := map[uint64]float64{}
	for pair, err := range p.distinct() {
		if err != nil {
			t.Fatal(err)
		}
		weights[pair.key] = pair.weight
	}
	for range 2 {
		for block := range gloveBlockCount {
			for pairs, err := range g.blocks.read(block) {
				if err != nil {
					t.Fatal(err)
				}
				want := 0.0
				for _, p := range pairs {
					weight := weights[pairKey(p.row, p.column)]
					a, b := words[p.row], near[p.column]
					diff := a.x[c.Dim] + b.x[c.Dim] - math.Log(weight)
					for k := range c.Dim {
						diff += a.x[k] * b.x[k]
					}
					slope := diff * math.Pow(min(1, weight/c.XMax), c.Alpha)
					want += 0.5 * slope * diff
					slope *= c.LearningRate
					for k := range c.Dim + 1 {
						ga, gb := slope, slope
						if k < c.Dim {
							ga, gb = slope*b.x[k], slope*a.x[k]
						}
						a.x[k] -= ga / math.Sqrt(a.squares[k])
						b.x[k] -= gb / math.Sqrt(b.squares[k])
						a.squares[k] += ga * ga
						b.squares[k] += gb * gb
					}
				}
				if got := g.learn(pairs); math.Abs(got-want) > 1e-5*(1+want) {
					t.Fatalf("block %d of %d pairs: loss %.9g, expected %.9g", block, len(pairs), got, want)
				}
			}
		}
	}
}
