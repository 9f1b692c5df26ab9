package words

import "github.com/seahorse-ml/seahorse/internal/kernels"

// merge adds what several pieces changed to those rows of the matrix that are part of parts, in the order of the pieces.
//
// Each piece began where the round began, so a row that many of them changed would go too far by the sum of their changes. With n uses a
// row goes about the part n/(n+relax) of its way to where it is drawn; all uses together would have gone that part of their number. The sum is
// multiplied by the ratio of the two: 1 for a row that few use, and one over the number of pieces for a row that all of them use often.
func merge(pieces []*rows, part, parts int, relax float64) {
	dim := pieces[0].dim
	for p, piece := range pieces {
		for _, row := range piece.asked {
			if int(row)%parts != part || usedBefore(pieces[:p], row) {
				continue
			}
			target := piece.of(row)
			factor, shared := factorOf(pieces[p:], row, relax)
			if !shared {
				copy(target, piece.row(piece.place[row]-1))
				continue
			}
			for _, other := range pieces[p:] {
				if place := other.place[row]; place > 0 {
					kernels.AXPY(other.row(place - 1)[:dim], target, -1)
				}
			}
			for _, other := range pieces[p:] {
				if place := other.place[row]; place > 0 {
					kernels.AXPY(target, other.row(place - 1)[:dim], factor)
				}
			}
		}
	}
}

// mergeWords is merge for words with parts, whose vectors are in no matrix: the change of each is left in the row of the first piece that has it, with the uses of
// all. Then mergeParts adds it to the parts.
func mergeWords(pieces []*rows, part, parts int, relax float64) {
	for p, piece := range pieces {
		for _, word := range piece.asked {
			if int(word)%parts != part || usedBefore(pieces[:p], word) {
				continue
			}
			first := piece.place[word] - 1
			change := piece.row(first)
			factor, shared := factorOf(pieces[p:], word, relax)
			kernels.AXPY(change, piece.before(first), -1)
			for _, other := range pieces[p+1:] {
				if place := other.place[word]; place > 0 {
					kernels.AXPY(other.row(place-1), other.before(place-1), -1)
					kernels.Accumulate(change, other.row(place-1))
					piece.uses[first] += other.uses[place-1]
				}
			}
			if shared {
				kernels.Scale(change, change, factor)
			}
		}
	}
}

// mergeParts adds the changes of words, which mergeWords left, to each of their parts that is part of parts. A part that many words have would go too far, as
// a row that many pieces change: its changes are multiplied by the same ratio, of the words' uses. Words that share parts are drawn alike, first of all from what is
// frequent, and move each other by all of their parts; so relax is that of words, although a part alone has a small say in a word.
func (s *wordParts) mergeParts(pieces []*rows, part, parts int, relax float64) {
	each := func(visit func(piece *rows, word, place, row int32)) {
		for p, piece := range pieces {
			for _, word := range piece.asked {
				if usedBefore(pieces[:p], word) {
					continue
				}
				for _, row := range s.parts[word] {
					if int(row)%parts == part {
						visit(piece, word, piece.place[word]-1, row)
					}
				}
			}
		}
	}
	each(func(piece *rows, _, place, row int32) {
		uses := float64(piece.uses[place])
		s.uses[row] += uses
		s.ways[row] += uses / (uses + relax)
	})
	each(func(piece *rows, _, place, row int32) {
		factor := s.uses[row] / (s.uses[row] + relax) / s.ways[row]
		kernels.AXPY(s.of(row), piece.row(place)[:s.dim], float32(factor))
	})
	each(func(_ *rows, _, _, row int32) { s.uses[row], s.ways[row] = 0, 0 })
}

// usedBefore tells whether one of the pieces used a row.
func usedBefore(pieces []*rows, row int32) bool {
	for _, piece := range pieces {
		if piece.place[row] > 0 {
			return true
		}
	}
	return false
}

// factorOf returns what the changes of a row are multiplied by, and whether more than one piece used it.
func factorOf(pieces []*rows, row int32, relax float64) (factor float32, shared bool) {
	total, ways, users := 0.0, 0.0, 0
	for _, piece := range pieces {
		if place := piece.place[row]; place > 0 {
			uses := float64(piece.uses[place-1])
			total += uses
			ways += uses / (uses + relax)
			users++
		}
	}
	return float32(total / (total + relax) / ways), users > 1
}
