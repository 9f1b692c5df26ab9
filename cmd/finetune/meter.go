package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/seahorse-ml/seahorse/internal/screen"
)

// meter shows how far a piece of work is, on a terminal only.
type meter struct {
	bar *progressbar.ProgressBar // nil: shows nothing
}

// newMeter starts a meter. What stands for the work: "reading the text".
func newMeter(w io.Writer, what string) *meter {
	if !screen.Lively(w) {
		return &meter{}
	}
	return &meter{progressbar.NewOptions64(-1,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription(what),
		progressbar.OptionSetWidth(max(8, min(30, screen.Width(w)-len(what)-12))),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionClearOnFinish(),
	)}
}

// show tells that done of total is done; a total of 0 is one that nobody knows.
func (m *meter) show(done, total int64) {
	if m.bar == nil {
		return
	}
	if total <= 0 {
		m.bar.Add(1)
		return
	}
	if m.bar.GetMax64() != total {
		m.bar.ChangeMax64(total)
	}
	m.bar.Set64(done)
}

// done takes the meter off the screen.
func (m *meter) done() {
	if m.bar != nil {
		m.bar.Finish()
	}
}

// isTerminal tells whether w is a terminal that a person looks at.
func isTerminal(w io.Writer) bool { return screen.Width(w) > 0 }

// labelColumns is the width of the column of labels before what a run is introduced by.
const labelColumns = 11

// say prints a line for a person. On a terminal it breaks at words, its further lines indented to stand below what follows a label.
func (s *streams) say(format string, args ...any) {
	fmt.Fprintln(s.err, screen.Wrap(fmt.Sprintf(format, args...), screen.Width(s.err), labelColumns))
}

// grouped returns n with its digits in groups of three: 1,234,567.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// rateMeter shows how far a long piece of work is, how fast, and how long it will take: on a terminal a bar, elsewhere a line in ten seconds.
type rateMeter struct {
	streams *streams
	what    string // is counted
	begin   time.Time
	line    time.Time // of the last line
	bar     *screen.Bar
}

// rateLines is the time between two plain lines.
const rateLines = 10 * time.Second

func newRateMeter(s *streams, what string) *rateMeter {
	now := time.Now()
	return &rateMeter{streams: s, what: what, begin: now, line: now}
}

// show tells that done of total is done.
func (m *rateMeter) show(done, total int64) {
	spent := time.Since(m.begin)
	parts := []string{fmt.Sprintf("%s of %s %s", grouped(done), grouped(total), m.what)}
	if spent > 0 && done > 0 {
		left := time.Duration(float64(spent) * float64(total-done) / float64(done)).Round(time.Second)
		parts = append(parts, left.String()+" left", grouped(int64(float64(done)/spent.Seconds()))+" "+m.what+"/s")
	}
	if !screen.Lively(m.streams.err) {
		if time.Since(m.line) >= rateLines {
			m.line = time.Now()
			fmt.Fprintln(m.streams.err, strings.Join(parts, "  "))
		}
		return
	}
	const parted = 1 << 20 // bars count in int
	if m.bar == nil {
		m.bar = screen.NewBar(m.streams.err, parted)
	}
	m.bar.Show(int(float64(done)/float64(max(1, total))*parted), parts...)
}

// done takes the meter off the screen.
func (m *rateMeter) done() {
	if m.bar != nil {
		m.bar.Clear()
	}
}
