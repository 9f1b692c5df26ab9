package data

import (
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
	"github.com/seahorse-ml/seahorse/internal/random"
)

// place is where a record lies in a source, as it is read each time.
type place struct {
	block  blockKey
	number uint64 // among the records of the block that can be read
}

// A Choice is some of the records of a source. The zero Choice is none.
type Choice struct {
	records map[blockKey][]uint64 // a bit a record, lowest first
	count   int
}

// Add chooses a record that Source.Records has yielded. A plain text is one record.
func (c *Choice) Add(r Record) {
	if c.records == nil {
		c.records = map[blockKey][]uint64{}
	}
	bits, word := c.records[r.at.block], int(r.at.number/64)
	for len(bits) <= word {
		bits = append(bits, 0)
	}
	if bit := uint64(1) << (r.at.number % 64); bits[word]&bit == 0 {
		bits[word] |= bit
		c.count++
	}
	c.records[r.at.block] = bits
}

// Len returns the number of records that are chosen.
func (c *Choice) Len() int { return c.count }

// has tells whether a record is chosen; nil chooses all.
func (c *Choice) has(p place) bool {
	if c == nil {
		return true
	}
	bits, word := c.records[p.block], int(p.number/64)
	return word < len(bits) && bits[word]>>(p.number%64)&1 != 0
}

// Only returns a view of the source that has the records of a choice alone. The source is to be closed behind it, and must be as it was when
// the choice was made.
func (s *Source) Only(c *Choice) *Source {
	v := s.view()
	v.choice = c
	return v
}

// A Variation returns further records that are to stand behind a record, which it must leave as it is. What it returns may depend on nothing but the
// record and a number that is the record's own. It must bear concurrent calls.
type Variation func(record *orderedjson.Object, number uint64) []*orderedjson.Object

// Varied returns a view of the source in which each record is followed by those that a variation makes of it. Plain texts stay alone. The source
// is to be closed behind it.
func (s *Source) Varied(v Variation) *Source {
	view := s.view()
	view.vary = v
	return view
}

// view returns a source of the same files, which owns nothing.
func (s *Source) view() *Source {
	v := *s
	v.spools, v.closed = nil, nil
	return &v
}

// Number returns the number that a Variation of the record gets.
func (r Record) Number() uint64 { return r.at.seed() }

// seed returns a number of the place's own.
func (p place) seed() uint64 {
	return random.Uint64(uint64(p.block.file), uint64(p.block.block), p.number)
}
