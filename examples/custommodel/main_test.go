package main

import (
	"path/filepath"
	"testing"

	"github.com/seahorse-ml/seahorse/train"
)

// losses keeps the losses of a run.
type losses struct {
	train.Silent
	first, last float64
}

func (l *losses) Step(e train.StepEvent) error {
	if e.Step == 1 {
		l.first = e.Loss
	}
	return nil
}

func (l *losses) Eval(e train.EvalEvent) error {
	l.last = e.Loss
	return nil
}

func TestDecoderLearns(t *testing.T) {
	var l losses
	if err := run(t.Context(), filepath.Join("..", "..", "LICENSE"), t.TempDir(), 40, &l); err != nil {
		t.Fatal(err)
	}
	if !(l.last < 0.75*l.first) {
		t.Errorf("the loss was %g at first and is %g on the validation part after 40 steps", l.first, l.last)
	}
}
