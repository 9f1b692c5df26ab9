package task

import (
	"cmp"
	"context"
	"errors"
	"slices"
)

// pairing is an instruction with a set of examples, by their numbers.
type pairing struct{ instruction, set int }

// trial is a pairing and what it has done.
type trial struct {
	pairing
	score float64
}

// exploring is the share of trials, behind the first ones, that chance decides.
const exploring = 0.25

// try makes the trials. The task as it is comes first; then each instruction and each set has had one, and from there on what is tried
// next is mostly the pairing that the means of its two parts promise most of.
func (s *search) try(ctx context.Context) ([]trial, error) {
	var made []trial
	open := map[pairing]bool{}
	for i := range s.instructions {
		for j := range s.sets {
			open[pairing{i, j}] = true
		}
	}
	for len(made) < s.Trials && len(open) > 0 {
		next := s.next(made, open)
		delete(open, next)
		asked := s.without(next, s.Batch)
		score, err := logged(s.log, event{Step: "trial", Number: len(made), Pairing: &next, Instruction: s.instructions[next.instruction], From: s.sets[next.set].from,
			Examples: s.sets[next.set].examples, Questions: len(asked)}, func() (float64, error) { return s.score(ctx, next, asked) })
		if err != nil {
			return nil, err
		}
		made = append(made, trial{next, score})
	}
	return made, nil
}

// next chooses among the pairings that are open.
func (s *search) next(made []trial, open map[pairing]bool) pairing {
	if len(made) == 0 {
		return pairing{}
	}
	var left []pairing
	for p := range open {
		left = append(left, p)
	}
	slices.SortFunc(left, func(a, b pairing) int { return cmp.Or(a.instruction-b.instruction, a.set-b.set) })
	s.random.Shuffle(len(left), func(i, j int) { left[i], left[j] = left[j], left[i] })
	chance := s.random.Float64() < exploring
	instructions, sets, mean := map[int][]float64{}, map[int][]float64{}, 0.0
	for _, t := range made {
		instructions[t.instruction] = append(instructions[t.instruction], t.score)
		sets[t.set] = append(sets[t.set], t.score)
		mean += t.score / float64(len(made))
	}
	for _, p := range left { // parts that were never tried, both if there is such a pairing
		if len(instructions[p.instruction]) == 0 && len(sets[p.set]) == 0 {
			return p
		}
	}
	for _, p := range left {
		if len(instructions[p.instruction]) == 0 || len(sets[p.set]) == 0 {
			return p
		}
	}
	if chance {
		return left[0]
	}
	promise := func(p pairing) float64 { return shrunk(instructions[p.instruction], mean) + shrunk(sets[p.set], mean) }
	return slices.MaxFunc(left, func(a, b pairing) int { return cmp.Compare(promise(a), promise(b)) })
}

// shrunk returns the mean of scores and of one more that is the mean of all.
func shrunk(scores []float64, mean float64) float64 {
	sum := mean
	for _, v := range scores {
		sum += v
	}
	return sum / float64(len(scores)+1)
}

// finals measures the best trials on all of the training part and returns the best; of equals that with the fewest examples.
func (s *search) finals(ctx context.Context, trials []trial) (best pairing, score float64, err error) {
	size := func(p pairing) int { return len(s.sets[p.set].examples) }
	ranked := slices.Clone(trials)
	slices.SortStableFunc(ranked, func(a, b trial) int { return cmp.Or(cmp.Compare(b.score, a.score), size(a.pairing)-size(b.pairing)) })
	score = -1
	for i, t := range ranked[:min(s.Finalists, len(ranked))] {
		asked := s.without(t.pairing, len(s.train))
		found, err := logged(s.log, event{Step: "finalist", Number: i, Pairing: &t.pairing, Questions: len(asked)}, func() (float64, error) { return s.score(ctx, t.pairing, asked) })
		if err != nil {
			return best, 0, err
		}
		if found > score || found == score && size(t.pairing) < size(best) {
			best, score = t.pairing, found
		}
	}
	return best, score, nil
}

// heldOut measures a pairing on the questions held out.
func (s *search) heldOut(ctx context.Context, p pairing) (Interval, error) {
	return logged(s.log, event{Step: "held out", Pairing: &p, Questions: len(s.held)}, func() (Interval, error) {
		r, err := s.ask(ctx, p, s.held)
		if err != nil {
			return Interval{}, err
		}
		return r.Metrics[s.Metric], nil
	})
}

// without returns the first questions of the training part, up to so many, that are no examples of a pairing.
func (s *search) without(p pairing, most int) []question {
	var all []question
	for i, q := range s.train {
		if len(all) < most && !slices.Contains(s.sets[p.set].numbers, i) {
			all = append(all, q)
		}
	}
	return all
}

// score returns the metric over questions: 0 where they don't fit into the model's context.
func (s *search) score(ctx context.Context, p pairing, asked []question) (float64, error) {
	r, err := s.ask(ctx, p, asked)
	if errors.Is(err, errTooLong) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return r.Metrics[s.Metric].Value, nil
}

// ask asks questions behind the instruction and the examples of a pairing; without either behind those of the task itself.
func (s *search) ask(ctx context.Context, p pairing, asked []question) (*ExamResult, error) {
	examples := s.sets[p.set].examples
	if p == (pairing{}) {
		examples = s.exam.Examples
	}
	contexts := make([]string, len(asked))
	for i, q := range asked {
		contexts[i] = s.exam.context(s.instructions[p.instruction], examples, q)
	}
	return s.exam.take(ctx, s.trained, asked, contexts, nil)
}
