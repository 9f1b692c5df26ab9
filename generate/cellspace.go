package generate

import "slices"

// cellRange is a stretch of cells.
type cellRange struct{ from, to int }

// cellSpace gives out stretches of cells, the first that are large enough, so that memory behind those in use isn't touched.
type cellSpace struct{ free []cellRange } // in order, none touching the next

func newCellSpace(n int) cellSpace { return cellSpace{[]cellRange{{0, n}}} }

// take returns n cells, or false where no n are side by side.
func (s *cellSpace) take(n int) (cellRange, bool) {
	for i, r := range s.free {
		if r.to-r.from < n {
			continue
		}
		if s.free[i].from += n; s.free[i].from == r.to {
			s.free = slices.Delete(s.free, i, i+1)
		}
		return cellRange{r.from, r.from + n}, true
	}
	return cellRange{}, false
}

// give takes cells back.
func (s *cellSpace) give(r cellRange) {
	i, _ := slices.BinarySearchFunc(s.free, r.from, func(f cellRange, from int) int { return f.from - from })
	s.free = slices.Insert(s.free, i, r)
	if i+1 < len(s.free) && s.free[i].to == s.free[i+1].from {
		s.free[i].to = s.free[i+1].to
		s.free = slices.Delete(s.free, i+1, i+2)
	}
	if i > 0 && s.free[i-1].to == s.free[i].from {
		s.free[i-1].to = s.free[i].to
		s.free = slices.Delete(s.free, i, i+1)
	}
}
