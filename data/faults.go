package data

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// A Fault is what is wrong with a file, or with a line or a row of it.
type Fault struct {
	Name string // of the file
	Line int    // from 1; 0: the file as a whole
	Row  bool   // Line counts rows
	// Guess is the format that the file is read as because of its content, against its name; empty where they agree.
	Guess string
	Err   error
}

// Error names the file and the line.
func (f *Fault) Error() string {
	text := "data: " + f.place() + ": " + f.Err.Error()
	if f.Guess != "" {
		text += "; it is read as " + f.Guess + " because of its content, --data-format says otherwise"
	}
	return text
}

// Unwrap returns what is wrong.
func (f *Fault) Unwrap() error { return f.Err }

// ComparePlaces orders errors by the file and the line of the Fault that they are or wrap, those without one first.
func ComparePlaces(a, b error) int {
	x, y := new(Fault), new(Fault)
	errors.As(a, &x)
	errors.As(b, &y)
	return cmp.Or(strings.Compare(x.Name, y.Name), x.Line-y.Line)
}

func (f *Fault) place() string { return Origin{Name: f.Name, Line: f.Line, Row: f.Row}.String() }

// structuralError is an error behind which records can't be told from each other any more.
type structuralError struct{ error }

func (e structuralError) Unwrap() error { return e.error }

func structural(format string, args ...any) error {
	return structuralError{fmt.Errorf(format, args...)}
}

// isStructural tells whether an error is one of the file rather than of one record.
func isStructural(err error) bool {
	var s structuralError
	var f *Fault
	return errors.As(err, &s) || errors.As(err, &f) && f.Line == 0
}

// Limits of what is told of faults: how many are shown, and how many are looked for.
const (
	faultsShown = 20
	faultsFound = 1000
)

// Faults are all faults of a source, or the first thousand.
type Faults struct {
	Name string // of the source
	All  []error
	More bool // there may be others
}

// Error lists them.
func (f *Faults) Error() string {
	if len(f.All) == 1 {
		return f.All[0].Error()
	}
	var b strings.Builder
	more := ""
	if f.More {
		more = " or more"
	}
	fmt.Fprintf(&b, "data: %s: %d%s faults:", f.Name, len(f.All), more)
	for _, err := range f.All[:min(len(f.All), faultsShown)] {
		fmt.Fprintf(&b, "\n  %s", strings.TrimPrefix(err.Error(), "data: "))
	}
	if n := len(f.All) - faultsShown; n > 0 {
		fmt.Fprintf(&b, "\n  and %d more", n)
	}
	b.WriteString("\nfiles are left out by --exclude, and all that can't be read by --skip-invalid")
	return b.String()
}

// Unwrap returns the faults.
func (f *Faults) Unwrap() []error { return f.All }

// gather goes through the files of a source for all that is wrong with them, once something is: first is what was found. Check yields
// the errors of the records of a block; nil looks at no records.
func (s *Source) gather(first error, check func(b *block, fault func(error) bool)) error {
	var fault *Fault
	if !errors.As(first, &fault) {
		return first // of no file: a failing disk, or what an encoder says
	}
	f := &Faults{Name: s.name}
	add := func(err error) bool {
		f.All = append(f.All, err)
		f.More = len(f.All) >= faultsFound
		return !f.More
	}
	for _, in := range s.files {
		if in.size == 0 {
			continue
		}
		err := s.readFile(in, nil, newBuffer, func(b *block) bool {
			if check != nil {
				check(b, add)
			}
			return !f.More
		})
		if err != nil && !f.More {
			add(err)
		}
		if f.More {
			break
		}
	}
	if len(f.All) == 0 {
		return first
	}
	return f
}

// checkOf returns a check that looks for errors of what parse makes of a block.
func checkOf[T any](parse func(b *block) func(yield func(T, error) bool)) func(b *block, fault func(error) bool) {
	return func(b *block, fault func(error) bool) {
		parse(b)(func(_ T, err error) bool { return err == nil || fault(err) })
	}
}

// skipped are the faults that are left out where a source skips what is invalid. A source is read several times, by several
// goroutines; each fault counts once.
type skipped struct {
	mutex sync.Mutex
	seen  map[string]bool
	all   []error
}

// take notes a fault of a record and tells that it is to be skipped. Nil skips nothing.
func (s *skipped) take(b *block, err error) bool {
	if s == nil || isStructural(err) {
		return false
	}
	s.add(err)
	return true
}

func (s *skipped) add(err error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	key := err.Error()
	if !s.seen[key] {
		s.seen[key] = true
		s.all = append(s.all, err)
	}
}

// Skip notes a fault of a record that only its reader could find, and tells whether the source leaves such records out rather than stop.
func (s *Source) Skip(fault error) bool {
	if s.skipped == nil {
		return false
	}
	s.skipped.add(fault)
	return true
}

// Skipped returns what was left out so far because it couldn't be read, where that was asked for.
func (s *Source) Skipped() []error {
	if s.skipped == nil {
		return nil
	}
	s.skipped.mutex.Lock()
	defer s.skipped.mutex.Unlock()
	return append([]error(nil), s.skipped.all...)
}

// lineOf returns the line that an error names; 0 where it names none.
func lineOf(err error) int {
	var f *Fault
	if errors.As(err, &f) {
		return f.Line
	}
	return 0
}
