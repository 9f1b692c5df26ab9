package curate

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
	"github.com/seahorse-ml/seahorse/internal/random"
)

// The parts of a prepared data set, by the names of their files.
var parts = []string{string(data.TrainPart), string(data.ValidationPart), string(data.TestPart)}

// Streams of random numbers under the seed: the order, and what is kept apart.
const (
	orderStream = 0xda7a_0009 << 32
	partStream  = 0xda7a_000a << 32
)

// Set is a prepared set of records, in a temporary file.
type Set struct {
	Report Report

	file    *os.File
	ends    []int64 // of the records in the file
	parts   [3][]int32
	augment *Augmenter // of the first part; nil for none
}

// Run reads all records of a source and prepares them. The set must be closed.
func Run(ctx context.Context, s *data.Source, c Config) (*Set, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	file, err := os.CreateTemp("", "seahorse-curate-*")
	if err != nil {
		return nil, fmt.Errorf("curate: %w", err)
	}
	set := &Set{file: file, augment: c.Augment}
	if err := set.read(ctx, s, c); err != nil {
		return nil, errors.Join(err, set.Close())
	}
	set.divide(c)
	return set, nil
}

// Close removes the temporary file.
func (s *Set) Close() error {
	return errors.Join(s.file.Close(), os.Remove(s.file.Name()))
}

// lookedAtOnce is how many records are looked at together, on all cores.
const lookedAtOnce = 256

// stages are the stages of a preparation, in their order.
type stages struct {
	config                      Config
	empty, length, match, exact Stage
	nearly, limit               Stage
	seen                        map[[16]byte]string
	near                        *near
	places                      []string // of the texts that near knows
}

func newStages(c Config) *stages {
	s := &stages{config: c}
	s.empty.Name, s.length.Name, s.match.Name, s.exact.Name, s.nearly.Name, s.limit.Name = "empty", "length", "match", "exact", "near", "limit"
	if c.Dedup != NoDedup {
		s.seen = map[[16]byte]string{}
	}
	if c.Dedup == NearDedup {
		s.near = newNear(cmp.Or(c.Similarity, DefaultSimilarity))
	}
	return s
}

// looked is a record and what the stages look at.
type looked struct {
	data.Record
	text      string
	signature [hashes]uint32
	words     bool // it has a signature
}

// look computes what the stages look at, on all cores.
func (s *stages) look(records []looked) {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(records)) {
		wait.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(records)); i = next.Add(1) - 1 {
				r := &records[i]
				r.text = textOf(r.Record)
				if s.near != nil {
					r.signature, r.words = s.near.signature(r.text)
				}
			}
		})
	}
	wait.Wait()
}

// keep tells whether a record passes all stages; the first that takes it out notes it.
func (s *stages) keep(r *looked) bool {
	text := r.text
	out := func(stage *Stage, format string, args ...any) bool {
		stage.add(r.Place() + ": " + fmt.Sprintf(format, args...))
		return false
	}
	n := utf8.RuneCountInString(text)
	if n == 0 {
		return out(&s.empty, "no text")
	}
	if c := s.config; n < c.MinLength || c.MaxLength > 0 && n > c.MaxLength {
		return out(&s.length, "%d characters", n)
	}
	for _, m := range s.config.Match {
		if !m.MatchString(text) {
			return out(&s.match, "doesn't match %s", m)
		}
	}
	for _, m := range s.config.Reject {
		if found := m.FindString(text); found != "" || m.MatchString(text) {
			return out(&s.match, "has %.40q, which %s matches", found, m)
		}
	}
	if s.seen != nil {
		sum := sha256.Sum256(identity(r.Record))
		key := [16]byte(sum[:])
		if first, twice := s.seen[key]; twice {
			return out(&s.exact, "the same as %s", first)
		}
		s.seen[key] = r.Place()
	}
	if r.words {
		if first, like := s.near.seen(r.signature); like {
			return out(&s.nearly, "nearly the same as %s", s.places[first])
		}
		s.places = append(s.places, r.Place())
	}
	return true
}

// report returns a report of the stages that has nothing yet.
func (s *stages) report() Report {
	return Report{Shapes: map[string]int{}, Stages: []*Stage{&s.empty, &s.length, &s.match, &s.exact, &s.nearly, &s.limit}, Written: map[string]int{}}
}

// through calls take for the records of a source that pass all stages, in their order. None at all is an error.
func (s *stages) through(ctx context.Context, source *data.Source, report *Report, take func(r data.Record) error) error {
	shapes := s.config.Shapes
	if len(shapes) == 0 {
		shapes = data.Shapes()
	}
	kept := 0
	batch := make([]looked, 0, lookedAtOnce)
	flush := func() error {
		s.look(batch)
		for i := range batch {
			if r := &batch[i]; s.keep(r) {
				if err := take(r.Record); err != nil {
					return err
				}
				report.Shapes[r.Shape.String()]++
				kept++
			}
		}
		batch = batch[:0]
		return context.Cause(ctx)
	}
	for r, err := range source.Records(shapes...) {
		if err != nil {
			return err
		}
		report.Read++
		if batch = append(batch, looked{Record: r}); len(batch) == lookedAtOnce {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	if kept == 0 {
		return fmt.Errorf("curate: no record is left of %d", report.Read)
	}
	return nil
}

// read writes the records that are kept to the file.
func (s *Set) read(ctx context.Context, source *data.Source, c Config) error {
	st := newStages(c)
	s.Report = st.report()
	out := bufio.NewWriterSize(s.file, 1<<20)
	if err := st.through(ctx, source, &s.Report, func(r data.Record) error { return s.add(out, r) }); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("curate: %w", err)
	}
	if c.Limit > 0 && len(s.ends) > c.Limit {
		st.limit.Out = len(s.ends) - c.Limit
	}
	return nil
}

// add writes a record to the file.
func (s *Set) add(out *bufio.Writer, r data.Record) error {
	if s.augment != nil && !s.augment.takes(r) {
		return r.Fail(fmt.Errorf("%s can't be augmented, expected records with texts of their own", r.Shape))
	}
	n, err := out.Write(append(orderedjson.Append(nil, r.Object, orderedjson.Format{}), '\n'))
	if err != nil {
		return fmt.Errorf("curate: %w", err)
	}
	end := int64(n)
	if len(s.ends) > 0 {
		end += s.ends[len(s.ends)-1]
	}
	s.ends = append(s.ends, end)
	return nil
}

// divide puts the records into their order and gives each a part.
func (s *Set) divide(c Config) {
	n := len(s.ends)
	order := make([]int32, n)
	permutation := random.NewPermutation(uint64(n), c.Seed, orderStream)
	for i := range order {
		order[i] = int32(i)
		if c.Shuffle {
			order[i] = int32(permutation.At(uint64(i)))
		}
	}
	if c.Limit > 0 {
		order = order[:min(c.Limit, n)]
	}
	n = len(order)
	validation, test := share(c.Validation, n), share(c.Test, n)
	test = min(test, uint64(n-1)-min(validation, uint64(n-1)))
	drawn := random.NewPermutation(uint64(n), c.Seed, partStream)
	for i, record := range order {
		part := 0
		switch at := drawn.At(uint64(i)); {
		case at < validation:
			part = 1
		case at < validation+test:
			part = 2
		}
		s.parts[part] = append(s.parts[part], record)
	}
	for i, p := range s.parts {
		if len(p) > 0 || i == 0 {
			s.Report.Written[parts[i]] = len(p)
		}
	}
}

// share returns how many of n records a share of them is: where there is one, one at least and not all.
func share(x float64, n int) uint64 {
	if x == 0 {
		return 0
	}
	return uint64(min(max(1, int(x*float64(n)+0.5)), n-1))
}

// line returns the record of a number as its line of JSON, without the end.
func (s *Set) line(record int32) ([]byte, error) {
	start := int64(0)
	if record > 0 {
		start = s.ends[record-1]
	}
	b := make([]byte, s.ends[record]-start-1)
	if _, err := s.file.ReadAt(b, start); err != nil {
		return nil, fmt.Errorf("curate: %w", err)
	}
	return b, nil
}
