package main

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/task"
)

// weightsFlag says whether records are weighed.
type weightsFlag struct {
	Weights bool `default:"true" negatable:"" help:"Let each record count what it says under weight, a number of 0 or more, in what is learned and measured (on)."`
}

// weigh lets a format pass over weights where they aren't wanted, and refuses a column of them for objectives that don't weigh.
func (f weightsFlag) weigh(d *dataFormat, o task.Objective) error {
	if d.unweighted = !f.Weights || !task.Weighs(o); d.WeightColumn != "" && !task.Weighs(o) {
		return fmt.Errorf("--weight-column: of the objective %s all records count alike; those of causal, masked, seq2seq, classification, token-classification and regression are weighed", o.Name())
	}
	return nil
}
