package lineedit

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// ErrInterrupted says that Ctrl-C was pressed in an empty line.
var ErrInterrupted = errors.New("interrupted")

// Editor reads lines. Its history is what was read before.
type Editor struct {
	In   io.RuneReader
	Out  io.Writer
	Size func() (columns, rows int) // of the terminal, asked for at each key
	// Complete returns what a beginning of a line may become; nil completes nothing.
	Complete func(begin string) []string
	Begin    string // stands in the next line that is read, to be edited; Read takes it

	history []string
	row     int // of the cursor, from the first that is shown
}

// bracketed paste is asked for while a line is read, so that a pasted text of several lines is one.
const (
	pasteOn  = "\x1b[?2004h"
	pasteOff = "\x1b[?2004l"
)

// Read reads a line. At its end the cursor is in a row of its own. The error is io.EOF for Ctrl-D in an empty line, ErrInterrupted for Ctrl-C in one, or
// that of In; Ctrl-C in another line throws it away.
func (e *Editor) Read(prompt string) (text string, err error) {
	var l line
	l.insert(e.Begin)
	e.row, e.Begin = 0, ""
	place, draft := len(e.history), ""
	if _, err := io.WriteString(e.Out, pasteOn); err != nil {
		return "", err
	}
	defer func() {
		l.at = len(l.clusters)
		end := e.draw(prompt, &l)
		if err != nil {
			end = ""
		}
		_, failed := io.WriteString(e.Out, end+pasteOff+"\r\n")
		err = errors.Join(err, failed)
	}()
	recall := func(to int) {
		if to < 0 || to > len(e.history) || to == place {
			return
		}
		if place == len(e.history) {
			draft = l.String()
		}
		place = to
		if to == len(e.history) {
			l.set(draft)
			return
		}
		l.set(e.history[to])
	}
	for {
		if _, err := io.WriteString(e.Out, e.draw(prompt, &l)); err != nil {
			return "", err
		}
		k, typed, err := readKey(e.In)
		if err != nil {
			return "", err
		}
		switch k {
		case keyText:
			l.insert(typed)
		case keyEnter:
			text := l.String()
			if strings.TrimSpace(text) != "" && (len(e.history) == 0 || e.history[len(e.history)-1] != text) {
				e.history = append(e.history, text)
			}
			return text, nil
		case keyInterrupt:
			if len(l.clusters) == 0 {
				return "", ErrInterrupted
			}
			l.set("")
			place, draft = len(e.history), ""
		case keyEnd:
			if len(l.clusters) == 0 {
				return "", io.EOF
			}
			l.remove(l.at, min(l.at+1, len(l.clusters)))
		case keyBackspace:
			l.remove(max(0, l.at-1), l.at)
		case keyDelete:
			l.remove(l.at, min(l.at+1, len(l.clusters)))
		case keyLeft:
			l.left()
		case keyRight:
			l.right()
		case keyWordLeft:
			l.at = l.word(false)
		case keyWordRight:
			l.at = l.word(true)
		case keyHome:
			l.at = 0
		case keyLast:
			l.at = len(l.clusters)
		case keyUp:
			recall(place - 1)
		case keyDown:
			recall(place + 1)
		case keyKillWord:
			l.remove(l.word(false), l.at)
		case keyKillBefore:
			l.remove(0, l.at)
		case keyKillBehind:
			l.remove(l.at, len(l.clusters))
		case keyClear:
			if _, err := io.WriteString(e.Out, "\x1b[H\x1b[2J"); err != nil {
				return "", err
			}
			e.row = 0
		case keyComplete:
			e.complete(&l)
		}
	}
}

// complete adds what all that the line may become have in common.
func (e *Editor) complete(l *line) {
	if e.Complete == nil || l.at != len(l.clusters) {
		return
	}
	all := e.Complete(l.String())
	if len(all) == 0 {
		return
	}
	common := slices.MinFunc(all, strings.Compare)
	last := slices.MaxFunc(all, strings.Compare)
	n := 0
	for n < min(len(common), len(last)) && common[n] == last[n] {
		n++
	}
	if common = strings.ToValidUTF8(common[:n], ""); len(common) > len(l.String()) {
		l.set(common)
	}
}

// draw returns what shows the line anew, with the cursor in its place. Of a line of more rows than the terminal has, those around the cursor are shown.
func (e *Editor) draw(prompt string, l *line) string {
	columns, height := e.Size()
	rows, row, column := l.layout(prompt, columns-1) // the last column stays free: behind it terminals differ
	height = max(height-1, 1)
	first := max(0, row-height+1)
	rows = rows[first:min(len(rows), first+height)]
	row -= first
	var b strings.Builder
	if e.row > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", e.row)
	}
	b.WriteString("\r" + strings.Join(rows, "\x1b[K\r\n") + "\x1b[J") // what was there is erased behind each row, so that nothing flickers
	if up := len(rows) - 1 - row; up > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", up)
	}
	b.WriteByte('\r')
	if column > 0 {
		fmt.Fprintf(&b, "\x1b[%dC", column)
	}
	e.row = row
	return b.String()
}
