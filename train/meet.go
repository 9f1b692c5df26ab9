package train

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/cpu"
	"github.com/seahorse-ml/seahorse/internal/exchange"
)

// What ranks tell each other before a step.
const (
	flagStop      = 1 << iota // a callback wants the run to stop
	flagInterrupt             // the context has ended
	flagSave                  // a checkpoint is wanted
	flagEvents                // rank 0 was asked for something, which all are about to be told
)

// consent lets the ranks decide together whether the step that they have the batches of is made; it counts what is in these.
func (t *Trainer) consent(ctx context.Context) error {
	var flags uint64
	if several(t.config.Ranks) {
		if t.stopping {
			flags |= flagStop
		}
		if ctx.Err() != nil {
			flags |= flagInterrupt
		}
		if t.wanted.Swap(false) {
			flags |= flagSave
		}
		if len(t.control.fresh) > 0 {
			flags |= flagEvents
		}
	}
	all, err := t.stepper.count(flags)
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	for rank, f := range all {
		t.saving = t.saving || f&flagSave != 0
		switch {
		case f&flagInterrupt != 0 && ctx.Err() != nil:
			return ctx.Err()
		case f&flagInterrupt != 0:
			return &rankInterrupted{rank}
		case f&flagStop != 0:
			return errStopping
		}
	}
	if len(all) > 0 && all[0]&flagEvents != 0 {
		return t.control.share(t.config.Ranks, t.state.Step)
	}
	return nil
}

// Agreed tells whether an error of a run is one that all its ranks have come to at the same place, so that none waits for another.
func Agreed(err error) bool {
	var stopped *Interrupted
	return errors.Is(err, errAgreed) || errors.Is(err, ErrDiverged) || errors.As(err, &stopped)
}

// meet compares what the ranks are about to do, and refuses to begin where that differs. It finds out whether a rank has a callback that isn't Blind.
func (t *Trainer) meet() error {
	if !several(t.config.Ranks) {
		return nil
	}
	identity, err := t.identity()
	if err != nil {
		return err
	}
	if err := Same(t.config.Ranks, identity); err != nil {
		return err
	}
	mine := []byte{0}
	if slices.ContainsFunc(t.config.Callbacks, func(c Callback) bool {
		_, blind := c.(Blind)
		return !blind
	}) {
		mine[0] = 1
	}
	all, err := gatherEqual(t.config.Ranks, mine)
	t.watched = slices.ContainsFunc(all, func(one []byte) bool { return one[0] == 1 })
	return err
}

// Same returns an error on all ranks where one of them tells something else of itself than rank 0, by what it is called. All ranks call it at one time.
func Same(r Ranks, told map[string]string) error {
	mine, err := json.Marshal(told)
	if err != nil {
		return err
	}
	all, err := Gather(r, mine)
	if err != nil {
		return err
	}
	for rank, told := range all[1:] {
		if bytes.Equal(told, all[0]) {
			continue
		}
		var want, got map[string]string
		if err := errors.Join(json.Unmarshal(all[0], &want), json.Unmarshal(told, &got)); err != nil {
			return err
		}
		for _, what := range slices.Sorted(maps.Keys(want)) {
			if want[what] != got[what] {
				return agreed{fmt.Errorf("train: rank %d has another %s than rank 0: %s, expected %s", rank+1, what, orNone(got[what]), want[what])}
			}
		}
		return agreed{fmt.Errorf("train: rank %d tells %s of itself, rank 0 %s", rank+1, told, all[0])}
	}
	return nil
}

// Kernels names the instructions that this process computes by, as far as they give other bits than others.
func Kernels() string {
	if cpu.Best() == cpu.Generic {
		return "plain Go"
	}
	return "AVX2, AVX-512 or NEON, whose bits are the same"
}

// Describe tells the parameters of a model from others that ranks may have, by names, shapes and values.
func Describe(params []*graph.Param) (string, error) {
	sum := crc32.New(castagnoli)
	for _, p := range params {
		if err := json.NewEncoder(sum).Encode([]any{p.Name, p.Shape, p.Frozen, p.Stored()}); err != nil {
			return "", err
		}
		if blocks := p.Packed(); blocks != nil {
			sum.Write(blocks.Data)
			continue
		}
		sum.Write(elementBytes(p))
	}
	return fmt.Sprintf("%d parameters with the checksum %08x", len(params), sum.Sum32()), nil
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// identity returns what must be the same on all ranks, by what it is called.
func (t *Trainer) identity() (map[string]string, error) {
	c := t.config
	model, err := Describe(t.model.Params())
	if err != nil {
		return nil, err
	}
	var sizes [2]int
	for i, d := range []interface{ Len() int }{c.Train, c.Validation} {
		if d != nil {
			sizes[i] = d.Len()
		}
	}
	all := map[string]string{
		"model":                model,
		"number of rows":       fmt.Sprintf("%d to learn from, %d to validate on", sizes[0], sizes[1]),
		"place in the run":     fmt.Sprintf("%d steps made, row %d of epoch %d", t.state.Step, t.state.Loader.Position, t.state.Loader.Epoch),
		"kind of instructions": Kernels(),
		"settings": fmt.Sprintf("%d steps of %d × %d rows, seed %d, schedule %+v, label smoothing %g, grouped %v, evaluation each %d by %d rows, saving each %d, patience %d, best by %q kept %v, sharded %v, rounded %v",
			c.MaxSteps, c.BatchSize, c.Accumulation, c.Seed, c.schedule(), c.LabelSmoothing, c.GroupByLength, c.EvalSteps, c.EvalBatchSize, c.SaveSteps, c.Patience, c.BestMetric, c.KeepBest, c.ShardOptimizer, c.RoundGradients),
	}
	for what, is := range c.Identity {
		all[what] = is
	}
	return all, nil
}

// elementBytes returns a parameter's values as they are in memory, in the order of its elements.
func elementBytes(p *graph.Param) []byte {
	switch d := p.Value().Data().(type) {
	case []float32:
		return exchange.Bytes(d)
	case []float64:
		return exchange.Bytes(d)
	}
	return nil
}
