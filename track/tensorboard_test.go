package track

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/tfevents"
	"github.com/seahorse-ml/seahorse/train"
)

// TestTensorBoard finds what a run tells in its event file; internal/proofs/tensorboard_events.py lets TensorBoard itself read one.
func TestTensorBoard(t *testing.T) {
	dir := t.TempDir()
	b := NewTensorBoard(dir, []Setting{{"learning_rate", "0.5"}, {"preset", "char"}})
	loss := 2.0
	e := step(3)
	e.Figures, e.EvalLoss, e.EvalFigures = train.Figures{{Name: "rewards/margins", Value: 1}}, &loss, train.Figures{{Name: "accuracy", Value: 1}}
	quiet := step(4)
	quiet.Logged = false
	if err := errors.Join(b.Step(e), b.Step(quiet), b.Sample(4, "Once\nupon"), b.End(train.EndEvent{})); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "events.out.tfevents.*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	records := 0
	for r := bytes.NewReader(raw); ; records++ {
		if _, err := tfevents.ReadRecord(r); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if records != 6 { // version, start, settings, step, sample, end
		t.Errorf("%d records, expected 6", records)
	}
	for _, tag := range []string{"train/loss", "train/grad_norm", "train/learning_rate", "train/rows_per_second", "train/rewards/margins", "eval/loss", "eval/accuracy", "samples/text_summary", "    Once\n    upon", "args/text_summary", "_hparams_/experiment"} {
		if !bytes.Contains(raw, []byte(tag)) {
			t.Errorf("the file has no %q", tag)
		}
	}
}
