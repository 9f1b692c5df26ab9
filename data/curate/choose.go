package curate

import (
	"context"
	"errors"
	"fmt"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/internal/random"
)

// Chosen are records of a source that have passed all stages, where they lie: they aren't copied. The source is to be closed behind the views.
type Chosen struct {
	Report Report
	Train  *data.Source
	Held   *data.Source // records kept apart for validation; nil for none
}

// Choose reads a source and returns views of it as the configuration says, for those that learn from it at once. Plain texts are records of one
// text, which aren't augmented. The order stays: Shuffle, Limit and Test are for Run.
func Choose(ctx context.Context, s *data.Source, c Config) (*Chosen, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Shuffle || c.Limit > 0 || c.Test > 0 {
		return nil, errors.New("curate: records are chosen in their order, expected no Shuffle, Limit and Test")
	}
	st := newStages(c)
	out := &Chosen{Report: st.report()}
	var train, held data.Choice
	var divided []passed // where some are to be kept apart
	err := st.through(ctx, s, &out.Report, func(r data.Record) error {
		p := passed{Record: r}
		if c.Augment != nil {
			if !c.Augment.takes(r) {
				return r.Fail(fmt.Errorf("%s can't be augmented, expected records with texts of their own", r.Shape))
			}
			p.made = len(c.Augment.Records(r.Object, r.Number()))
		}
		if p.Object = nil; c.Validation > 0 {
			divided = append(divided, p)
			return nil
		}
		train.Add(r)
		out.Report.Made += p.made
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(divided) == 1 {
		return nil, errors.New("curate: one record is left, of which none can be kept apart for validation")
	}
	validation := share(c.Validation, len(divided))
	drawn := random.NewPermutation(uint64(len(divided)), c.Seed, partStream)
	for i, p := range divided {
		if drawn.At(uint64(i)) < validation {
			held.Add(p.Record)
			continue
		}
		train.Add(p.Record)
		out.Report.Made += p.made
	}
	out.Train = s.Only(&train)
	out.Report.Written[parts[0]] = train.Len()
	if c.Augment != nil {
		out.Train = out.Train.Varied(c.Augment.Records)
	}
	if held.Len() > 0 {
		out.Held = s.Only(&held)
		out.Report.Written[parts[1]] = held.Len()
	}
	return out, nil
}

// passed is a record that has passed all stages, and how many are made of it.
type passed struct {
	data.Record
	made int
}
