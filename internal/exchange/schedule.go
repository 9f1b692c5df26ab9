package exchange

import (
	"slices"

	"github.com/seahorse-ml/seahorse/graph"
)

// A task is one exchange of a step: of a bucket, or of the rows of a lookup that are exchanged apart from the others.
type task struct {
	bucket int // -1 for such rows
	lookup int // which is exchanged in two parts; -1 for a bucket that is exchanged whole
}

// A schedule is the order of the exchanges of a step, the same on all ranks, and what each waits for.
type schedule struct {
	tasks []task
	early [][]int // by parameter: the tasks that wait for the first part of its gradient
	final [][]int // those that wait for all of it
}

// newSchedule orders the exchanges of buckets. Those of lookups, which have buckets of their own, are exchanged in two parts, or at the end.
func newSchedule(params int, pieces []stretch, list []bucket, lookups []int, parts bool) schedule {
	s := schedule{early: make([][]int, params), final: make([][]int, params)}
	add := func(t task, waits *[]int) {
		*waits = append(*waits, len(s.tasks))
		s.tasks = append(s.tasks, t)
	}
	for i, b := range list {
		switch l := lookupOf(pieces, b, lookups); {
		case l >= 0 && parts:
			add(task{i, l}, &s.early[lookups[l]])
		case l < 0:
			last := -1
			for _, piece := range pieces[b.lo:b.hi] {
				if piece.param != last {
					last = piece.param
					s.final[last] = append(s.final[last], len(s.tasks))
				}
			}
			s.tasks = append(s.tasks, task{i, -1})
		}
	}
	for l, param := range lookups {
		if parts {
			add(task{-1, l}, &s.final[param])
			continue
		}
		for i, b := range list {
			if lookupOf(pieces, b, lookups) == l {
				add(task{i, -1}, &s.final[param])
			}
		}
	}
	return s
}

// lookupOf returns which lookup's a bucket is, or -1.
func lookupOf(pieces []stretch, b bucket, lookups []int) int {
	return slices.Index(lookups, pieces[b.lo].param)
}

// waits returns for how many parameters each task waits.
func (s *schedule) waits(left []int) []int {
	left = append(left[:0], make([]int, len(s.tasks))...)
	for _, list := range [][][]int{s.early, s.final} {
		for _, tasks := range list {
			for _, t := range tasks {
				left[t]++
			}
		}
	}
	return left
}

// indices returns where some parameters are among all.
func indices(of, params []*graph.Param) (all []int) {
	for _, p := range of {
		all = append(all, slices.Index(params, p))
	}
	return all
}
