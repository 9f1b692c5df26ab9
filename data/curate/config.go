package curate

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/seahorse-ml/seahorse/data"
)

// Dedup is which records count as there already.
type Dedup string

// Ways to find duplicates. Of those that are alike the first is kept.
const (
	NoDedup    Dedup = ""
	ExactDedup Dedup = "exact" // the same values under all keys of its shape
	NearDedup  Dedup = "near"  // also those whose sets of five words in a row are alike, by MinHash
)

// DefaultSimilarity is the Similarity of near duplicates that is usual.
const DefaultSimilarity = 0.8

// Config says what Run does. The zero value keeps all records in their order.
type Config struct {
	// Shapes are those that records may have; empty allows all.
	Shapes []data.Shape
	// MinLength and MaxLength bound the characters of a record's text; 0 sets no bound.
	MinLength, MaxLength int
	// Match keeps only records whose text all of them match, Reject drops those that one of them matches.
	Match, Reject []*regexp.Regexp
	// Dedup drops records that are there already.
	Dedup Dedup
	// Similarity is how much of two sets of words must be the same for near duplicates, in (0, 1]. Default: DefaultSimilarity.
	Similarity float64
	// Shuffle puts the records into an order that follows from Seed.
	Shuffle bool
	// Seed decides the order, and which records are kept apart.
	Seed uint64
	// Limit is the most records that are taken, of the order; 0 takes all.
	Limit int
	// Augment makes further records of those for training; nil makes none.
	Augment *Augmenter
	// Validation and Test are the shares of the records that are kept apart, which chance draws; their sum is below 1.
	Validation, Test float64
}

// Validate returns an error for a field that is out of its range.
func (c Config) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("curate: "+format, args...))
		}
	}
	check(c.MinLength >= 0 && c.MaxLength >= 0 && (c.MaxLength == 0 || c.MinLength <= c.MaxLength), "lengths of %d to %d characters, expected 0 or more in rising order", c.MinLength, c.MaxLength)
	check(c.Dedup == NoDedup || c.Dedup == ExactDedup || c.Dedup == NearDedup, "duplicates %q, expected exact or near", c.Dedup)
	check(c.Similarity >= 0 && c.Similarity <= 1, "a similarity of %g, expected more than 0 and at most 1", c.Similarity)
	check(c.Limit >= 0, "a limit of %d records, expected 0 or more", c.Limit)
	check(c.Validation >= 0 && c.Test >= 0 && c.Validation+c.Test < 1, "shares of %g and %g to keep apart, expected less than 1 together", c.Validation, c.Test)
	if c.Augment != nil {
		errs = append(errs, c.Augment.Validate())
	}
	return errors.Join(errs...)
}
