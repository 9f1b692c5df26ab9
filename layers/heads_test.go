package layers

import (
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// TestHeads checks what testdata/heads.py has recorded.
func TestHeads(t *testing.T) {
	masked := func(tied bool) func(p *graph.Params) forward {
		return func(p *graph.Params) forward {
			c := MaskedHeadConfig{
				Width: goldenD, Hidden: goldenHidden, Vocab: goldenV, Activation: graph.GELU, Norm: NormConfig{Eps: 1e-5, Bias: true},
				Names: MaskedHeadNames{Dense: "transform.dense", Norm: "transform.norm"},
			}
			if tied {
				c.Tied = NewEmbedding(EmbeddingConfig{Vocab: goldenV, Width: goldenHidden}, p.Sub("table")).Weight
			}
			return NewMaskedHead(c, p).Logits
		}
	}
	pool := func(c PoolConfig) func(p *graph.Params) forward {
		return func(*graph.Params) forward {
			return func(g *graph.Graph, x *graph.Node) *graph.Node { return Pool(g, x, goldenSegments(g), c) }
		}
	}
	checkGoldens(t, "heads.json", map[string]func(p *graph.Params) forward{
		"learned position with offset": func(p *graph.Params) forward {
			l := NewLearnedPosition(LearnedPositionConfig{Length: goldenT + 3, Width: goldenD, Offset: 2}, p.Sub("position"))
			return func(g *graph.Graph, x *graph.Node) *graph.Node { return l.Forward(g, x, Pass{}) }
		},
		"masked head":      masked(false),
		"masked head tied": masked(true),
		"classifier": func(p *graph.Params) forward {
			return NewClassifier(ClassifierConfig{Width: goldenD, Classes: 3}, p.Sub("classifier")).Scores
		},
		"smoothed loss": func(p *graph.Params) forward {
			h := NewLanguageHead(LanguageHeadConfig{Width: goldenD, Vocab: goldenV, Bias: true}, p.Sub("head"))
			return func(g *graph.Graph, x *graph.Node) *graph.Node {
				targets := goldenIDs(g)
				graph.Ints(targets)[3] = -1
				loss, _ := h.Loss(g, x, targets, graph.CrossEntropyConfig{LabelSmoothing: 0.2})
				return g.Reshape(loss, 1)
			}
		},
		"pool mean":             pool(PoolConfig{}),
		"pool mean normalized":  pool(PoolConfig{Normalize: true}),
		"pool first normalized": pool(PoolConfig{Kind: PoolFirst, Normalize: true}),
	})
}

// goldenSegments marks the last two tokens of the second sequence as padding.
func goldenSegments(g *graph.Graph) *graph.Node {
	n := g.Input("segments", tensor.Int32, goldenB, goldenT)
	for i := 2*goldenT - 2; i < 2*goldenT; i++ {
		graph.Ints(n)[i] = -1
	}
	return n
}

func TestHeadsRefuse(t *testing.T) {
	tests := []struct {
		name string
		make func(p *graph.Params)
	}{
		{"a position beyond the table", func(p *graph.Params) { NewLearnedPosition(LearnedPositionConfig{Length: 3, Width: 2, Offset: 3}, p) }},
		{"no vocabulary", func(p *graph.Params) { NewMaskedHead(MaskedHeadConfig{Width: 2, Hidden: 2}, p) }},
		{"no classes", func(p *graph.Params) { NewClassifier(ClassifierConfig{Width: 2}, p) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := graph.NewParams(tensor.Float32, 1)
			test.make(p)
			if p.Err() == nil {
				t.Error("no error")
			}
		})
	}
}
