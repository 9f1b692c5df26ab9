package words

import (
	"context"
	"errors"
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

// Validate tells what is wrong with the settings, or nil.
func (c GloVeConfig) Validate() error {
	if err := errors.Join(bound{"Dim", c.Dim, 1, mostDim}.check(), bound{"Epochs", c.Epochs, 1, math.MaxInt32}.check()); err != nil {
		return fmt.Errorf("words: GloVe: %w", err)
	}
	if !(c.LearningRate > 0) || !(c.XMax > 0) || !(c.Alpha >= 0) || math.IsInf(c.LearningRate+c.XMax+c.Alpha, 0) {
		return fmt.Errorf("words: GloVe: learning rate %g, x-max %g, alpha %g, expected positive ones", c.LearningRate, c.XMax, c.Alpha)
	}
	return nil
}

// GloVe learns vectors from a co-occurrence (Pennington et al., 2014): the sum of a word's vector and of its vector as a context. It also
// returns the mean loss of the last epoch.
func (m *Cooccurrence) GloVe(ctx context.Context, c GloVeConfig) (*Vectors, float64, error) {
	pairs := func(yield func(pair, error) bool) {
		for i := range m.Vocabulary.Len() {
			for at := m.Begin[i]; at < m.Begin[i+1]; at++ {
				if !yield(pair{pairKey(int32(i), m.Columns[at]), int32(i), m.Columns[at], m.Weights[at]}, nil) {
					return
				}
			}
		}
	}
	return learnGloVe(ctx, m.Vocabulary, c, func() (*gloveBlocks, error) { return arrangeInMemory(ctx, pairs, c) })
}

// GloVe is Cooccurrence.GloVe, with the same result. Pairs that don't fit in memory are shuffled in a file and read from it in each epoch.
func (p *Pairs) GloVe(ctx context.Context, c GloVeConfig) (*Vectors, float64, error) {
	return learnGloVe(ctx, p.vocabulary, c, func() (*gloveBlocks, error) {
		if len(p.runs.files) == 0 {
			return arrangeInMemory(ctx, p.distinct(), c)
		}
		return arrange(ctx, p.distinct(), p.config, c)
	})
}

// learnGloVe learns from pairs as they are arranged.
func learnGloVe(ctx context.Context, v *Vocabulary, c GloVeConfig, arrange func() (*gloveBlocks, error)) (_ *Vectors, loss float64, err error) {
	if err := c.Validate(); err != nil {
		return nil, 0, err
	}
	g := newGlove(v.Len(), c)
	if g.blocks, err = arrange(); err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, g.blocks.close()) }()
	n := g.blocks.len()
	for epoch := range c.Epochs {
		if ctx.Err() != nil {
			return nil, 0, fmt.Errorf("words: GloVe: %w", context.Cause(ctx))
		}
		if loss, err = g.epoch(epoch); err != nil {
			return nil, 0, err
		}
		loss /= float64(n)
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			return nil, 0, fmt.Errorf("words: GloVe: epoch %d: the loss is %v; a lower learning rate may help", epoch+1, loss)
		}
		if c.Progress != nil {
			c.Progress(int64(epoch+1)*n, int64(c.Epochs)*n)
		}
	}
	return g.vectors(v), loss, nil
}

// glove holds what is learned: for words and for contexts vectors with a bias behind, and AdaGrad's sums of squares of the same shape.
type glove struct {
	config       GloVeConfig
	width        int // from one vector to the next, D+1 or more
	words, near  []float32
	wordSq, nrSq []float32
	blocks       *gloveBlocks
}

func newGlove(n int, c GloVeConfig) *glove {
	g := &glove{config: c, width: strideOf(c.Dim + 1)}
	for i, values := range []*[]float32{&g.words, &g.near} {
		*values = make([]float32, n*g.width)
		for row := range n {
			for k := range c.Dim + 1 {
				x := random.Float64(c.Seed, 10+uint64(i), uint64(row*(c.Dim+1)+k)) - 0.5
				(*values)[row*g.width+k] = float32(x / float64(c.Dim+1))
			}
		}
	}
	g.wordSq, g.nrSq = make([]float32, n*g.width), make([]float32, n*g.width)
	kernels.Fill(g.wordSq, 1)
	kernels.Fill(g.nrSq, 1)
	return g
}

// vectors returns the sums of both vectors of all words.
func (g *glove) vectors(vocabulary *Vocabulary) *Vectors {
	v := &Vectors{Vocabulary: vocabulary, Dim: g.config.Dim, Values: make([]float32, vocabulary.Len()*g.config.Dim)}
	for i := range vocabulary.Len() {
		kernels.Add(v.At(i), g.words[i*g.width:][:v.Dim], g.near[i*g.width:][:v.Dim])
	}
	return v
}

// epoch goes through all pairs once and returns the sum of their losses.
func (g *glove) epoch(epoch int) (float64, error) {
	var losses [gloveBlockCount]float64
	var errs [gloveBlockCount]error
	for step := range gloveGroups {
		shift := (step + epoch) % gloveGroups
		parallel.Run(gloveGroups, func(_, i int) {
			block := i*gloveGroups + (i+shift)%gloveGroups
			for pairs, err := range g.blocks.read(block) {
				if err != nil {
					errs[block] = err
					return
				}
				losses[block] += g.learn(pairs)
			}
		})
	}
	sum := 0.0
	for _, loss := range losses {
		sum += loss
	}
	return sum, errors.Join(errs[:]...)
}

// learn makes a step for each pair.
func (g *glove) learn(pairs []glovePair) (loss float64) {
	const most = 100 // of a slope, as the tool clips it
	d, rate := g.config.Dim, float32(g.config.LearningRate)
	for _, p := range pairs {
		row, column := int(p.row)*g.width, int(p.column)*g.width
		w, c := g.words[row:][:d+1], g.near[column:][:d+1]
		ws, cs := g.wordSq[row:][:d+1], g.nrSq[column:][:d+1]
		diff := kernels.Dot(w[:d], c[:d]) + w[d] + c[d] - p.logWeight
		slope := p.factor * diff
		loss += 0.5 * float64(slope) * float64(diff)
		kernels.AdaGradDot(w[:d], c[:d], ws[:d], cs[:d], slope, most, rate)
		slope *= rate
		w[d] -= slope / sqrt(ws[d])
		c[d] -= slope / sqrt(cs[d])
		ws[d] += slope * slope
		cs[d] += slope * slope
	}
	return loss
}

func sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }
