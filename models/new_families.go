package models

import (
	"errors"

	"github.com/seahorse-ml/seahorse/graph"
)

// smallRopeBase is the base of rotary wavelengths in models of short contexts, that of the first
// Llama; published models of long contexts have more.
const smallRopeBase = 10000

func sizeGPT2(_ string, s Size) (blueprint, error) {
	if err := s.ungrouped(); err != nil {
		return nil, err
	}
	c := DefaultGPT2Config()
	c.VocabSize, c.NPositions, c.NEmbd, c.NLayer, c.NHead = s.Vocab, s.Context, s.Width, s.Layers, s.Heads
	if s.Inner > 0 {
		c.NInner = &s.Inner
	}
	c.EmbdDropout, c.AttnDropout, c.ResidDropout = s.Dropout, s.Dropout, s.Dropout
	c.BosTokenID, c.EosTokenID = s.Start, s.End
	return c, nil
}

func sizeGPTNeoX(_ string, s Size) (blueprint, error) {
	if err := s.ungrouped(); err != nil {
		return nil, err
	}
	c := DefaultGPTNeoXConfig()
	c.VocabSize, c.MaxPositions, c.HiddenSize, c.NumLayers, c.NumHeads, c.IntermediateSize = s.Vocab, s.Context, s.Width, s.Layers, s.Heads, s.inner()
	c.HiddenDropout, c.AttentionDropout = s.Dropout, s.Dropout
	c.BosTokenID, c.EosTokenID = s.Start, oneToken(s.End)
	return c, nil
}

func sizeLlama(arch string, s Size) (blueprint, error) {
	c := DefaultLlamaConfig()
	c.ModelType, c.Architectures = arch, []string{llamaArchitectures[arch]}
	c.VocabSize, c.MaxPositions, c.HiddenSize, c.NumLayers, c.NumHeads, c.IntermediateSize = s.Vocab, s.Context, s.Width, s.Layers, s.Heads, s.gated()
	c.NumKVHeads, c.HeadDim, c.AttentionDropout = s.kvHeads(), s.headSize(), s.Dropout
	c.RopeParameters = &RopeParameters{Theta: smallRopeBase, Type: "default"}
	c.BosTokenID, c.EosTokenID, c.PadTokenID = s.Start, oneToken(s.End), s.Pad
	switch arch {
	case "mistral":
		window := 4096
		c.SlidingWindow = &window
	case "mixtral":
		c.newExperts()
	case "qwen2":
		c.HeadDim = 0 // which its readers don't know
		c.MaxWindowLayers = s.Layers
	case "qwen3":
		c.MaxWindowLayers = s.Layers
	}
	return c, nil
}

func sizeGemma3(_ string, s Size) (blueprint, error) {
	c := DefaultGemma3Config()
	c.VocabSize, c.MaxPositions, c.HiddenSize, c.NumLayers, c.NumHeads, c.IntermediateSize = s.Vocab, s.Context, s.Width, s.Layers, s.Heads, s.gated()
	c.NumKVHeads, c.HeadDim, c.QueryScalar, c.AttentionDropout = s.kvHeads(), s.headSize(), s.headSize(), s.Dropout
	c.LayerTypes = nil
	c.LayerTypes = c.layerTypes()
	c.BosTokenID, c.EosTokenID, c.PadTokenID = s.Start, oneToken(s.End), s.Pad
	return c, nil
}

func sizeT5(_ string, s Size) (blueprint, error) {
	first, err := s.first()
	if err := errors.Join(err, s.ungrouped()); err != nil {
		return nil, err
	}
	c := DefaultT5Config()
	c.VocabSize, c.Width, c.NumLayers, c.NumHeads, c.HeadSize, c.Hidden = s.Vocab, s.Width, s.Layers, s.Heads, s.headSize(), s.inner()
	c.Dropout, c.StartTokenID, c.EosTokenID, c.PadTokenID = s.Dropout, &first, oneToken(s.End), first
	if s.Pad != nil {
		c.PadTokenID = *s.Pad
	}
	return c, nil
}

func sizeTransformer(_ string, s Size) (blueprint, error) {
	first, err := s.first()
	if err := errors.Join(err, s.ungrouped()); err != nil {
		return nil, err
	}
	c := DefaultTransformerConfig()
	c.VocabSize, c.MaxPositions, c.Width, c.EncoderLayers, c.DecoderLayers, c.Heads, c.Hidden = s.Vocab, s.Context, s.Width, s.Layers, s.Layers, s.Heads, s.inner()
	c.Dropout, c.StartTokenID, c.EosTokenID, c.PadTokenID = s.Dropout, first, first, s.Pad
	if s.End != nil {
		c.EosTokenID = *s.End
	}
	return c, nil
}

func sizeMasked(arch string, s Size) (blueprint, error) {
	c, err := s.encoder(arch)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// encoder returns the configuration of an encoder of a size, with a head for masked tokens.
func (s Size) encoder(arch string) (EncoderConfig, error) {
	var c EncoderConfig
	switch arch {
	case "bert":
		c = DefaultBertConfig()
	case "roberta":
		c = DefaultRobertaConfig()
	case "albert":
		c = DefaultAlbertConfig()
		c.EmbeddingSize = min(c.EmbeddingSize, s.Width)
	}
	c.Architectures = []string{encoderFamilies[arch].class + TaskMasked.suffix()}
	c.VocabSize, c.MaxPositions, c.HiddenSize, c.NumLayers, c.NumHeads, c.IntermediateSize = s.Vocab, s.Context, s.Width, s.Layers, s.Heads, s.inner()
	c.HiddenDropout, c.AttentionDropout = s.Dropout, s.Dropout
	c.BosTokenID, c.EosTokenID, c.PadTokenID = s.Start, oneToken(s.End), s.Pad
	if arch == "roberta" {
		if s.Pad == nil {
			return c, errors.New("positions begin behind the id of the padding token, and there is none")
		}
		c.MaxPositions += c.positionOffset()
	}
	return c, s.ungrouped()
}

func (c GPT2Config) build(p *graph.Params) (Model, error)        { return made(NewGPT2(c, p)) }
func (c GPTNeoXConfig) build(p *graph.Params) (Model, error)     { return made(NewGPTNeoX(c, p)) }
func (c LlamaConfig) build(p *graph.Params) (Model, error)       { return made(NewLlama(c, p)) }
func (c Gemma3Config) build(p *graph.Params) (Model, error)      { return made(NewGemma3(c, p)) }
func (c T5Config) build(p *graph.Params) (Model, error)          { return made(NewT5(c, p)) }
func (c TransformerConfig) build(p *graph.Params) (Model, error) { return made(NewTransformer(c, p)) }
func (c EncoderConfig) build(p *graph.Params) (Model, error)     { return made(NewMaskedLM(c, p)) }

// made keeps an error from hiding a nil pointer in an interface.
func made[M Model](m M, err error) (Model, error) {
	if err != nil {
		return nil, err
	}
	return m, nil
}
