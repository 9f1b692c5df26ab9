package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/seahorse-ml/seahorse/train"
)

// SharedAnswerer lets ranks answer prompts together: rank 0 asks it, and each rank's own Answerer answers a part. The others are in Serve meanwhile. An
// error on one rank is to end all of them.
type SharedAnswerer struct {
	Answerer
	Ranks   train.Ranks
	Prompts []Question // all that there are, the same on all ranks
}

// request is what rank 0 asks of all.
type request struct {
	First, Count, Samples int // prompts; none at the end
}

// Answer answers prompts, which are those from first on, on rank 0.
func (a *SharedAnswerer) Answer(ctx context.Context, first int, prompts []Question, samples int) ([][]Said, error) {
	r := request{first, len(prompts), samples}
	if err := a.tell(r); err != nil {
		return nil, err
	}
	all, err := a.work(ctx, r)
	if err != nil {
		return nil, err
	}
	said := slices.Concat(all...)
	if len(said) != len(prompts) {
		return nil, fmt.Errorf("task: synthesis: ranks have answered %d prompts, expected %d", len(said), len(prompts))
	}
	return said, nil
}

// Serve answers what rank 0 asks, on the other ranks, until End is called there.
func (a *SharedAnswerer) Serve(ctx context.Context) error {
	for {
		told, err := train.Gather(a.Ranks, nil)
		if err != nil {
			return err
		}
		var r request
		if err := json.Unmarshal(told[0], &r); err != nil {
			return fmt.Errorf("task: synthesis: what rank 0 has sent: %w", err)
		}
		if r.Count == 0 {
			return nil
		}
		if r.First < 0 || r.Count < 0 || r.First+r.Count > len(a.Prompts) {
			return errors.New("task: synthesis: rank 0 asks for prompts that this rank doesn't have")
		}
		if _, err := a.work(ctx, r); err != nil {
			return err
		}
	}
}

// End lets the others know on rank 0 that nothing more is asked.
func (a *SharedAnswerer) End() error { return a.tell(request{}) }

// tell sends a request to all.
func (a *SharedAnswerer) tell(r request) error {
	told, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = train.Gather(a.Ranks, told)
	return err
}

// work answers this rank's part of a request, and returns at rank 0 what all ranks have answered.
func (a *SharedAnswerer) work(ctx context.Context, r request) ([][][]Said, error) {
	lo, hi := train.Part(a.Ranks, r.Count)
	var said [][]Said
	if lo, hi := r.First+lo, r.First+hi; lo < hi {
		var err error
		if said, err = a.Answerer.Answer(ctx, lo, a.Prompts[lo:hi], r.Samples); err != nil {
			return nil, err
		}
	}
	return train.Collect(a.Ranks, said)
}
