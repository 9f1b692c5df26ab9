package main

import (
	"slices"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/optim"
	"github.com/seahorse-ml/seahorse/train"
)

// optimizer returns what makes the optimizer that the options describe.
func (o *trainingOptions) optimizer(m models.Model) train.MakeOptimizer {
	adam := optim.DefaultAdamConfig()
	adam.Beta1, adam.Beta2, adam.MaxGradNorm = o.Beta1, *o.Beta2, o.MaxGradNorm
	return func(params []*graph.Param) (optim.Optimizer, error) {
		groups := optim.Groups(params, *o.WeightDecay)
		switch o.Optim {
		case "adamw_8bit":
			return optim.NewAdamW8(groups, adam)
		case "adafactor":
			c := optim.DefaultAdafactorConfig()
			c.MaxGradNorm = o.MaxGradNorm
			return optim.NewAdafactor(groups, c)
		case "sgd":
			return optim.NewSGD(groups, optim.SGDConfig{Momentum: o.Beta1, MaxGradNorm: o.MaxGradNorm})
		case "lion":
			return optim.NewLion(groups, optim.LionConfig{Beta1: o.Beta1, Beta2: *o.Beta2, MaxGradNorm: o.MaxGradNorm})
		case "muon":
			c := optim.DefaultMuonConfig()
			c.Adam, c.MatchAdam, c.Plain = adam, true, outsideOfBlocks(m)
			return optim.NewMuon(groups, c)
		}
		return optim.NewAdamW(groups, adam)
	}
}

// outsideOfBlocks tells which matrices are none of a model's projections: tables of embeddings and the heads that score a vocabulary.
func outsideOfBlocks(m models.Model) func(p *graph.Param) bool {
	projections := map[string]bool{} // by name, since sketches' optimizers are asked too
	for _, l := range layers.Find[layers.Linear](m) {
		if !slices.Contains(l.Weight.Shape, m.VocabSize()) {
			projections[l.Weight.Name] = true
		}
	}
	return func(p *graph.Param) bool { return !projections[p.Name] }
}
