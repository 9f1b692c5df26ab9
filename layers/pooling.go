package layers

import (
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/graph"
)

// A Pooling says how the states of a sequence become one.
type Pooling uint8

const (
	PoolMean  Pooling = iota // the mean over all tokens but the padding
	PoolFirst                // the state of the first token, which BERT calls [CLS]
)

// PoolerConfig configures NewPooler.
type PoolerConfig struct {
	Width     int     // D, > 0
	Kind      Pooling // default PoolMean
	Normalize bool    // results have the length 1; default false
}

// Pooler makes one vector of a sequence (Reimers and Gurevych, 2019).
type Pooler struct {
	config PoolerConfig
}

// NewPooler makes no parameters; the tree takes its errors.
func NewPooler(c PoolerConfig, p *graph.Params) *Pooler {
	if c.Width <= 0 || c.Kind > PoolFirst {
		p.Fail(fmt.Errorf("layers: pooler: kind %d and width %d, expected a known kind and a positive width", c.Kind, c.Width))
	}
	return &Pooler{config: c}
}

// Forward maps x [B, T, D] to [B, D]. Segments [B, T] int32 tell the padding, -1;
// nil means that there is none.
func (p *Pooler) Forward(g *graph.Graph, x, segments *graph.Node) *graph.Node {
	var y *graph.Node
	if p.config.Kind == PoolFirst {
		y = g.First(x)
	} else {
		y = g.Mean(x, segments)
	}
	if !p.config.Normalize {
		return y
	}
	// x over its length is x/√(mean of squares) over √D. The ε keeps 0 from dividing by 0.
	const eps = 1e-24
	return g.Scale(g.RMSNorm(y, nil, eps, 0), 1/math.Sqrt(float64(p.config.Width)))
}
