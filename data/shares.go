package data

import (
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/internal/random"
)

// shareStream is the stream of random numbers that draws records, under the seed; the number of the path is added.
const shareStream = 0xda7a_0008 << 32

// draw is what is drawn of the records of one path.
type draw struct {
	order random.Permutation // of its records
	most  uint64             // those are drawn that come before it in the order
}

// blockKey is a block among those of a source.
type blockKey struct{ file, block int }

// weigh finds out which records are drawn where paths have shares: as many as the path that is shortest for its share allows, so that
// none comes twice.
func (s *Source) weigh(c SourceConfig) error {
	shares := make([]float64, len(c.Paths))
	given := 0
	for i, p := range c.Paths {
		path, share := splitShare(p)
		shares[i] = share
		if path == p {
			continue
		}
		if given++; !(share > 0) || math.IsInf(share, 0) {
			return fmt.Errorf("data: %s: a share of %g, expected more than 0", p, share)
		}
	}
	if given == 0 {
		return nil
	}
	if given < len(c.Paths) {
		return fmt.Errorf("data: %d of %d paths have a share, expected one for each, such as a.jsonl:0.7 b.jsonl:0.3", given, len(c.Paths))
	}
	counts := make([]uint64, len(c.Paths))
	before, err := s.count(counts)
	if err != nil {
		return err
	}
	least := math.Inf(1) // records of all together, for a share of 1
	for i, n := range counts {
		if n == 0 {
			return fmt.Errorf("data: %s: no records to draw a share of", c.Paths[i])
		}
		least = min(least, float64(n)/shares[i])
	}
	for i, n := range counts {
		most := max(1, min(n, uint64(math.Round(shares[i]*least))))
		s.draws = append(s.draws, draw{random.NewPermutation(n, c.Seed, shareStream+uint64(i)), most})
		s.notes = append(s.notes, fmt.Sprintf("%s: %d of %d records are drawn", c.Paths[i], most, n))
	}
	s.before = before
	return nil
}

// count adds up the records of each path, and returns how many of its path come before each block.
func (s *Source) count(counts []uint64) (map[blockKey]uint64, error) {
	before := map[blockKey]uint64{}
	for _, in := range s.files {
		if in.size == 0 {
			continue
		}
		var fault error
		err := s.readFile(in, nil, newBuffer, func(b *block) bool {
			if b.format == plainText {
				fault = fmt.Errorf("data: %s: plain text has no records to draw a share of", in.name)
				return false
			}
			before[b.key] = counts[in.root]
			for _, err := range b.records() {
				if err == nil {
					counts[in.root]++
				}
			}
			return true
		})
		if err == nil {
			err = fault
		}
		if err != nil {
			return nil, err
		}
	}
	return before, nil
}

// draws tells whether record i of those of the block that can be read is one of those that are drawn.
func (b *block) draws(i uint64) bool {
	return b.drawn == nil || b.drawn.order.At(b.before+i) < b.drawn.most
}
