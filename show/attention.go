package show

import (
	"fmt"
	"slices"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
)

// A Part says between which tokens an attention is.
type Part string

const (
	Self    Part = "self"    // of the tokens of a model with one side
	Encoder Part = "encoder" // of the source's tokens
	Decoder Part = "decoder" // of the tokens that an encoder-decoder writes
	Cross   Part = "cross"   // from those to the source's
)

// An AttentionMap has the attention of a layer.
type AttentionMap struct {
	Part                 Part
	Layer                int       // from 0
	Heads, Queries, Keys int       // H, T and S; the queries and keys of a decoder begin with its start token
	Weights              []float32 // [H, T, S]; each row adds up to 1
}

// At returns with what weight a query takes a key.
func (a *AttentionMap) At(head, query, key int) float32 {
	return a.Weights[(head*a.Queries+query)*a.Keys+key]
}

// AttentionConfig configures Attention.
type AttentionConfig struct {
	Layers []int  // of each part, from 0; nil means all
	Parts  []Part // nil means all
}

// Attention returns the attention of layers, each part's one behind the other.
func Attention(m models.Model, t Text, c AttentionConfig) ([]AttentionMap, error) {
	x, err := newTrace(m, t, 1)
	if err != nil {
		return nil, err
	}
	defer x.close()
	maps, weights, err := x.maps(c)
	if err != nil {
		return nil, err
	}
	if err := x.run(t, weights...); err != nil {
		return nil, err
	}
	for i := range maps {
		maps[i].Weights = values(weights[i])
	}
	order := []Part{Self, Encoder, Decoder, Cross}
	slices.SortStableFunc(maps, func(a, b AttentionMap) int {
		return slices.Index(order, a.Part) - slices.Index(order, b.Part)
	})
	return maps, nil
}

// maps returns the attentions that are asked for, without their weights, and the nodes that have those.
func (x *traced) maps(c AttentionConfig) ([]AttentionMap, []*graph.Node, error) {
	var maps []AttentionMap
	var weights []*graph.Node
	layer := map[Part]int{}
	add := func(a graph.TracedAttention, part Part) {
		i := layer[part]
		layer[part]++
		if c.Layers != nil && !slices.Contains(c.Layers, i) || c.Parts != nil && !slices.Contains(c.Parts, part) {
			return
		}
		maps = append(maps, AttentionMap{Part: part, Layer: i, Heads: a.Heads, Queries: a.Queries, Keys: a.Keys})
		weights = append(weights, a.Weights())
	}
	for _, a := range x.encoding.attentions {
		add(a, Encoder)
	}
	for _, a := range x.main.attentions {
		switch {
		case a.Cross:
			add(a, Cross)
		case x.source != nil:
			add(a, Decoder)
		default:
			add(a, Self)
		}
	}
	for _, i := range c.Layers {
		most := 0
		for _, n := range layer {
			most = max(most, n)
		}
		if i < 0 || i >= most {
			return nil, nil, fmt.Errorf("show: attention: layer %d, expected 0 to %d", i, most-1)
		}
	}
	if len(maps) == 0 {
		return nil, nil, fmt.Errorf("show: attention: the model has none of parts %v", c.Parts)
	}
	return maps, weights, nil
}
