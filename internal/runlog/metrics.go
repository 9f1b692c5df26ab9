package runlog

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sort"
)

// A Series is a figure over the steps.
type Series struct {
	Name   string
	Steps  []int64 // rising
	Values []float64
}

// Points returns how many there are. A nil series has none.
func (s *Series) Points() int {
	if s == nil {
		return 0
	}
	return len(s.Steps)
}

// Last returns the last value, and whether there is one. A nil series has none.
func (s *Series) Last() (float64, bool) {
	if s == nil || len(s.Values) == 0 {
		return 0, false
	}
	return s.Values[len(s.Values)-1], true
}

// Lowest returns the index of the lowest value, -1 where there is none.
func (s *Series) Lowest() int { return s.extreme(func(a, b float64) bool { return a < b }) }

// Highest returns the index of the highest value, -1 where there is none.
func (s *Series) Highest() int { return s.extreme(func(a, b float64) bool { return a > b }) }

func (s *Series) extreme(better func(a, b float64) bool) int {
	best := -1
	if s == nil {
		return best
	}
	for i, v := range s.Values {
		if best < 0 || better(v, s.Values[best]) {
			best = i
		}
	}
	return best
}

// Range returns the part of the series from one step to another, both included. It shares the memory.
func (s *Series) Range(from, to int64) *Series {
	lo := sort.Search(len(s.Steps), func(i int) bool { return s.Steps[i] >= from })
	hi := sort.Search(len(s.Steps), func(i int) bool { return s.Steps[i] > to })
	hi = max(lo, hi)
	return &Series{s.Name, s.Steps[lo:hi], s.Values[lo:hi]}
}

// cut drops what is of a step and later.
func (s *Series) cut(step int64) {
	n := sort.Search(len(s.Steps), func(i int) bool { return s.Steps[i] >= step })
	s.Steps, s.Values = s.Steps[:n], s.Values[:n]
}

// mostSeries bounds the figures of a file.
const mostSeries = 4096

// Metrics are the numbers of a file of lines, such as metrics.jsonl, and are read on as it grows. They are not safe for concurrent use.
type Metrics struct {
	Step   int64 // of the last line; 0 before the first
	Damage Damage

	path   string
	series []*Series // in the order in which they came
	byName map[string]*Series
	offset int64 // of the first byte that wasn't read
	line   int   // that was read
	file   os.FileInfo
	parser lineParser
}

// NewMetrics returns the metrics of a file, of which nothing is read yet.
func NewMetrics(path string) *Metrics {
	m := &Metrics{path: path}
	m.reset()
	return m
}

// ReadMetrics reads a file as it is now. One that isn't there has no figures.
func ReadMetrics(path string) (*Metrics, error) {
	m := NewMetrics(path)
	_, err := m.Update()
	return m, err
}

func (m *Metrics) reset() {
	m.series, m.byName, m.offset, m.line, m.Damage, m.Step = nil, map[string]*Series{}, 0, 0, Damage{}, 0
}

// All returns the figures in the order in which they came first.
func (m *Metrics) All() []*Series { return m.series }

// Get returns a figure, nil where there is none of the name.
func (m *Metrics) Get(name string) *Series { return m.byName[name] }

// Update reads the lines that came since the last call, and tells whether there are any. A file that was made anew, as a run makes it that
// goes on from a checkpoint, is read from its start. The rest behind the last line end is left for later.
func (m *Metrics) Update() (changed bool, err error) {
	f, err := os.Open(m.path)
	if errors.Is(err, fs.ErrNotExist) {
		changed = m.line > 0
		m.reset()
		return changed, nil
	}
	if err != nil {
		return false, fmt.Errorf("runlog: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false, fmt.Errorf("runlog: %w", err)
	}
	if m.file != nil && (!os.SameFile(m.file, info) || info.Size() < m.offset) {
		m.reset()
		changed = true
	}
	m.file = info
	if info.Size() == m.offset {
		return changed, nil
	}
	raw, err := readFrom(f, m.offset)
	if err != nil {
		return changed, fmt.Errorf("runlog: %w", err)
	}
	for {
		n := bytes.IndexByte(raw, '\n')
		if n < 0 {
			return changed, nil
		}
		m.line++
		if !m.add(raw[:n]) {
			m.Damage.note(m.line)
		}
		raw = raw[n+1:]
		m.offset += int64(n) + 1
		changed = true
	}
}

// add takes a line in, and tells whether it could be read.
func (m *Metrics) add(line []byte) bool {
	if len(line) > mostLine {
		return false
	}
	entries, ok := m.parser.parse(line)
	if !ok {
		return false
	}
	step, ok := stepOf(entries)
	if !ok {
		return false
	}
	if step <= m.Step && m.line > 1 {
		for _, s := range m.series {
			s.cut(step)
		}
	}
	m.Step = step
	for _, e := range entries {
		if string(e.key) == "step" {
			continue
		}
		s := m.byName[string(e.key)]
		if s == nil {
			if len(m.series) == mostSeries {
				continue
			}
			s = &Series{Name: string(e.key)}
			m.series, m.byName[s.Name] = append(m.series, s), s
		}
		if n := len(s.Steps); n > 0 && s.Steps[n-1] == step { // a key that is there twice
			s.Values[n-1] = e.value
			continue
		}
		s.Steps, s.Values = append(s.Steps, step), append(s.Values, e.value)
	}
	return true
}

// stepOf returns the step among entries.
func stepOf(entries []entry) (int64, bool) {
	for _, e := range entries {
		if string(e.key) == "step" {
			step := int64(e.value)
			return step, float64(step) == e.value && step >= 0
		}
	}
	return 0, false
}

// tailBytes is how much ReadTail reads.
const tailBytes = 1 << 15

// ReadTail reads the last lines of a file, of which there may be many more.
func ReadTail(path string) (*Metrics, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("runlog: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("runlog: %w", err)
	}
	begin := max(0, info.Size()-tailBytes)
	raw, err := readFrom(f, begin)
	if err != nil {
		return nil, fmt.Errorf("runlog: %w", err)
	}
	if begin > 0 { // in the midst of a line
		raw = raw[bytes.IndexByte(raw, '\n')+1:]
	}
	m := NewMetrics(path)
	for line := range bytes.Lines(raw) {
		if line[len(line)-1] != '\n' {
			break
		}
		if m.line++; !m.add(line[:len(line)-1]) {
			m.Damage.note(m.line)
		}
	}
	return m, nil
}
