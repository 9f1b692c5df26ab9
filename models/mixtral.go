package models

import (
	"errors"
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// MixtralConfig is the config.json of "Mixtral of Experts" (Jiang et al., 2024): a Mistral with a mixture of experts in the place of
// each feed-forward.
type MixtralConfig struct {
	DecoderConfig
	SlidingWindow *int     `json:"sliding_window"`                 // tokens that a token sees; nil for all
	NumExperts    int      `json:"num_local_experts"`              // E
	ActiveExperts int      `json:"num_experts_per_tok"`            // experts that each token chooses
	AddBalance    bool     `json:"output_router_logits,omitempty"` // the loss has a part that keeps experts busy evenly; see graph.RouteBalance
	BalanceScale  *float64 `json:"router_aux_loss_coef,omitempty"` // what that part is multiplied by; nil only without AddBalance
	RouterNoise   float64  `json:"router_jitter_noise,omitempty"`  // of what routers see in training; only 0 is known here
}

// mixtralAliases are other names of a Mixtral's fields.
var mixtralAliases = map[string]string{"num_experts": "num_local_experts"}

func mixtralDefaults() MixtralConfig {
	c := MixtralConfig{DecoderConfig: mistralDefaults().DecoderConfig, NumExperts: 8, ActiveExperts: 2, BalanceScale: pointer(0.001)}
	c.RMSNormEps = 1e-5
	return c
}

// sizeMixtral chooses 8 experts of which 2 are active, and 0.02 of their balance in the loss, as the published model has them.
// Published files switch the balance off (output_router_logits); a model that begins has it, since without it the routers come to
// favour some experts (docs/log.md has figures).
func sizeMixtral(_ Family, s Size) (Config, error) {
	c := MixtralConfig{DecoderConfig: DefaultLlamaConfig().DecoderConfig, NumExperts: 8, ActiveExperts: 2, AddBalance: true, BalanceScale: pointer(0.02)}
	c.sized(s)
	return c, nil
}

// Validate tells what is wrong with the configuration, or nil.
func (c MixtralConfig) Validate() error {
	d := c.design()
	if err := checkWindow(c.SlidingWindow); err != nil {
		return d.fail("%w", err)
	}
	if err := c.validate(d); err != nil {
		return err
	}
	if err := c.validateExperts(); err != nil {
		return d.fail("%w", err)
	}
	return nil
}

func (c MixtralConfig) build(o origin) (Model, error) { return c.DecoderConfig.build(c, c.design(), o) }

func (c MixtralConfig) design() decoderDesign {
	return decoderDesign{family: "mixtral", class: "Mixtral", theta: 1e6, experts: c.expertUse(), block: func(_ int, b *layers.BlockConfig) {
		b.Attention.Window = orZero(c.SlidingWindow)
		b.Mixture = c.mixture(b.FeedForward)
		b.Names.FeedForward = "block_sparse_moe"
	}}
}

// validateExperts checks what only a Mixtral has.
func (c MixtralConfig) validateExperts() error {
	switch s := c.BalanceScale; {
	case c.ActiveExperts < 1 || c.ActiveExperts > c.NumExperts:
		return fmt.Errorf("num_experts_per_tok is %d of num_local_experts %d, expected 1 to all of them", c.ActiveExperts, c.NumExperts)
	case c.NumExperts > maxParts/c.NumLayers:
		return fmt.Errorf("%d layers of num_local_experts %d, expected at most %d experts in all", c.NumLayers, c.NumExperts, maxParts)
	case c.AddBalance && s == nil:
		return errors.New("output_router_logits is true, and router_aux_loss_coef is missing")
	case s != nil && !(*s >= 0 && *s <= math.MaxFloat64):
		return fmt.Errorf("router_aux_loss_coef is %g, expected a number of at least 0", *s)
	case c.RouterNoise != 0:
		return fmt.Errorf("router_jitter_noise is %g, expected 0: only routers without noise are known here", c.RouterNoise)
	}
	return nil
}

// mixture makes experts of the feed-forward that other families have.
func (c MixtralConfig) mixture(expert layers.FeedForwardConfig) *layers.MixtureConfig {
	expert.Names = layers.FeedForwardNames{Gate: "w1", Up: "w3", Down: "w2"}
	return &layers.MixtureConfig{
		Experts: c.NumExperts, Active: c.ActiveExperts, Expert: expert, Init: graph.Normal(c.InitRange), Names: layers.MixtureNames{Router: "gate"},
	}
}

// expertUse tells how a decoder's mixtures of experts are used.
type expertUse struct {
	active  int     // experts that a token chooses
	balance float64 // what their balance is multiplied by in the loss
}

func (c MixtralConfig) expertUse() expertUse {
	u := expertUse{active: c.ActiveExperts}
	if c.AddBalance {
		u.balance = orZero(c.BalanceScale)
	}
	return u
}

// addBalance adds the figure for the routers' scores to the loss of a batch, and their part of the total.
func (u expertUse) addBalance(g *graph.Graph, loss *layers.Loss, scores []*graph.Node, b layers.Batch) {
	c := graph.BalanceConfig{Active: u.active, Segments: b.In[layers.Segments], Scale: b.Scale}
	if b.Scale != nil {
		c.Targets = b.In[layers.Targets]
	}
	balance, counts := g.RouteBalance(scores, c)
	loss.Figures = append(loss.Figures, layers.Balance(counts))
	if u.balance != 0 {
		loss.Total = g.Add(loss.Total, g.Scale(balance, u.balance))
	}
}
