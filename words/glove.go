package words

import (
	"context"
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"github.com/seahorse-ml/seahorse/internal/parallel"
	"github.com/seahorse-ml/seahorse/internal/random"
)

// GloVeConfig configures GloVe. Start from DefaultGloVeConfig.
type GloVeConfig struct {
	Dim          int     // D, > 0
	Epochs       int     // passes over the pairs, > 0
	LearningRate float64 // AdaGrad's, > 0
	XMax, Alpha  float64 // a pair of weight x counts min(1, (x/XMax)^Alpha)
	Seed         uint64
	Progress     func(done, total int64) // told how many pairs are done of all epochs'; nil for silence
}

// DefaultGloVeConfig returns the settings of the GloVe tool, but for its dimensions.
func DefaultGloVeConfig() GloVeConfig {
	return GloVeConfig{Dim: 100, Epochs: 25, LearningRate: 0.05, XMax: 100, Alpha: 0.75, Seed: 1}
}

// gloveBlocks is into how many groups words are divided; groups of words and of contexts that don't meet are learned side by side (Gemulla et
// al., 2011), so the result doesn't depend on the number of threads.
const gloveBlocks = 8

// glove holds what is learned: for words and for contexts vectors with a bias behind, and AdaGrad's sums of squares of the same shape.
type glove struct {
	config       GloVeConfig
	width        int // D+1
	words, near  []float32
	wordSq, nrSq []float32
	blocks       [gloveBlocks][gloveBlocks][]glovePair
}

type glovePair struct {
	row, column int32
	logWeight   float32
	factor      float32
}

// GloVe learns vectors from a co-occurrence (Pennington et al., 2014): the sum of a word's vector and of its vector as a context. It also
// returns the mean loss of the last epoch.
func (m *Cooccurrence) GloVe(ctx context.Context, c GloVeConfig) (*Vectors, float64, error) {
	if c.Dim < 1 || c.Epochs < 1 || !(c.LearningRate > 0) || !(c.XMax > 0) || !(c.Alpha >= 0) {
		return nil, 0, fmt.Errorf("words: GloVe: %d dimensions, %d epochs, learning rate %g, x-max %g, alpha %g, expected positive ones", c.Dim, c.Epochs, c.LearningRate, c.XMax, c.Alpha)
	}
	n := m.Vocabulary.Len()
	g := &glove{config: c, width: c.Dim + 1}
	for i, values := range []*[]float32{&g.words, &g.near} {
		*values = make([]float32, n*g.width)
		for j := range *values {
			(*values)[j] = float32((random.Float64(c.Seed, 10+uint64(i), uint64(j)) - 0.5) / float64(g.width))
		}
	}
	g.wordSq, g.nrSq = make([]float32, n*g.width), make([]float32, n*g.width)
	kernels.Fill(g.wordSq, 1)
	kernels.Fill(g.nrSq, 1)
	g.cut(m)
	loss := 0.0
	for epoch := range c.Epochs {
		if ctx.Err() != nil {
			return nil, 0, fmt.Errorf("words: GloVe: %w", context.Cause(ctx))
		}
		loss = g.epoch(epoch) / float64(len(m.Columns))
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			return nil, 0, fmt.Errorf("words: GloVe: epoch %d: the loss is %v; a lower learning rate may help", epoch+1, loss)
		}
		if c.Progress != nil {
			c.Progress(int64(epoch+1)*int64(len(m.Columns)), int64(c.Epochs)*int64(len(m.Columns)))
		}
	}
	v := &Vectors{Vocabulary: m.Vocabulary, Dim: c.Dim, Values: make([]float32, n*c.Dim)}
	for i := range n {
		kernels.Add(v.At(i), g.words[i*g.width:][:c.Dim], g.near[i*g.width:][:c.Dim])
	}
	return v, loss, nil
}

// cut sorts the pairs into blocks, and shuffles each.
func (g *glove) cut(m *Cooccurrence) {
	for i := range m.Vocabulary.Len() {
		for at := m.Begin[i]; at < m.Begin[i+1]; at++ {
			j, x := m.Columns[at], m.Weights[at]
			b := &g.blocks[i%gloveBlocks][j%gloveBlocks]
			*b = append(*b, glovePair{int32(i), j, float32(math.Log(x)), float32(math.Pow(min(1, x/g.config.XMax), g.config.Alpha))})
		}
	}
	for i := range g.blocks {
		for j := range g.blocks[i] {
			b := g.blocks[i][j]
			s := source{random.Uint64(g.config.Seed, 12, uint64(i*gloveBlocks+j))}
			for k := len(b) - 1; k > 0; k-- {
				other := s.below(uint32(k + 1))
				b[k], b[other] = b[other], b[k]
			}
		}
	}
}

// epoch goes through all pairs once and returns the sum of their losses.
func (g *glove) epoch(epoch int) float64 {
	var losses [gloveBlocks][gloveBlocks]float64
	for step := range gloveBlocks {
		shift := (step + epoch) % gloveBlocks
		parallel.Run(gloveBlocks, func(_, i int) {
			j := (i + shift) % gloveBlocks
			losses[i][j] = g.learn(g.blocks[i][j])
		})
	}
	sum := 0.0
	for _, row := range losses {
		for _, loss := range row {
			sum += loss
		}
	}
	return sum
}

// learn makes a step for each pair of a block.
func (g *glove) learn(pairs []glovePair) (loss float64) {
	d, rate := g.config.Dim, float32(g.config.LearningRate)
	const most = 100 // of a slope, as the tool clips it
	for _, p := range pairs {
		row, column := int(p.row)*g.width, int(p.column)*g.width
		w, c := g.words[row:][:g.width], g.near[column:][:g.width]
		ws, cs := g.wordSq[row:][:g.width], g.nrSq[column:][:g.width]
		diff := kernels.Dot(w[:d], c[:d]) + w[d] + c[d] - p.logWeight
		slope := p.factor * diff
		loss += 0.5 * float64(slope) * float64(diff)
		slope *= rate
		for k := range d {
			toW, toC := slope*c[k], slope*w[k]
			toW, toC = min(max(toW, -most), most), min(max(toC, -most), most)
			w[k] -= toW / sqrt(ws[k])
			c[k] -= toC / sqrt(cs[k])
			ws[k] += toW * toW
			cs[k] += toC * toC
		}
		w[d] -= slope / sqrt(ws[d])
		c[d] -= slope / sqrt(cs[d])
		ws[d] += slope * slope
		cs[d] += slope * slope
	}
	return loss
}

func sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }
