package main

import (
	"io"
	"os"
	"strconv"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// meter shows how far a piece of work is, on a terminal only.
type meter struct {
	bar *progressbar.ProgressBar // nil: shows nothing
}

// newMeter starts a meter. What stands for the work: "reading the text".
func newMeter(w io.Writer, what string) *meter {
	if !isTerminal(w) {
		return &meter{}
	}
	return &meter{progressbar.NewOptions64(-1,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription(what),
		progressbar.OptionSetWidth(30),
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
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
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
