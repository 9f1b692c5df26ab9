package train

import "time"

// waitingFor is how the lines of a profile begin that tell for how long a rank had nothing to compute.
const waitingFor = "waiting for "

// Traffic is what steps have exchanged with other ranks.
type Traffic struct {
	Steps    int
	Sent     int64         // bytes
	UnderWay time.Duration // in which an exchange was under way
	Waited   time.Duration // in which this rank had nothing to compute, for others' bytes or since they weren't as far
	Worked   time.Duration // that a core was busy with the exchange, in the thread that talks to others
}

// Hidden returns which part of the time of exchanges the rank computed in, from 0 to 1.
func (t Traffic) Hidden() float64 {
	if t.UnderWay <= 0 {
		return 1
	}
	return max(0, 1-t.Waited.Seconds()/t.UnderWay.Seconds())
}

// metered is Ranks that measure themselves, since their beginning.
type metered interface {
	Traffic() (sent int64, underWay, worked time.Duration)
}

// Traffic returns what the steps so far have exchanged, from the second on, and whether that is known: there are several ranks, which measure it, and
// Config.Profile is set.
func (t *Trainer) Traffic() (Traffic, bool) {
	if t.stepper.ranks == nil || t.stepper.ranks.until.Steps < 2 {
		return Traffic{}, false
	}
	a, b := t.stepper.ranks.since, t.stepper.ranks.until
	return Traffic{b.Steps - a.Steps, b.Sent - a.Sent, b.UnderWay - a.UnderWay, b.Waited - a.Waited, b.Worked - a.Worked}, true
}

// meter counts a step. The first one, which takes longer than others, is counted apart.
func (s *Stepper) meter() {
	m, ok := s.ranks.Ranks.(metered)
	if !ok || s.profile == nil {
		return
	}
	now := Traffic{Steps: s.ranks.until.Steps + 1, Waited: s.ranks.waiting}
	now.Sent, now.UnderWay, now.Worked = m.Traffic()
	if s.ranks.until = now; now.Steps == 1 {
		s.ranks.since = now
	}
}

// waited counts a wait for something from other ranks.
func (s *Stepper) waited(what string, begin time.Time) {
	took := time.Since(begin)
	s.ranks.waiting += took
	if s.profile != nil {
		s.profile.Add(waitingFor+what, took, 0)
	}
}
