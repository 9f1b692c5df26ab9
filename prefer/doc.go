// Package prefer has the losses by which language models learn from preference: which of two texts is better (DPO and its kin,
// ORPO, SimPO, reward models), or whether one text is good (KTO), and from a larger model (distillation).
//
//	m := prefer.DPO{Policy: policy, Reference: reference, Config: prefer.DefaultDPOConfig()}
//	trainer, err := train.New(m, config) // on rows of PairLayout
//
// Each is a model in the sense of package train: a policy of package models, or any [Model], with a loss of its own and figures as trl has
// them. Losses are means over pairs or texts, the same however a step is divided into micro-batches.
package prefer
