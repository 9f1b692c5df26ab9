package screen

import (
	"io"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
)

const (
	throttle  = 100 * time.Millisecond // between two drawings
	widest    = 24                     // columns of the bar itself
	narrowest = 8                      // below which the bar is left out
	framing   = 10                     // columns of " 100% |", "|" and the two spaces behind
	between   = "  "                   // two parts of the text
	needed    = 3                      // parts without which there is no bar
	assumed   = 80                     // columns of a terminal that doesn't tell
)

// A Bar is one line of progress on a terminal: a bar, and behind it what is to be known, as much of it as has room.
type Bar struct {
	out   io.Writer
	total int
	drawn time.Time
	bar   *progressbar.ProgressBar
	shown bool
}

// NewBar starts a bar for work of so many pieces. It shows nothing yet.
func NewBar(out io.Writer, total int) *Bar {
	return &Bar{out: out, total: total, bar: progressbar.NewOptions(total,
		progressbar.OptionSetWriter(io.Discard),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionThrottle(0),
	)}
}

// Show draws that done pieces are done, at most ten times a second. Of parts the first is the most important: where the terminal is too
// narrow, the last ones are left out, and of the first only as much is shown as fits.
func (b *Bar) Show(done int, parts ...string) error {
	now := time.Now()
	if now.Sub(b.drawn) < throttle && done < b.total {
		return nil
	}
	b.drawn = now
	columns := Width(b.out)
	if columns == 0 {
		columns = assumed
	}
	columns-- // the last one stays free: some terminals begin a new line behind it
	text, width := Fit(columns, parts...)
	line := text
	if width > 0 {
		line = b.draw(done, width) + between + text
	}
	b.shown = true
	_, err := io.WriteString(b.out, "\r\x1b[2K"+line)
	return err
}

// draw returns the bar itself, of a width.
func (b *Bar) draw(done, width int) string {
	progressbar.OptionSetWidth(width)(b.bar)
	if b.bar.Set(min(done, b.total-1)) != nil || b.bar.RenderBlank() != nil { // which renders it where the number is the same
		return ""
	}
	if done >= b.total {
		return " 100% |" + strings.Repeat("█", width) + "|"
	}
	return strings.TrimRight(strings.TrimPrefix(b.bar.String(), "\r"), " ")
}

// Clear takes the bar off the screen until it is shown again.
func (b *Bar) Clear() error {
	if !b.shown {
		return nil
	}
	b.shown, b.drawn = false, time.Time{}
	_, err := io.WriteString(b.out, "\r\x1b[2K")
	return err
}

// Fit returns the text of as many parts as have room in so many columns beside a bar, and how wide the bar is; 0 where there is no room for one. The first
// three parts matter more than the bar.
func Fit(columns int, parts ...string) (text string, bar int) {
	for n := len(parts); n > 0; n-- {
		text = strings.Join(parts[:n], between)
		left := columns - Columns(text) - framing
		switch {
		case left >= narrowest:
			return text, min(left, widest)
		case n <= needed && Columns(text) <= columns:
			return text, 0
		case n == 1:
			return Cut(text, columns), 0
		}
	}
	return "", 0
}
