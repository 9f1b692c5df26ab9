package generate

import (
	"bytes"
	"fmt"
)

// StopStrings finds the end of a text that comes piece by piece: before the one of several
// strings that is complete first, and before the longest of those that are complete at once. What might be the beginning of one is held back until it is
// known, so that no part of it is ever shown.
type StopStrings struct {
	stops [][]byte
	held  []byte
	done  bool
}

// NewStopStrings returns a search for strings, none of which may be empty. Without any
// the text has no end.
func NewStopStrings(stops ...string) (*StopStrings, error) {
	s := &StopStrings{}
	for _, stop := range stops {
		if stop == "" {
			return nil, fmt.Errorf("generate: an empty string to stop at, which is everywhere")
		}
		s.stops = append(s.stops, []byte(stop))
	}
	return s, nil
}

// Push takes the next piece of the text and returns what can be shown of all that came,
// valid until the next call, and whether the text has ended before what is left.
func (s *StopStrings) Push(piece []byte) (show []byte, done bool) {
	if s.done {
		return nil, true
	}
	s.held = append(s.held, piece...)
	if i := s.first(s.held); i >= 0 {
		show, s.held, s.done = s.held[:i], nil, true
		return show, true
	}
	keep := s.beginning()
	show = bytes.Clone(s.held[:len(s.held)-keep])
	s.held = append(s.held[:0], s.held[len(s.held)-keep:]...)
	return show, false
}

// Flush returns what was held back, at the end of the text.
func (s *StopStrings) Flush() []byte {
	rest := s.held
	s.held, s.done = nil, true
	return rest
}

// Ends tells whether a whole text has one of the strings in it.
func (s *StopStrings) Ends(text []byte) bool { return s.first(text) >= 0 }

// first returns the place of the string in a text that is complete first, or -1. So it
// doesn't depend on the pieces in which a text comes.
func (s *StopStrings) first(text []byte) int {
	first, end := -1, len(text)
	for _, stop := range s.stops {
		i := bytes.Index(text, stop)
		if i < 0 {
			continue
		}
		if e := i + len(stop); first < 0 || e < end || e == end && i < first {
			first, end = i, e
		}
	}
	return first
}

// beginning returns how many bytes at the end of what is held begin one of the strings.
func (s *StopStrings) beginning() int {
	longest := 0
	for _, stop := range s.stops {
		for n := min(len(stop)-1, len(s.held)); n > longest; n-- {
			if bytes.HasSuffix(s.held, stop[:n]) {
				longest = n
			}
		}
	}
	return longest
}
