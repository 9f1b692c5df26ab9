package exchange

import "github.com/seahorse-ml/seahorse/graph"

// A task is one exchange of a step: of a bucket, or of the rows of a lookup that are complete at the end only.
type task struct {
	bucket int // -1 for such rows
	lookup int // whose rows are exchanged in two parts; -1 for a bucket that is exchanged whole
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
	looked := func(b bucket) int {
		for i, param := range lookups {
			if pieces[b.lo].param == param {
				return i
			}
		}
		return -1
	}
	for i, b := range list {
		switch l := looked(b); {
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
			if looked(b) == l {
				add(task{i, -1}, &s.final[param])
			}
		}
	}
	return s
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
func indices(of, params []*graph.Param) []int {
	var all []int
	for _, p := range of {
		for i, q := range params {
			if p == q {
				all = append(all, i)
			}
		}
	}
	return all
}
