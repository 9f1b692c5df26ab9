package graph

import (
	"cmp"
	"slices"
	"time"

	"github.com/seahorse-ml/seahorse/internal/kernels"
)

// A Profile counts where a machine's time goes, by kind of operation.
type Profile struct {
	Steps int           // that AddStep counted
	Total time.Duration // of these steps
	ops   map[string]*OpProfile
}

// OpProfile is one line of a profile.
type OpProfile struct {
	Name  string
	Calls int
	Time  time.Duration
	Flops float64 // floating point operations, 0 where they aren't what limits the operation
}

// SetProfile starts counting into p; nil stops.
func (m *Machine) SetProfile(p *Profile) { m.profile = p }

func (p *Profile) record(r *runner, d time.Duration) { p.Add(r.name, d, r.flops) }

// Add counts one call of the operation name, so that work outside of machines, an
// optimizer's for instance, shows in the same profile.
func (p *Profile) Add(name string, d time.Duration, flops float64) {
	if p.ops == nil {
		p.ops = map[string]*OpProfile{}
	}
	o := p.ops[name]
	if o == nil {
		o = &OpProfile{Name: name}
		p.ops[name] = o
	}
	o.Calls++
	o.Time += d
	o.Flops += flops
}

// AddStep counts a step that took so long as a whole: what operations took is a part of it.
func (p *Profile) AddStep(d time.Duration) {
	p.Steps++
	p.Total += d
}

// Ops returns the lines of the profile, most time first.
func (p *Profile) Ops() []OpProfile {
	var list []OpProfile
	for _, o := range p.ops {
		list = append(list, *o)
	}
	slices.SortFunc(list, func(a, b OpProfile) int {
		return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// PeakFlops measures the floating point operations a second that multiply-adds on
// float32 reach in registers, on all workers together: what a profile's figures are
// fractions of. It takes some ten milliseconds.
func PeakFlops() float64 { return kernels.Peak() }
