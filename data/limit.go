package data

import (
	"fmt"
	"slices"
	"sync"
)

// Truncation says what becomes of a record of more tokens than a limit.
type Truncation string

// What becomes of a record that is too long.
const (
	TruncateDrop  Truncation = "drop"  // it is left out
	TruncateLeft  Truncation = "left"  // its first tokens are cut off
	TruncateRight Truncation = "right" // its last tokens are cut off
	TruncateError Truncation = "error" // it is an error
)

// LengthLimit bounds the tokens of records and keeps count of those beyond it. One limit may serve several encodings.
type LengthLimit struct {
	// Most is the most tokens that a record may have, > 0.
	Most int
	// How says what becomes of longer ones.
	How Truncation
	// Conversations leaves records of other shapes out of account; default false.
	Conversations bool

	mutex sync.Mutex
	told  LengthReport
}

// LengthReport counts the records that were too long.
type LengthReport struct {
	Dropped   int     // left out, as there was too much or nothing left to learn
	Cut       int     // cut at one side
	Unlearned int     // of those dropped: cut, and then without a token to learn
	First     []error // the first of them, with file and line
}

// Add adds what another report counts.
func (r *LengthReport) Add(o LengthReport) {
	r.Dropped, r.Cut, r.Unlearned = r.Dropped+o.Dropped, r.Cut+o.Cut, r.Unlearned+o.Unlearned
	r.First = append(r.First, o.First[:min(len(o.First), shownLong-len(r.First))]...)
}

// shownLong is how many long records a report names.
const shownLong = 10

// holds tells whether the limit holds for a record.
func (l *LengthLimit) holds(p Piece) bool {
	return l != nil && (p.Shape == MessagesShape || p.line > 0 && !l.Conversations)
}

// Validate returns an error that names a field out of its range.
func (l *LengthLimit) Validate() error {
	if l.Most < 1 {
		return fmt.Errorf("data: limit: Most is %d, expected 1 or more", l.Most)
	}
	switch l.How {
	case TruncateDrop, TruncateLeft, TruncateRight, TruncateError:
		return nil
	}
	return fmt.Errorf("data: limit: How is %q, expected %s, %s, %s or %s", l.How, TruncateDrop, TruncateLeft, TruncateRight, TruncateError)
}

// Report returns what was counted so far. The records that it names are the first that were come upon.
func (l *LengthLimit) Report() LengthReport {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	told := l.told
	told.First = slices.Clone(told.First)
	slices.SortFunc(told.First, ComparePlaces)
	return told
}

// Keep returns which tokens [from, to) of a record stay, none where it is dropped; with TruncateError one that is too long is the error. Note tells what happened
// to one that was too long, "" to one that wasn't.
func (l *LengthLimit) Keep(learn []bool) (from, to int, note string, err error) {
	n := len(learn)
	if n <= l.Most {
		return 0, n, "", nil
	}
	note = fmt.Sprintf("%d tokens, more than %d", n, l.Most)
	switch l.How {
	case TruncateError:
		return 0, 0, note, fmt.Errorf("%s", note)
	case TruncateDrop:
		return 0, 0, note, nil
	case TruncateLeft:
		from, to = n-l.Most, n
	default:
		from, to = 0, l.Most
	}
	for i := from + 1; i < to; i++ { // the first token has none before it
		if learn[i] {
			return from, to, note, nil
		}
	}
	return 0, 0, note + ", and none to learn in what is left", nil
}

// count notes a record that was too long.
func (l *LengthLimit) count(kept bool, note error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	switch {
	case kept:
		l.told.Cut++
	default:
		if l.told.Dropped++; l.How != TruncateDrop {
			l.told.Unlearned++
		}
	}
	if len(l.told.First) < shownLong {
		l.told.First = append(l.told.First, note)
	}
}
