package main

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/task"
	"github.com/seahorse-ml/seahorse/train"
)

// lighter is a job whose model can be trained in less memory.
type lighter interface {
	// lighter returns what the job would start from and train with an adapter in the place of the model, if it has none, and with
	// the model in 4 bits.
	lighter(peft, fourBit bool) (task.Base, *task.Adaptation, error)
}

// saving is a set of changes to a run that take memory from it.
type saving int

const (
	savingCheckpoints saving = 1 << iota
	savingFourBit
	savingRows
	savingAdapter
	savings = iota
)

func (v saving) has(one saving) bool { return v&one != 0 }

// combinations returns all sets of savings, those of the fewest changes first.
func combinations() []saving {
	var all []saving
	for v := saving(1); v < 1<<savings; v++ {
		all = append(all, v)
	}
	slices.SortStableFunc(all, func(a, b saving) int {
		return cmp.Or(cmp.Compare(bits.OnesCount(uint(a)), bits.OnesCount(uint(b))), cmp.Compare(a, b))
	})
	return all
}

// flags returns the flags that make the changes.
func (v saving) flags(rows, accumulation int) string {
	var flags []string
	for _, f := range []struct {
		one  saving
		flag string
	}{
		{savingAdapter, "--use-peft"}, {savingFourBit, "--load-in-4bit"}, {savingCheckpoints, "--gradient-checkpointing"},
		{savingRows, fmt.Sprintf("--batch-size %d --gradient-accumulation-steps %d", rows, accumulation)},
	} {
		if v.has(f.one) {
			flags = append(flags, f.flag)
		}
	}
	return strings.Join(flags, " ")
}

// applies tells whether a job that is being made can be changed so.
func (v saving) applies(j job, r *task.Run, c train.Config) bool {
	_, can := j.(lighter)
	adapter, packed := r.Adapted != nil, false
	for _, p := range r.Model.Params() {
		packed = packed || p.Packed() != nil
	}
	return !(v.has(savingCheckpoints) && c.Checkpointing || v.has(savingRows) && c.BatchSize == 1 || v.has(savingAdapter) && (!can || adapter) ||
		v.has(savingFourBit) && (!can || packed || !adapter && !v.has(savingAdapter)))
}

// fitting tells the change of the fewest flags that makes a run fit into what is free, of which savings are tried in all sets, or what would
// be missing with the most of them.
func fitting(j job, r *task.Run, c train.Config, free int64) (string, error) {
	least, with := int64(-1), ""
	for _, v := range combinations() {
		if !v.applies(j, r, c) {
			continue
		}
		m := r.Learner()
		if v.has(savingAdapter) || v.has(savingFourBit) {
			base, adapter, err := j.(lighter).lighter(v.has(savingAdapter), v.has(savingFourBit))
			if err != nil {
				return "", err
			}
			if m, err = r.Sketched(base, adapter); err != nil {
				continue // a model that can't be packed, or have an adapter
			}
		}
		changed := c
		changed.Checkpointing = c.Checkpointing || v.has(savingCheckpoints)
		for {
			if v.has(savingRows) {
				changed.BatchSize, changed.Accumulation = halved(changed.BatchSize, changed.Accumulation)
			}
			use, err := train.EstimateMemory(m, changed)
			if err != nil {
				return "", err
			}
			total, flags := int64(use.Total()), v.flags(changed.BatchSize, changed.Accumulation)
			if total <= free {
				return fmt.Sprintf("%s makes it fit: %s MiB", flags, grouped(total>>20)), nil
			}
			if least < 0 || total < least {
				least, with = total, flags
			}
			if !v.has(savingRows) || changed.BatchSize == 1 {
				break
			}
		}
	}
	if least < 0 {
		return "a smaller --seq-len or model takes less", nil
	}
	return fmt.Sprintf("with %s it takes %s MiB; a smaller --seq-len or model takes less", with, grouped(least>>20)), nil
}

// halved returns half the rows of a micro-batch, and so many of those that a step has no fewer rows than before.
func halved(rows, accumulation int) (int, int) {
	half := (rows + 1) / 2
	return half, (accumulation*rows + half - 1) / half
}

// fittingOutline tells which flags make the model of a job fit into what is free, as far as its parameters alone are known, or "".
func fittingOutline(j job, free int64) string {
	l, ok := j.(lighter)
	if !ok {
		return ""
	}
	for _, v := range []saving{savingAdapter, savingFourBit, savingAdapter | savingFourBit} {
		base, adapter, err := l.lighter(v.has(savingAdapter), v.has(savingFourBit))
		if err != nil || adapter == nil {
			continue
		}
		m, err := base.Outline()
		if err == nil && storedBytes(m) <= float64(free) {
			return v.flags(0, 0) + " makes the model fit"
		}
	}
	return ""
}

// storedBytes returns what a model's parameters take as they are kept; beyond an int64 for a model that is made up.
func storedBytes(m models.Model) float64 {
	var total float64
	for _, p := range m.Params() {
		total += float64(p.Bytes())
	}
	return total
}
