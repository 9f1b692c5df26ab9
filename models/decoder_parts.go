package models

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// decoderParts is what a decoder is assembled from.
type decoderParts struct {
	config        Config
	family        string   // model_type
	class         string   // of transformers, with a head
	bodyClass     string   // without one
	architectures []string // what config.json says
	names         decoderNames
	ignored       []string // tensors of a block that old files carry, and that aren't read
	generation    generationConfig

	vocab, context int     // V and the largest T
	turnsBeyond    int     // length beyond which a text's rotary positions are others; 0 for none
	dropout        float64 // of the embedded tokens
	embedding      layers.EmbeddingConfig
	positions      *layers.LearnedPositionConfig // nil for none
	blocks         []layers.BlockConfig
	norm           layers.NormConfig
	head           layers.LanguageHeadConfig
	scale          float64 // of the states before the head; 0 means 1
	tied           bool    // the head is the table of embeddings
	experts        expertUse
}

// decoderNames are the names of a decoder's parts in files: all but the head are in the folder of the body.
type decoderNames struct{ body, tokens, positions, blocks, norm, head string }

// newDecoder makes a new model of a family of decoders.
func newDecoder(c Config, p *graph.Params) (*Decoder, error) {
	m, err := New(c, p)
	if err != nil {
		return nil, err
	}
	d, ok := m.(*Decoder)
	if !ok {
		return nil, fmt.Errorf("models: the configuration is that of a model without a head")
	}
	return d, nil
}

// build makes the model, a *Decoder, a *RewardModel, or a *Body where there is no head.
func (d decoderParts) build(o origin) (Model, error) {
	reward := d.isReward(o)
	headless := !reward && d.headless(o)
	o = d.named(o, headless)
	p := o.tree()
	body := p
	if !headless {
		body = p.Sub(d.names.body)
	}
	m := &Decoder{experts: d.experts, scale: d.scale}
	if m.scale == 0 {
		m.scale = 1
	}
	m.Body = Body{Config: d.config, parts: d, params: p, class: d.class}
	m.Tokens = layers.NewEmbedding(d.embedding, body.Sub(d.names.tokens))
	if d.positions != nil {
		m.Positions = layers.NewLearnedPosition(*d.positions, body.Sub(d.names.positions))
	}
	for i, b := range d.blocks {
		folder := body.Sub(d.names.blocks).Sub(fmt.Sprint(i))
		for _, name := range d.ignored {
			folder.Ignore(name)
		}
		m.Blocks = append(m.Blocks, layers.NewBlock(b, folder))
	}
	m.Norm = layers.NewNorm(d.norm, body.Sub(d.names.norm))
	if headless {
		m.class = d.bodyClass
		return &m.Body, p.Err()
	}
	if reward {
		return d.reward(m, o, p)
	}
	m.Output = newOutput(d.head, m.Tokens, d.tied, p, d.names.head)
	if err := p.Err(); err != nil {
		return nil, err
	}
	return m, o.checkTied(d.names.head+".weight", m.Output, m.Tokens)
}

// headless tells whether the model has no head: it isn't tied, none is stored, and config.json doesn't name a class that has one.
func (d decoderParts) headless(o origin) bool {
	if d.tied || o.has(d.names.head+".weight") {
		return false
	}
	if len(d.architectures) == 0 {
		return o.source != nil
	}
	return slices.Contains(d.architectures, d.bodyClass)
}

// named gives stored tensors the names that they have in this package: a body that is stored by itself lacks its folder.
func (d decoderParts) named(o origin, headless bool) origin {
	folder := d.names.body + "."
	inFolder := o.holds(d.names.body)
	return o.rename(func(stored string) string {
		switch {
		case headless:
			return strings.TrimPrefix(stored, folder)
		case !inFolder && stored != d.names.head+".weight" && stored != scoreName+".weight":
			return folder + stored
		}
		return stored
	})
}
