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

// PoolConfig configures Pool.
type PoolConfig struct {
	Kind      Pooling // default PoolMean
	Normalize bool    // results have the length 1; default false
}

// Pool makes one vector of each sequence (Reimers and Gurevych, 2019): x [B, T, D]
// becomes [B, D]. Segments [B, T] int32 tell the padding, -1; nil means that there is none.
func Pool(g *graph.Graph, x, segments *graph.Node, c PoolConfig) *graph.Node {
	_, _, width := g.Dims3(x)
	var y *graph.Node
	switch c.Kind {
	case PoolMean:
		y = g.Mean(x, segments)
	case PoolFirst:
		y = g.First(x)
	default:
		return g.Fail(fmt.Errorf("layers: pool: kind %d, expected %d or %d", c.Kind, PoolMean, PoolFirst))
	}
	if !c.Normalize {
		return y
	}
	// y over its length is y/√(mean of squares) over √D. The ε keeps 0 from dividing by 0.
	const eps = 1e-24
	return g.Scale(g.RMSNorm(y, nil, eps, 0), 1/math.Sqrt(float64(max(1, width))))
}
