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
	PoolLast                 // the state of the last token but the padding, which alone has seen all others in a decoder
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
	case PoolLast:
		y = g.Last(x, segments)
	default:
		return g.Fail(fmt.Errorf("layers: pool: kind %d, expected %d, %d or %d", c.Kind, PoolMean, PoolFirst, PoolLast))
	}
	if !c.Normalize {
		return y
	}
	return Normalize(g, y, width)
}

// Normalize gives each row of x [..., D] the length 1; 0 stays 0.
func Normalize(g *graph.Graph, x *graph.Node, width int) *graph.Node {
	// x over its length is x/√(mean of squares) over √D. The ε keeps 0 from dividing by 0.
	const eps = 1e-24
	return g.Scale(g.RMSNorm(x, nil, eps, 0), 1/math.Sqrt(float64(max(1, width))))
}
