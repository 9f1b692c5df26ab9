package generate

// drawFew draws among the candidates for a number from 0 to 1 as choose does once all of them are sorted, but looks for the best ones one after the other, as
// many as it needs: of a vocabulary of 100,000 tokens often a dozen. Sums in another order than that of the sorted candidates may be rounded otherwise. Where
// that might change the draw, which is hardly ever, it isn't sure.
func (s *sampler) drawFew(at float64) (id int32, sure bool) {
	c, all := s.config, s.candidates
	n := len(all)
	rounding := float64(n+4) * 0x1p-51 * s.total // more than two orders of n summands can make
	for i := n/2 - 1; i >= 0; i-- {
		sink(all, i)
	}
	found := 0
	next := func() candidate { // the best that is left goes behind those that are
		last := n - 1 - found
		all[0], all[last] = all[last], all[0]
		sink(all[:last], 0)
		found++
		return all[last]
	}
	topP := c.TopP != nil && *c.TopP < 1
	if !topP && c.MinP == 0 {
		for at *= s.total; found < n; {
			x := next()
			if at -= x.weight; at < -rounding {
				return x.id, true
			} else if at <= rounding {
				return 0, false
			}
		}
		return 0, false
	}
	const nearly = 1 - 0x1p-20 // weights fall with the logits, but for rounding
	for before := 0.0; found < n; {
		if found > 0 && all[0].weight < c.MinP*nearly {
			break
		}
		if topP && found > 0 {
			tail := s.total - before - (1-*c.TopP)*s.total
			if tail < -rounding {
				break
			} else if tail <= rounding {
				return 0, false
			}
		}
		before += next().weight
	}
	kept := all[n-found:] // the best one last
	for len(kept) > 1 && kept[0].weight < c.MinP {
		kept = kept[1:]
	}
	total := 0.0
	for i := range kept {
		total += kept[len(kept)-1-i].weight
	}
	at *= total
	for i := range kept {
		x := kept[len(kept)-1-i]
		if at -= x.weight; at < 0 {
			return x.id, true
		}
	}
	return 0, false
}

// sink moves the candidate at i down a heap with the best one on top, to where those below it are worse.
func sink(heap []candidate, i int) {
	for {
		child := 2*i + 1
		if child >= len(heap) {
			return
		}
		if child+1 < len(heap) && heap[child+1].compare(heap[child]) < 0 {
			child++
		}
		if heap[i].compare(heap[child]) < 0 {
			return
		}
		heap[i], heap[child] = heap[child], heap[i]
		i = child
	}
}
