package train_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/seahorse-ml/seahorse/train"
)

// learn makes a run in a directory that is gone afterwards, and returns what the model's last evaluation found.
func learn(newRun func() (train.Model, train.Config)) train.Evaluation {
	m, c := newRun()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	c.Dir = dir
	t, err := train.New(m, c)
	if err != nil {
		log.Fatal(err)
	}
	defer t.Close()
	if err := t.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
	e, err := train.Evaluate(context.Background(), m, c.Validation, train.EvalConfig{BatchSize: 7})
	if err != nil {
		log.Fatal(err)
	}
	return e
}

// stopAt ends a run's context behind a step.
type stopAt struct {
	train.Silent
	step   int
	cancel context.CancelFunc
}

func (s stopAt) Step(e train.StepEvent) error {
	if e.Step == s.step {
		s.cancel()
	}
	return nil
}

// TestExamplesResumeExactly interrupts each example's run twice and goes on with a new model.
func TestExamplesResumeExactly(t *testing.T) {
	speed := regexp.MustCompile(`"\w+_per_second":[^,}]*`)
	for name, newRun := range map[string]func() (train.Model, train.Config){
		"table": tableRun, "images": imagesRun, "recurrent": recurrentRun, "towers": towersRun, "last block": lastBlockRun,
	} {
		t.Run(name, func(t *testing.T) {
			outcome := func(stops ...int) (model, metrics []byte) {
				dir := filepath.Join(t.TempDir(), "run")
				for i, stop := range append(stops, -1) {
					m, c := newRun()
					ctx, cancel := context.WithCancel(context.Background())
					c.Dir, c.MaxSteps, c.EvalSteps, c.SaveSteps, c.Accumulation = dir, 30, 8, 10, 2
					c.Callbacks = []train.Callback{stopAt{step: stop, cancel: cancel}}
					trainer, err := train.New(m, c)
					if err != nil {
						t.Fatal(err)
					}
					if i > 0 {
						if _, _, err := trainer.Resume(); err != nil {
							t.Fatal(err)
						}
					}
					if err := trainer.Run(ctx); (err != nil) != (stop > 0) {
						t.Fatalf("stop at step %d: %v", stop, err)
					}
					cancel()
					if err := trainer.Close(); err != nil {
						t.Fatal(err)
					}
				}
				model, err := os.ReadFile(filepath.Join(dir, "model.safetensors"))
				if err != nil {
					t.Fatal(err)
				}
				metrics, err = os.ReadFile(filepath.Join(dir, train.MetricsName))
				if err != nil {
					t.Fatal(err)
				}
				return model, speed.ReplaceAll(metrics, nil)
			}
			model, metrics := outcome()
			againModel, againMetrics := outcome(7, 23)
			if !bytes.Equal(model, againModel) || !bytes.Equal(metrics, againMetrics) {
				t.Errorf("an interrupted run is another: metrics\n%s\nexpected\n%s", againMetrics, metrics)
			}
		})
	}
}

// outOf1 tells a share in words that don't depend on rounding.
func outOf1(e train.Evaluation, name string, least float64) string {
	if v, ok := e.Figures.Get(name); ok && v >= least {
		return fmt.Sprintf("%s at least %g", name, least)
	}
	return e.String()
}
