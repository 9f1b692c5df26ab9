package track

import (
	"errors"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/internal/runlog"
	"github.com/seahorse-ml/seahorse/internal/tfevents"
	"github.com/seahorse-ml/seahorse/train"
)

// Histograms is a train.Callback that keeps in a run's directory what the inside of its model looked like, see train.Config.LookSteps: figures of each
// layer (layers.jsonl: step, and gradient_norm, update_ratio, activation_rms and dead_units with the layers' names), and how its weights, gradients
// and activations are spread (histograms.jsonl, lines of runlog.Histogram).
type Histograms struct {
	train.Silent
	dir        string
	layers     *runlog.Appender
	histograms *runlog.Appender
}

// NewHistograms returns the callback of the run in a directory.
func NewHistograms(dir string) *Histograms { return &Histograms{dir: dir} }

// Begin opens the files, and drops what is of steps that are made again.
func (h *Histograms) Begin(made int) (err error) {
	if h.layers, err = runlog.NewAppender(filepath.Join(h.dir, runlog.LayersName), int64(made)+1); err != nil {
		return err
	}
	h.histograms, err = runlog.NewAppender(filepath.Join(h.dir, runlog.HistogramsName), int64(made)+1)
	return err
}

// Blind says that it doesn't look at the model in Step.
func (*Histograms) Blind() {}

// Looked keeps a look.
func (h *Histograms) Looked(e train.LookEvent) error {
	line := map[string]float64{"step": float64(e.Step)}
	all := layersOf(&e.Look)
	for _, l := range all {
		l.figures(func(name string, value float64) { line[name+"/"+l.name] = value })
	}
	for _, l := range all {
		for _, d := range []struct {
			of string
			*train.Distribution
		}{{"weights", &l.weights}, {"gradients", &l.gradients}, {"activations", &l.results}} {
			if d.Count == 0 {
				continue
			}
			if err := h.histograms.Append(histogram(int64(e.Step), l.name, d.of, d.Distribution)); err != nil {
				return err
			}
		}
	}
	return h.layers.Append(line)
}

// histogram returns a line of a distribution.
func histogram(step int64, layer, of string, d *train.Distribution) runlog.Histogram {
	h := runlog.Histogram{Step: step, Layer: layer, Of: of, Count: d.Count, NotFinite: d.NotFinite, Min: d.Min, Max: d.Max, Mean: d.Sum / float64(d.Count), RMS: d.RMS()}
	for i, share := range runlog.Shares {
		h.Quantiles[i] = d.Quantile(share)
	}
	h.Limits, h.Counts = d.Buckets()
	return h
}

// End closes the files.
func (h *Histograms) End(train.EndEvent) error {
	if h.layers == nil || h.histograms == nil {
		return nil
	}
	return errors.Join(h.layers.Close(), h.histograms.Close())
}

// Looked writes histograms of parameters under weights/ and gradients/, those of results under activations/, and figures of layers under their names.
func (t *TensorBoard) Looked(e train.LookEvent) error {
	if err := t.open(e.Step); err != nil {
		return err
	}
	var values []tfevents.Value
	add := func(tag string, d *train.Distribution) {
		if d.Count > 0 {
			limits, counts := d.Buckets()
			values = append(values, tfevents.Histo(tag, tfevents.Histogram{
				Min: d.Min, Max: d.Max, Count: float64(d.Count), Sum: d.Sum, Squares: d.Squares, Limits: limits, Buckets: counts,
			}))
		}
	}
	for i := range e.Params {
		p := &e.Params[i]
		add("weights/"+p.Name, &p.Weights)
		add("gradients/"+p.Name, &p.Gradients)
	}
	for i := range e.Results {
		r := &e.Results[i]
		add("activations/"+r.Near+"/"+r.Op, &r.Values)
	}
	for _, l := range layersOf(&e.Look) {
		l.figures(func(name string, value float64) { values = append(values, tfevents.Scalar(name+"/"+l.name, value)) })
	}
	return t.events.Write(int64(e.Step), values...)
}
