// Package adapt fine-tunes a model by a small part of its own: low-rank adapters on its projections (LoRA, DoRA), trained vectors
// before its texts (prompt tuning), copies of some of its layers, and rows of its table of embeddings. The model itself stays as it is. What
// was trained is written and read as Hugging Face's peft does.
//
// An adapter is put on any model of layers.Linears, one's own too:
//
//	c := adapt.LoRAConfig{Rank: 8, Alpha: 16, Targets: adapt.AllLinear()}
//	a, err := adapt.NewLoRA(model, c, 1)                   // model computes with the adapter from here on
//	t, err := train.New(adapt.Trained(model, a), config)   // and the adapter is all that is trained and saved
//	err = t.Run(ctx)
//	err = a.Merge()                                        // or leave the files apart
package adapt
