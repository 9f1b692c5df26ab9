package lineedit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/rivo/uniseg"
)

func editor(keys string, columns int) (*Editor, *bytes.Buffer) {
	out := &bytes.Buffer{}
	return &Editor{In: bufio.NewReader(strings.NewReader(keys)), Out: out, Size: func() (int, int) { return columns, 10 }}, out
}

func TestRead(t *testing.T) {
	const up, down, left, right, home, del = "\x1b[A", "\x1b[B", "\x1b[D", "\x1b[C", "\x1b[H", "\x1b[3~"
	for keys, want := range map[string]string{
		"abc\r":                           "abc",
		"ac" + left + "b\r":               "abc",
		"abc\x7f\x7fd\r":                  "ad",
		"你好" + left + "们\r":               "你们好",
		"你好吗" + left + left + "\x7f\r":    "好吗",
		"👩‍👩‍👧x" + left + "\x7f\r":        "x",
		"e\u0301x" + left + "\x7f\r":      "x",
		"ab" + home + del + "\r":          "b",
		"ab" + home + "\x04" + "\r":       "b",
		"a b c\x17\r":                     "a b ",
		"a bc\x1bbX\r":                    "a Xbc",
		"one two\x01\x1bfX\r":             "oneX two",
		"abc" + left + "\x0b\r":           "ab",
		"abc" + left + "\x15\r":           "c",
		"x\x1b[200~a\r\nb\tc\x1b[201~y\r": "xa\nb\tcy",
		"bad\x03good\r":                   "good",
		"a\x1b[99;99Zb\r":                 "ab",
		"a" + right + right + "b\x05c\r":  "abc",
		"/re\t\r":                         "/reset",
		"/s\t\r":                          "/s",
		"\x00\x1e日\r":                     "日",
	} {
		e, _ := editor(keys, 20)
		e.Complete = func(begin string) []string {
			var all []string
			for _, c := range []string{"/reset", "/save", "/system"} {
				if strings.HasPrefix(c, begin) {
					all = append(all, c)
				}
			}
			return all
		}
		if got, err := e.Read("> "); err != nil || got != want {
			t.Errorf("%q became %q, %v; expected %q", keys, got, err, want)
		}
	}
	e, _ := editor("one\rtwo\r\x1b[A\x1b[A\r"+"draft\x1b[A\x1b[B\r"+"\x1b[A\x1b[A\x1b[A\x1b[A\x1b[A\x1b[A!\r", 20)
	for i, want := range []string{"one", "two", "one", "draft", "one!"} {
		if got, err := e.Read("> "); err != nil || got != want {
			t.Errorf("line %d became %q, %v; expected %q", i, got, err, want)
		}
	}
	for keys, want := range map[string]error{"\x03": ErrInterrupted, "\x04": io.EOF, "": io.EOF, "abc": io.EOF, "x\x03\x03": ErrInterrupted} {
		e, _ := editor(keys, 20)
		if _, err := e.Read("> "); !errors.Is(err, want) {
			t.Errorf("%q: %v, expected %v", keys, err, want)
		}
	}
}

// terminal carries out what is written to it, as far as the editor uses it.
type terminal struct {
	columns, rows, row, column int
	cells                      [][]string
}

func newTerminal(columns, rows int) *terminal {
	s := &terminal{columns: columns, rows: rows}
	for range rows {
		s.cells = append(s.cells, make([]string, columns))
	}
	return s
}

func (s *terminal) write(t *testing.T, text string) {
	for state := -1; text != ""; {
		if rest, ok := strings.CutPrefix(text, "\x1b["); ok {
			end := strings.IndexFunc(rest, func(r rune) bool { return r >= '@' && r <= '~' })
			n := 1
			_, _ = fmt.Sscanf(rest[:end], "%d", &n)
			switch rest[end] {
			case 'A':
				s.row = max(0, s.row-n)
			case 'C':
				s.column = min(s.columns-1, s.column+n)
			case 'K':
				clear(s.cells[s.row][s.column:])
			case 'J':
				clear(s.cells[s.row][s.column:])
				for _, below := range s.cells[s.row+1:] {
					clear(below)
				}
			}
			text, state = rest[end+1:], -1
			continue
		}
		var cluster string
		var width int
		cluster, text, width, state = uniseg.FirstGraphemeClusterInString(text, state)
		switch cluster {
		case "\r":
			s.column = 0
		case "\n", "\r\n":
			if cluster == "\r\n" {
				s.column = 0
			}
			if s.row++; s.row == s.rows {
				s.cells, s.row = append(s.cells[1:], make([]string, s.columns)), s.rows-1
			}
		default:
			if s.column+width > s.columns-1 {
				t.Fatalf("%q reaches the last column of row %d", cluster, s.row)
			}
			s.cells[s.row][s.column] = cluster
			for i := 1; i < width; i++ {
				s.cells[s.row][s.column+i] = ""
			}
			s.column += width
		}
	}
}

func (s *terminal) text() string {
	var lines []string
	for _, row := range s.cells {
		lines = append(lines, strings.TrimRight(strings.Join(row, ""), " "))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// TestScreen holds what a terminal shows, after each key, to the line and its cursor, at several widths.
func TestScreen(t *testing.T) {
	keys := "Hello 你好世界, this is a longer line 😀 with wide ones\x1b[D\x1b[D\x1b[DXYZ\x01start \x05 end\x17\x17\x7f\x7f" + strings.Repeat("字", 30) + "\x1b[H\x1b[C\x1b[C\x1b[3~\x0b"
	for _, columns := range []int{10, 11, 50, 120} {
		screen := newTerminal(columns, 12)
		e := &Editor{Size: func() (int, int) { return columns, 12 }}
		var l line
		in := bufio.NewReader(strings.NewReader(keys))
		for n := 0; ; n++ {
			screen.write(t, e.draw("> ", &l))
			rows, row, column := l.layout("> ", columns-1)
			whole := strings.Join(rows, "")
			first := max(0, row-10)
			want := rows[first:min(len(rows), first+11)]
			for i := range want {
				want[i] = strings.TrimRight(want[i], " ") // which the screen's rows don't tell from nothing
			}
			if got := screen.text(); got != strings.TrimRight(strings.Join(want, "\n"), "\n") || screen.column != column {
				t.Fatalf("%d columns, key %d: the screen shows\n%s\nwith the cursor at %d, expected\n%s\nand %d", columns, n, got, screen.column, strings.Join(rows, "\n"), column)
			}
			if whole != "> "+l.String() {
				t.Fatalf("%d columns: the rows are %q of %q", columns, whole, l.String())
			}
			k, typed, err := readKey(in)
			if err != nil {
				break
			}
			switch k {
			case keyText:
				l.insert(typed)
			case keyLeft:
				l.left()
			case keyRight:
				l.right()
			case keyHome:
				l.at = 0
			case keyLast:
				l.at = len(l.clusters)
			case keyKillWord:
				l.remove(l.word(false), l.at)
			case keyBackspace:
				l.remove(l.at-1, l.at)
			case keyDelete:
				l.remove(l.at, l.at+1)
			case keyKillBehind:
				l.remove(l.at, len(l.clusters))
			}
		}
	}
}

// FuzzRead holds that no keys bring the editor out of step.
func FuzzRead(f *testing.F) {
	for _, keys := range []string{"abc\r", "\x1b[A\x1b[200~x", "你\x7f\x17\x04", "\x1b", "e\u0301\x1b[D\u0301"} {
		f.Add(keys, 20)
	}
	f.Fuzz(func(t *testing.T, keys string, columns int) {
		e, _ := editor(keys, columns)
		for {
			if _, err := e.Read("> "); err != nil {
				return
			}
		}
	})
}
