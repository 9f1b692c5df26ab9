package train

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/data"
)

// A RangeTest tries learning rates, each for a step, from a low one to a high one by equal factors (Smith, 2017).
type RangeTest struct {
	From, To float64 // 0 < From < To
	Steps    int     // that it takes from one to the other, at least 10
	// Progress, which may be nil, is told of each step that was made.
	Progress func(RatePoint)
}

// Validate tells what is wrong with the test, or nil.
func (t RangeTest) Validate() error {
	if !(t.From > 0) || !(t.To > t.From) || math.IsInf(t.To, 0) {
		return fmt.Errorf("train: range test: from %g to %g, expected more than 0 and rising", t.From, t.To)
	}
	if t.Steps < leastRates {
		return fmt.Errorf("train: range test: %d steps, expected %d or more", t.Steps, leastRates)
	}
	return nil
}

// A RatePoint is a step of a range test.
type RatePoint struct {
	Rate, Loss float64
	Smoothed   float64 // the exponential mean of the losses so far, see Rates
}

// Rates is what a range test found.
type Rates struct {
	Points []RatePoint
	// Steepest is the rate at which the smoothed loss falls fastest by the logarithm of the rate, Lowest the one at which it is lowest.
	Steepest, Lowest float64
	// Suggested is Steepest, and at most a tenth of Lowest; 0 where the loss never falls.
	Suggested float64
}

const (
	leastRates  = 10
	rateMemory  = 0.9 // of the exponential mean, whose first values don't count for more than their share
	rateEnd     = 2   // times the lowest smoothed loss above 0, beyond which the test ends
	slopeReach  = 3   // points to either side of which the slope is taken
	lowestShare = 0.1
	leastFall   = 0.01 // of the first smoothed loss that it must fall by
)

// FindRates makes steps of a run with rising learning rates, and ends where the loss has become too high or isn't finite. Nothing is written. The model's
// parameters are changed: it is of no use afterwards. Runs that are fed, or made by several ranks, can't be tested.
func FindRates(ctx context.Context, m Model, c Config, test RangeTest) (rates Rates, err error) {
	if err := test.Validate(); err != nil {
		return rates, err
	}
	if c.Feed != nil || several(c.Ranks) {
		return rates, errors.New("train: range test: what is fed while a run goes on, and runs of several ranks, can't be tested")
	}
	c.Validation = nil
	c.Patience, c.KeepBest, c.BestMetric = 0, false, ""
	t, err := New(m, c)
	if err != nil {
		return rates, err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	if t.batches, err = data.NewPrefetcher(t.loader, c.BatchSize, prefetched); err != nil {
		return rates, fmt.Errorf("train: %w", err)
	}
	defer t.batches.Close()
	mean, weight, lowest := 0.0, 0.0, math.Inf(1)
	for i := range test.Steps {
		rate := test.From * math.Pow(test.To/test.From, float64(i)/float64(test.Steps-1))
		if err := t.fill(ctx); err != nil {
			return rates, err
		}
		r, err := t.stepper.step(ctx, rate)
		if errors.Is(err, ErrDiverged) {
			break
		}
		if err != nil {
			return rates, fmt.Errorf("train: %w", err)
		}
		mean = rateMemory*mean + (1-rateMemory)*r.Loss
		weight = rateMemory*weight + 1 - rateMemory
		p := RatePoint{rate, r.Loss, mean / weight}
		rates.Points = append(rates.Points, p)
		if test.Progress != nil {
			test.Progress(p)
		}
		lowest = min(lowest, p.Smoothed)
		if i >= leastRates && lowest > 0 && p.Smoothed > rateEnd*lowest {
			break
		}
	}
	return rates.suggest(), nil
}

// suggest finds the rates that are worth telling.
func (r Rates) suggest() Rates {
	at, steepest, slope := 0, 0, 0.0
	for i, p := range r.Points {
		if p.Smoothed < r.Points[at].Smoothed {
			at = i
		}
	}
	for i := slopeReach; i+slopeReach < len(r.Points) && i <= at; i++ {
		if s := r.Points[i+slopeReach].Smoothed - r.Points[i-slopeReach].Smoothed; s < slope {
			steepest, slope = i, s
		}
	}
	if len(r.Points) == 0 {
		return r
	}
	r.Lowest = r.Points[at].Rate
	if first := r.Points[0].Smoothed; slope == 0 || first-r.Points[at].Smoothed < leastFall*math.Abs(first) {
		return r
	}
	r.Steepest = r.Points[steepest].Rate
	r.Suggested = min(r.Steepest, lowestShare*r.Lowest)
	return r
}
