package track

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/seahorse-ml/seahorse/internal/runlog"
	"github.com/seahorse-ml/seahorse/internal/tfevents"
	"github.com/seahorse-ml/seahorse/train"
)

// A Setting is an option of a run, as text.
type Setting struct{ Name, Value string }

// ReadSettings reads the options of a run from its run.yaml; none where it isn't there.
func ReadSettings(path string) ([]Setting, error) {
	read, err := runlog.ReadSettings(path)
	var all []Setting
	for _, s := range read {
		all = append(all, Setting{s.Key, s.Value})
	}
	return all, err
}

// A TensorBoard is a train.Callback that writes event files into a run's directory, for TensorBoard to read. Scalars have the tags that
// Hugging Face's Trainer gives them: train/loss, train/grad_norm, train/learning_rate, eval/loss; figures of the model stand behind train/ and
// eval/ too. Settings are a text, args, and hparams. A run that goes on begins another file, which makes TensorBoard drop the steps that
// come again.
type TensorBoard struct {
	train.Silent
	dir      string
	settings []Setting
	events   *tfevents.Writer
}

// NewTensorBoard returns the callback of the run in a directory, with its settings.
func NewTensorBoard(dir string, settings []Setting) *TensorBoard {
	return &TensorBoard{dir: dir, settings: settings}
}

// Blind says that it doesn't look at the model.
func (*TensorBoard) Blind() {}

// Step writes the figures of a logged step.
func (t *TensorBoard) Step(e train.StepEvent) error {
	if err := t.open(e.Step); err != nil || !e.Logged {
		return err
	}
	unit := e.Unit.String()
	values := []tfevents.Value{
		tfevents.Scalar("train/loss", e.Loss), tfevents.Scalar("train/grad_norm", e.GradNorm), tfevents.Scalar("train/learning_rate", e.LearningRate),
		tfevents.Scalar("train/"+unit, float64(e.Targets)), tfevents.Scalar("train/"+unit+"_per_second", e.TargetsPerSecond),
	}
	for _, f := range e.Figures {
		values = append(values, tfevents.Scalar("train/"+f.Name, f.Value))
	}
	if e.EvalLoss != nil {
		values = append(values, tfevents.Scalar("eval/loss", *e.EvalLoss))
	}
	for _, f := range e.EvalFigures {
		values = append(values, tfevents.Scalar("eval/"+f.Name, f.Value))
	}
	return t.events.Write(int64(e.Step), values...)
}

// open begins the file, if that isn't done, of a run whose next step is first.
func (t *TensorBoard) open(first int) (err error) {
	if t.events != nil {
		return nil
	}
	if t.events, err = tfevents.Create(t.dir, int64(first)); err != nil {
		return err
	}
	var params []tfevents.Param
	var args strings.Builder
	for _, s := range t.settings {
		params = append(params, tfevents.Param(s))
		args.WriteString(s.Name + ": " + s.Value + "\n")
	}
	return t.events.Write(0, tfevents.Text("args", quoted(args.String())),
		tfevents.Experiment(params, []string{"train/loss", "eval/loss"}), tfevents.SessionStart(params, seconds(time.Now())))
}

// Spiked writes what leaped in a step, and its rows, as the text spikes.
func (t *TensorBoard) Spiked(s train.Spike) error {
	if err := t.open(s.Step); err != nil {
		return err
	}
	text := s.String()
	for _, r := range s.Rows {
		text += "\n" + r.Name()
		if r.Loss != nil {
			text += fmt.Sprintf(", loss %.4g", *r.Loss)
		}
		text += ": " + r.Text
	}
	return t.events.Write(int64(s.Step), tfevents.Text("spikes", quoted(text)))
}

// Sample writes what the model wrote after a step, as the text samples.
func (t *TensorBoard) Sample(step int, text string) error {
	if err := t.open(step); err != nil {
		return err
	}
	return t.events.Write(int64(step), tfevents.Text("samples", quoted(text)))
}

// End says how the run ended, and closes the file.
func (t *TensorBoard) End(e train.EndEvent) error {
	if t.events == nil {
		return nil
	}
	status := int64(tfevents.Succeeded)
	if e.Err != nil {
		status = tfevents.Failed
	}
	return errors.Join(t.events.Write(0, tfevents.SessionEnd(status, seconds(time.Now()))), t.events.Close())
}

// quoted makes Markdown show a text as it is.
func quoted(text string) string {
	return "    " + strings.ReplaceAll(strings.ToValidUTF8(text, "�"), "\n", "\n    ")
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
