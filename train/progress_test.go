package train

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seahorse-ml/seahorse/layers"
)

func stepEvent(step int, logged bool) StepEvent {
	return StepEvent{Metrics: Metrics{Step: step, Loss: 2.5, TargetsPerSecond: 1234.5, Unit: layers.PerToken}, MaxSteps: 40, Logged: logged}
}

func TestProgressInPlainLines(t *testing.T) {
	var out bytes.Buffer
	p := NewProgress(&out)
	p.Step(stepEvent(1, true))
	p.Step(stepEvent(2, false))
	p.Step(stepEvent(3, true)) // too soon
	p.line = time.Time{}
	p.Step(stepEvent(4, true))
	p.Eval(EvalEvent{Evaluation{Loss: 2, Targets: 9, Tokens: true}, 8, 2, 8})
	p.Eval(EvalEvent{Evaluation{Loss: 3, Targets: 9, Tokens: true, Figures: Figures{{"accuracy", 0.87654}}}, 16, 2, 8})
	p.Eval(EvalEvent{Evaluation{Loss: 3, Targets: 9, Figures: Figures{{"mean_margin", 3}, {"pearson", -0.25}}}, 18, 3, 18})
	p.Save(SaveEvent{20, "run/checkpoint-20"})
	last := stepEvent(40, true)
	last.Unit, last.TargetsPerSecond, last.Figures = layers.PerRow, 3.25, Figures{{"accuracy", 0.5}}
	p.Step(last)
	p.End(EndEvent{Step: 40})
	const want = `step 1/40  loss 2.5000  1234 tokens/s
step 4/40  loss 2.5000  1234 tokens/s
step 8: validation loss 2.0000, perplexity 7.39
step 16: validation loss 3.0000, perplexity 20.09, accuracy 0.8765; best: 2.0000 at step 8
step 18: validation loss 3.0000, mean margin 3, pearson -0.25
step 20: saved run/checkpoint-20
step 40/40  loss 2.5000  best 3.0000  accuracy 0.5  3.2 rows/s
`
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestProgressOnATerminal(t *testing.T) {
	var out bytes.Buffer
	p := NewProgress(&out)
	p.terminal = true
	p.Step(stepEvent(1, true))
	p.begin = p.begin.Add(-10 * time.Second)
	const pause = 110 * time.Millisecond // more than lies between two drawings
	time.Sleep(pause)
	p.Step(stepEvent(11, true))
	time.Sleep(pause)
	p.Evaluating(1, 4)
	fmt.Fprintln(p, "a sample")
	p.Step(stepEvent(12, true))
	p.End(EndEvent{Step: 12})
	got := out.String()
	for _, want := range []string{"\r", "█", "step 11/40  loss 2.5000 ▁▁  29s left  1234 tokens/s", "evaluating: 25%", "a sample\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
	if strings.HasSuffix(got, "\r") || !strings.HasSuffix(got, "tokens/s\n") {
		t.Errorf("the screen is left with %q", got[max(0, len(got)-100):])
	}
}

func TestTimeLeft(t *testing.T) {
	now := time.Now()
	p := &Progress{first: 21, begin: now}
	if got := p.left(stepEvent(30, true), now.Add(18*time.Second)); got != 20*time.Second {
		t.Errorf("9 steps in 18 s, 10 left: %v", got)
	}
}

// TestPlainLinesArePaced shows steps of a minute as plain lines, of which there is at most one in ten seconds.
func TestPlainLinesArePaced(t *testing.T) {
	var out bytes.Buffer
	p := NewProgress(&out)
	for second := range 60 {
		p.Step(stepEvent(1+second/2, true))
		p.line = p.line.Add(-time.Second) // as if it were over
	}
	if n := strings.Count(out.String(), "\n"); n < 5 || n > 7 {
		t.Errorf("%d lines in a minute:\n%s", n, out.String())
	}
}
