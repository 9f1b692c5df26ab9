// Package train trains models.
//
// A [Trainer] makes a run in a directory:
//
//	config := train.DefaultConfig()
//	config.Dir, config.Train, config.Validation = "runs/mine", windows, validation
//	config.MaxSteps = 2000
//	t, err := train.New(model, config)
//	…
//	defer t.Close()
//	err = t.Run(ctx)
//
// The directory holds metrics.jsonl, the checkpoints, and in the end the model. When ctx
// ends, Run saves a checkpoint and returns an [Interrupted]. [Trainer.Resume] goes on
// from the last checkpoint: the model that comes out, and metrics.jsonl but for the speeds, are then byte for byte
// those of a run that was never interrupted, on any number of threads.
//
// Its parts are usable alone: a [Stepper] makes single optimization steps, [Evaluate]
// measures the loss over a whole dataset. Any [Model] will do, not only those of package models.
package train
