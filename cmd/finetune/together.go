package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"runtime"
	"slices"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/task"
	"github.com/seahorse-ml/seahorse/train"
)

// together runs a command that applies models, on all ranks that a launcher has started: each has its share of the machine, and rank 0 alone says
// something.
func together(s *streams, threads int, run func(t team) error) error {
	t, err := joinRanks(s)
	if err != nil {
		return err
	}
	useThreads(cmp.Or(threads, t.threads))
	if t.Size() > 1 {
		runtime.GOMAXPROCS(graph.Workers() + 1) // one of them talks to the other ranks
	}
	return t.leave(run(t))
}

// several tells whether there are other ranks.
func (t team) several() bool { return t.Ranks != nil && t.Size() > 1 }

// same returns an error where ranks are about to do something else than rank 0: with another program, other options, which are flags, or what else is
// told by its name.
func (t team) same(flags any, told map[string]string) error {
	if !t.several() {
		return nil
	}
	options, err := json.Marshal(flags)
	if err != nil {
		return err
	}
	if told["program"], err = program(); err != nil {
		return err
	}
	told["set of options"], told["kind of instructions"] = string(options), train.Kernels()
	return train.Same(t, told)
}

// sameModel is same for a command that applies a model.
func (t team) sameModel(m *task.Trained, flags any, told map[string]string) (err error) {
	if !t.several() {
		return nil
	}
	if told["model"], err = train.Describe(m.Model.Params()); err != nil {
		return err
	}
	return t.same(flags, told)
}

// refuseStdin returns an error where several ranks would read standard input, which only one of them has.
func (t team) refuseStdin(paths ...string) error {
	if t.several() && slices.Contains(paths, "-") {
		return errors.New("standard input is that of rank 0 alone; give several ranks a file that all of them see")
	}
	return nil
}
