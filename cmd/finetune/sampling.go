package main

import "github.com/seahorse-ml/seahorse/generate"

// samplingFlags say how tokens are drawn.
type samplingFlags struct {
	Temperature       *float64 `placeholder:"X" help:"What logits are divided by (0.8). 0 takes the best token each time."`
	TopK              int      `default:"0" placeholder:"K" help:"Draw from the K best tokens only. 0 draws from all."`
	TopP              float64  `default:"1" placeholder:"P" help:"Draw from the best tokens that have this probability together (${default}). 0 takes the best token each time."`
	MinP              float64  `default:"0" placeholder:"P" help:"Draw only from tokens with this part of the best one's probability (${default})."`
	RepetitionPenalty float64  `default:"1" placeholder:"X" help:"Make tokens that are in the text already less likely, if above 1 (${default})."`
	Seed              uint64   `default:"1337" placeholder:"N" help:"Seed of what is drawn (${default})."`
}

// sampling returns how up to so many tokens are drawn.
func (f *samplingFlags) sampling(tokens int) generate.Config {
	c := generate.Config{
		MaxNewTokens: tokens, Temperature: 0.8, TopK: f.TopK, TopP: &f.TopP, MinP: f.MinP, RepetitionPenalty: &f.RepetitionPenalty, Seed: f.Seed,
	}
	if f.Temperature != nil {
		c.Temperature = *f.Temperature
	}
	return c
}
