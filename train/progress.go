package train

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/seahorse-ml/seahorse/internal/screen"
)

// lineThrottle is the time between two plain lines.
const lineThrottle = 10 * time.Second

// curveColumns is how wide the curve of the loss is.
const curveColumns = 10

// hanging is how far the further lines of a line that breaks are indented.
const hanging = 4

// Progress is a Callback that shows a run to a person: on a terminal a bar with step, the loss and its curve, the time left, the best validation
// loss, the model's figures and tokens or rows a second, as much of it as the width has room for; elsewhere, and where NO_COLOR or CI is set, plain
// lines of the same but the curve, at logged steps and at most one in ten seconds. Evaluations and checkpoints get a line each.
type Progress struct {
	out      io.Writer
	terminal bool
	bar      *screen.Bar
	begin    time.Time // when first was done
	first    int       // step that was done first
	line     time.Time // of the last plain line
	parts    []string  // of the text behind the bar, the most important first
	step     int       // that they tell of
	spikes   int       // that were told of
	curve    screen.Curve
	best     *float64 // of evaluations
}

var (
	_ Blind        = (*Progress)(nil)
	_ EvalWatcher  = (*Progress)(nil)
	_ SkipWatcher  = (*Progress)(nil)
	_ SpikeWatcher = (*Progress)(nil)
)

// NewProgress shows a run on out.
func NewProgress(out io.Writer) *Progress {
	return &Progress{out: out, terminal: screen.Lively(out)}
}

// Blind says that it doesn't look at the model.
func (*Progress) Blind() {}

// Step shows a step.
func (p *Progress) Step(e StepEvent) error {
	now := time.Now()
	if p.first == 0 {
		p.first, p.begin = e.Step, now
	}
	if p.terminal {
		p.curve.Add(e.Loss)
	}
	if l := e.EvalLoss; l != nil && (p.best == nil || *l < *p.best) {
		best := *l
		p.best = &best
	}
	p.parts, p.step = p.describe(e, p.left(e, now)), e.Step
	if p.terminal {
		if p.bar == nil {
			p.bar = screen.NewBar(p.out, e.MaxSteps)
		}
		return p.bar.Show(e.Step, p.parts...)
	}
	if e.Logged && (now.Sub(p.line) >= lineThrottle || e.Step == e.MaxSteps) {
		p.line = now
		_, err := fmt.Fprintln(p.out, p.text())
		return err
	}
	return nil
}

// Skipped tells of a step that is left out.
func (p *Progress) Skipped(e SkipEvent) error {
	_, err := fmt.Fprintf(p, "left out %d of %d: %v\n", e.Skipped, e.Limit, e.Err)
	return err
}

// toldSpikes is how many spikes are told of.
const toldSpikes = 5

// Spiked tells of the first steps that leap.
func (p *Progress) Spiked(s Spike) error {
	if s.Error != "" || p.spikes == toldSpikes { // errors are told of already
		return nil
	}
	p.spikes++
	more := ""
	if p.spikes == toldSpikes {
		more = ", and so are further ones"
	}
	where := ""
	if worst := s.Worst(); worst != "" {
		where = ", most in " + worst
	}
	_, err := fmt.Fprintf(p, "step %d: %v%s; its rows are in %s%s\n", s.Step, s, where, SpikesName, more)
	return err
}

// text returns the whole text of the last step.
func (p *Progress) text() string { return strings.Join(p.parts, "  ") }

// left estimates the time that the remaining steps take, evaluations included; 0 is unknown.
func (p *Progress) left(e StepEvent, now time.Time) time.Duration {
	if e.Step == p.first {
		return 0
	}
	return now.Sub(p.begin) * time.Duration(e.MaxSteps-e.Step) / time.Duration(e.Step-p.first)
}

// describe returns what is to be known of a step, the most important first.
func (p *Progress) describe(e StepEvent, left time.Duration) []string {
	loss := fmt.Sprintf("loss %.4f", e.Loss)
	if curve := p.curve.String(curveColumns); curve != "" {
		loss += " " + curve
	}
	parts := []string{fmt.Sprintf("step %d/%d", e.Step, e.MaxSteps), loss}
	if left = left.Round(time.Second); left > 0 {
		parts = append(parts, left.String()+" left")
	}
	if p.best != nil {
		parts = append(parts, fmt.Sprintf("best %.4f", *p.best))
	}
	if len(e.Figures) > 0 {
		parts = append(parts, e.Figures.String())
	}
	return append(parts, fmt.Sprintf("%.*f %v/s", digits(e.TargetsPerSecond), e.TargetsPerSecond, e.Unit))
}

// digits returns how many digits after the point tell a speed.
func digits(speed float64) int {
	if speed < 10 {
		return 1
	}
	return 0
}

// Evaluating shows how far an evaluation is.
func (p *Progress) Evaluating(done, total int) {
	if p.bar != nil && done < total {
		p.bar.Show(p.step, p.parts[0], fmt.Sprintf("evaluating: %d%%", 100*done/total))
	}
}

// Eval prints an evaluation.
func (p *Progress) Eval(e EvalEvent) error {
	p.best = &e.BestLoss // those before the run went on among them
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
	_, err := fmt.Fprintln(p, p.text())
	p.bar = nil
	return err
}

// Write prints whole lines of text between the drawings of the bar, for callbacks that show something of their own. On a terminal they
// break at words.
func (p *Progress) Write(text []byte) (int, error) {
	if p.bar != nil {
		if err := p.bar.Clear(); err != nil {
			return 0, err
		}
	}
	if columns := screen.Width(p.out); columns > 0 {
		for line := range strings.Lines(string(text)) {
			if _, err := io.WriteString(p.out, screen.Wrap(line, columns, hanging)); err != nil {
				return 0, err
			}
		}
		return len(text), nil
	}
	return p.out.Write(text)
}
