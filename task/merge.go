package task

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/embed"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/weights"
	"gorgonia.org/tensor"
)

// MergeConfig configures Merge.
type MergeConfig struct {
	Model, Adapter string // directories
	Dir            string // of the merged model; it must hold none yet
	// DType is how the merged parameters are stored: float32, bfloat16 or float16. Default: what the config.json of the model says, or
	// float32.
	DType   string
	AnyBase bool // see adapt.OpenConfig
}

// Merged tells how much a merged model differs from the model and its adapter.
type Merged struct {
	DType string
	// Logits is the largest difference of logits, or scores, on some texts, of the model as it is stored; Rounding is that of
	// the model in float32. Largest is the largest absolute value of them.
	Logits, Rounding, Largest float64
}

// roundingLimit is the largest difference, as a part of the largest logit, that adding up in another order explains in float32.
const roundingLimit = 1e-4

// Merge writes a model with an adapter's change in its own parameters. It compares the logits of the model with its adapter, of the merged
// model in float32, and of the files that were written: differences that rounding doesn't explain are an error, and then nothing is left behind.
func Merge(c MergeConfig) (r Merged, err error) {
	if c.Adapter == "" {
		return r, errors.New("task: merge: no adapter")
	}
	t, err := Open(c.Model, OpenConfig{Adapter: c.Adapter, AnyBase: c.AnyBase})
	if err != nil {
		return r, err
	}
	if r.DType, err = c.dtype(); err != nil {
		return r, err
	}
	with, err := t.logits()
	if err != nil {
		return r, err
	}
	if err := t.Adapter.Merge(); err != nil {
		return r, err
	}
	merged, err := t.logits()
	if err != nil {
		return r, err
	}
	r.Largest, r.Rounding = largest(with), furthest(with, merged)
	if !(r.Rounding <= roundingLimit*max(1, r.Largest)) {
		return r, fmt.Errorf("task: merge: logits differ by %g of %g in float32, more than rounding explains; nothing was written", r.Rounding, r.Largest)
	}
	p, err := prepareRun(c.Dir)
	if err != nil {
		return r, err
	}
	defer p.abandon()
	if err := t.write(p.staging, r.DType); err != nil {
		return r, err
	}
	if embed.IsDir(c.Adapter) { // how an embedder makes vectors
		e, err := embed.On(t.Model, c.Adapter)
		if err == nil {
			err = e.SaveBeside(p.staging)
		}
		if err != nil {
			return r, err
		}
	}
	stored := &Trained{Dir: p.staging}
	if stored.Model, err = stored.open(false); err != nil {
		return r, err
	}
	stored.Tokenizer = t.Tokenizer
	if err := sameRounded(t.Model, stored.Model, r.DType); err != nil {
		return r, err
	}
	after, err := stored.logits()
	if err != nil {
		return r, err
	}
	if r.Logits = furthest(with, after); math.IsNaN(r.Logits) {
		return r, errors.New("task: merge: the stored model's logits are no numbers")
	}
	return r, p.move()
}

// move moves all files into the directory.
func (p *preparation) move() error {
	entries, err := os.ReadDir(p.staging)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.Rename(p.path(e.Name()), filepath.Join(p.run, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// dtype returns how the merged parameters are stored.
func (c MergeConfig) dtype() (string, error) {
	name := c.DType
	if name == "" {
		var config struct {
			DType      string `json:"dtype"`
			TorchDType string `json:"torch_dtype"`
		}
		if data, err := os.ReadFile(filepath.Join(c.Model, "config.json")); err == nil {
			if err := json.Unmarshal(data, &config); err != nil {
				return "", fmt.Errorf("task: merge: %s: %w", filepath.Join(c.Model, "config.json"), err)
			}
		}
		if name = config.DType; name == "" {
			name = config.TorchDType
		}
		if name != "bfloat16" && name != "float16" {
			name = "float32"
		}
	}
	if err := (weights.SaveConfig{DType: name}).Validate(); err != nil {
		return "", err
	}
	return name, nil
}

// write writes the model's directory with its tokenizer.
func (t *Trained) write(dir, dtype string) error {
	if err := t.Model.Save(dir); err != nil {
		return err
	}
	if err := t.Tokenizer.Save(dir); err != nil {
		return err
	}
	if dtype == "float32" {
		return nil
	}
	if err := weights.Save(filepath.Join(dir, "model.safetensors"), t.Model.Params(), weights.SaveConfig{DType: dtype}); err != nil {
		return err
	}
	path := filepath.Join(dir, "config.json")
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	config, err := orderedjson.DecodeObject(data)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	config.Set("dtype", dtype)
	indent := "  "
	return atomicfile.WriteBytes(path, append(orderedjson.Append(nil, config, orderedjson.Format{Indent: &indent}), '\n'))
}

// sameRounded refuses a stored model whose parameters are others than those in memory, as far as its type can tell.
func sameRounded(memory, stored models.Model, dtype string) error {
	limit := map[string]float64{"float32": 0, "bfloat16": 1.0 / 256, "float16": 1.0 / 2048}[dtype]
	read := stored.Params()
	for i, p := range memory.Params() {
		if i >= len(read) || read[i].Name != p.Name {
			return fmt.Errorf("task: merge: parameter %q was not read back", p.Name)
		}
		a, b := graph.Data[float32](p), graph.Data[float32](read[i])
		for k := range a {
			const smallest = 1e-7 // float16's smallest number and less
			if d := math.Abs(float64(a[k]) - float64(b[k])); !(d <= limit*math.Abs(float64(a[k]))+smallest*limit) {
				return fmt.Errorf("task: merge: element %d of %q is %g in memory and %g as %s; --dtype float32 or bfloat16 keeps it", k, p.Name, a[k], b[k], dtype)
			}
		}
	}
	return nil
}

// mergeTexts are what logits are compared on.
var mergeTexts = []string{
	"The quick brown fox jumps over the lazy dog.", "In 1704 Newton published a book on light.",
	"def add(x, y):\n    return x + y", "Question: What is the capital of France? Answer: Paris.",
}

// logits returns what the model says about some texts: the scores of tokens or classes.
func (t *Trained) logits() ([]float64, error) {
	const most = 32
	var all []float64
	for _, text := range mergeTexts {
		var row []int32
		for _, id := range t.Tokenizer.AppendPart(nil, []byte(text), true, true, true) {
			if int(id) < t.Model.VocabSize() && len(row) < min(most, t.Model.ContextLength()) {
				row = append(row, id)
			}
		}
		if len(row) == 0 {
			row = []int32{0}
		}
		scores, err := logitsOf(t.Model, row)
		if err != nil {
			return nil, err
		}
		all = append(all, scores...)
	}
	return all, nil
}

// logitsOf returns what a model says about one text.
func logitsOf(m models.Model, ids []int32) ([]float64, error) {
	g := graph.New(graph.Config{})
	in := g.Input("ids", tensor.Int32, 1, len(ids))
	if err := g.Err(); err != nil {
		return nil, err
	}
	copy(graph.Ints(in), ids)
	var scores *graph.Node
	switch m := m.(type) {
	case models.CausalLM:
		scores = m.Logits(g, in, nil)
	case models.Seq2Seq:
		scores = m.Head(g, m.Hidden(g, in, layers.Pass{Encoded: m.Encode(g, in, nil)}))
	case *models.MaskedLM:
		scores = m.Logits(g, in, nil, nil)
	case Scorer:
		scores = m.Scores(g, in, nil, nil)
	case *models.Encoder:
		scores = m.Hidden(g, in, nil, nil)
	default:
		return nil, fmt.Errorf("task: merge: a %T has no logits to compare", m)
	}
	machine, err := graph.Compile(g, scores)
	if err != nil {
		return nil, err
	}
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		return nil, err
	}
	var all []float64
	for _, v := range graph.Floats[float32](scores) {
		all = append(all, float64(v))
	}
	return all, nil
}

// largest returns the largest absolute value.
func largest(values []float64) float64 {
	most := 0.0
	for _, v := range values {
		most = max(most, math.Abs(v))
	}
	return most
}

// furthest returns the largest difference of two lists; no number where one has some that aren't.
func furthest(a, b []float64) float64 {
	most := 0.0
	for i := range a {
		if d := math.Abs(a[i] - b[i]); d > most || math.IsNaN(d) {
			most = d
		}
	}
	return most
}
