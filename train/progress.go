package train

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

const (
	barWidth     = 24                     // characters
	barThrottle  = 100 * time.Millisecond // between two drawings of the bar
	lineThrottle = 2 * time.Second        // between two plain lines
)

// Progress is a Callback that shows a run to a person: on a terminal a bar with step, loss,
// tokens a second and the time left; elsewhere plain lines of the same, at logged steps and
// not too often. Evaluations and checkpoints get a line each.
type Progress struct {
	out      io.Writer
	terminal bool
	bar      *progressbar.ProgressBar
	begin    time.Time // when first was done
	first    int       // step that was done first
	line     time.Time // of the last plain line
	text     string    // behind the bar
}

var _ EvalWatcher = (*Progress)(nil)

// NewProgress shows a run on out.
func NewProgress(out io.Writer) *Progress {
	f, ok := out.(*os.File)
	return &Progress{out: out, terminal: ok && term.IsTerminal(int(f.Fd()))}
}

// Step shows a step.
func (p *Progress) Step(e StepEvent) error {
	now := time.Now()
	if p.first == 0 {
		p.first, p.begin = e.Step, now
	}
	p.text = describe(e, p.left(e, now))
	if p.terminal {
		return p.draw(e)
	}
	if e.Logged && (now.Sub(p.line) >= lineThrottle || e.Step == e.MaxSteps) {
		p.line = now
		_, err := fmt.Fprintln(p.out, p.text)
		return err
	}
	return nil
}

// left estimates the time that the remaining steps take, evaluations included; 0 is unknown.
func (p *Progress) left(e StepEvent, now time.Time) time.Duration {
	if e.Step == p.first {
		return 0
	}
	return now.Sub(p.begin) * time.Duration(e.MaxSteps-e.Step) / time.Duration(e.Step-p.first)
}

// describe returns what is to be known of a step.
func describe(e StepEvent, left time.Duration) string {
	text := fmt.Sprintf("step %d/%d  loss %.4f  %.0f tokens/s", e.Step, e.MaxSteps, e.Loss, e.TokensPerSecond)
	if left = left.Round(time.Second); left > 0 {
		text += "  " + left.String() + " left"
	}
	return text
}

// draw draws the bar, which is made at the first step.
func (p *Progress) draw(e StepEvent) error {
	if p.bar == nil {
		p.bar = progressbar.NewOptions(e.MaxSteps,
			progressbar.OptionSetWriter(p.out),
			progressbar.OptionSetWidth(barWidth),
			progressbar.OptionThrottle(barThrottle),
			progressbar.OptionShowDescriptionAtLineEnd(),
			progressbar.OptionSetPredictTime(false),
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionClearOnFinish(),
		)
	}
	p.bar.Describe(p.text)
	return p.bar.Set(e.Step)
}

// Evaluating shows how far an evaluation is.
func (p *Progress) Evaluating(done, total int) {
	if p.bar != nil && done < total {
		p.bar.Describe(fmt.Sprintf("%s  (evaluating: %d%%)", p.text, 100*done/total))
	}
}

// Eval prints an evaluation.
func (p *Progress) Eval(e EvalEvent) error {
	best := ""
	if e.Step != e.BestStep {
		best = fmt.Sprintf("; best: %.4f at step %d", e.BestLoss, e.BestStep)
	}
	_, err := fmt.Fprintf(p, "step %d: validation %s%s\n", e.Step, e.Evaluation, best)
	return err
}

// Save prints a checkpoint.
func (p *Progress) Save(e SaveEvent) error {
	_, err := fmt.Fprintf(p, "step %d: saved %s\n", e.Step, e.Dir)
	return err
}

// End takes the bar off the screen, leaving its text.
func (p *Progress) End(EndEvent) error {
	if p.bar == nil {
		return nil
	}
	_, err := fmt.Fprintln(p, p.text)
	p.bar = nil
	return err
}

// Write prints whole lines of text between the drawings of the bar, for callbacks that show something of their own.
func (p *Progress) Write(text []byte) (int, error) {
	if p.bar != nil {
		if err := p.bar.Clear(); err != nil {
			return 0, err
		}
	}
	return p.out.Write(text)
}
