package models

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/golden"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// goldenCase is what testdata/goldens.py writes.
type goldenCase struct {
	Config     json.RawMessage
	IDs        [][]int32
	Targets    [][]int32
	Source     [][]int32 // of an encoder
	Segments   [][]int32 // of the source, or without one of the tokens
	Parameters map[string]goldenParameter
	Logits     []float64
	Loss       float64
	Gain       float64 `json:"-"` // of the parameters
}

type goldenParameter struct {
	Shape    []int
	Gradient golden.Digest
}

func readGolden(t *testing.T, name string) goldenCase {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var c goldenCase
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// source computes the parameters of a golden.
func (c goldenCase) source() golden.Source {
	s := golden.Source{Shapes: map[string][]int{}, Gain: c.Gain}
	for name, p := range c.Parameters {
		s.Shapes[name] = p.Shape
	}
	return s
}

func (c goldenCase) load(t *testing.T, dt tensor.Dtype) trainedModel {
	t.Helper()
	m, err := loadFrom(c.Config, origin{dt: dt, source: c.source()})
	if err != nil {
		t.Fatal(err)
	}
	return m.(trainedModel)
}

// configFrom returns the configuration of a config.json.
func configFrom(config []byte) (Config, error) {
	fields, err := decodeFields(config)
	if err != nil {
		return nil, err
	}
	return parseFields(fields)
}

// loadFrom makes the model of a config.json.
func loadFrom(config []byte, o origin) (Model, error) {
	c, err := configFrom(config)
	if err != nil {
		return nil, err
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return c.build(o)
}

// trainedModel is a model with a loss.
type trainedModel interface {
	Model
	Loss(g *graph.Graph, b layers.Batch) layers.Loss
}

// batch makes the inputs of a case.
func (c goldenCase) batch(g *graph.Graph) layers.Batch {
	b := layers.Batch{In: map[string]*graph.Node{layers.IDs: input(g, "ids", c.IDs), layers.Targets: input(g, "targets", c.Targets)}}
	switch {
	case c.Source != nil:
		b.In[layers.SourceIDs], b.In[layers.SourceSegments] = input(g, "source", c.Source), input(g, "segments", c.Segments)
	case c.Segments != nil:
		b.In[layers.Segments] = input(g, "segments", c.Segments)
	}
	return b
}

// logitsOf scores the tokens of a batch.
func logitsOf(g *graph.Graph, m Model, b layers.Batch) *graph.Node {
	if pair, ok := m.(Seq2Seq); ok {
		pass := layers.Pass{Encoded: pair.Encode(g, b.In[layers.SourceIDs], b.In[layers.SourceSegments]), EncodedSegments: b.In[layers.SourceSegments]}
		return pair.Head(g, pair.Hidden(g, b.In[layers.IDs], pass))
	}
	return m.(CausalLM).Logits(g, b.In[layers.IDs], b.In[layers.Segments])
}

// padding tells whether a token of the batch, counted through all rows, is padding, whose logits mean nothing.
func (c goldenCase) padding(token int) bool {
	if c.Source != nil || c.Segments == nil {
		return false
	}
	t := len(c.IDs[0])
	return c.Segments[token/t][token%t] < 0
}

// input makes a node of rows of integers.
func input(g *graph.Graph, name string, rows [][]int32) *graph.Node {
	n := g.Input(name, tensor.Int32, len(rows), len(rows[0]))
	for i, row := range rows {
		copy(graph.Ints(n)[i*len(row):], row)
	}
	return n
}

// goldens lists the files with what both sides' rounding leaves apart in float64:
// transformers computes some things in float32 whatever the model's type is.
var goldens = []struct {
	name      string
	tolerance float64
}{
	{"gemma3", 1e-5},
	{"gemma3_untied", 1e-5},
	{"glm4", 1e-6},
	{"glm4_tied", 1e-6},
	{"gpt2", 1e-9},
	{"gpt2_untied", 1e-9},
	{"gpt_neox", 1e-6},
	{"gpt_neox_serial", 1e-6},
	{"granite", 1e-6},
	{"granite_tied", 1e-6},
	{"llama", 1e-6},
	{"llama_bias", 1e-6},
	{"llama_dynamic", 1e-6},
	{"llama_llama3", 1e-6},
	{"llama_yarn", 1e-6},
	{"mistral", 1e-6},
	{"mistral_tied", 1e-6},
	{"mixtral", 1e-6},
	{"mixtral_balance", 1e-6},
	{"olmo2", 1e-6},
	{"olmo2_tied", 1e-6},
	{"phi3", 1e-6},
	{"phi3_long", 1e-6},
	{"phi3_short", 1e-6},
	{"qwen2", 1e-6},
	{"qwen2_untied", 1e-6},
	{"qwen3", 1e-6},
	{"qwen3_tied", 1e-6},
	{"t5", 1e-6},
	{"t5_gated", 1e-6},
	{"transformer", 1e-9},
	{"transformer_prenorm", 1e-9},
	{"transformer_untied", 1e-9},
}

func TestGoldens(t *testing.T) {
	for _, test := range goldens {
		t.Run(test.name, func(t *testing.T) {
			c := readGolden(t, test.name)
			checkLogits(t, c, test.tolerance)
			checkGradients(t, c, test.tolerance)
		})
	}
}

func checkLogits(t *testing.T, c goldenCase, tolerance float64) {
	t.Helper()
	m := c.load(t, tensor.Float64)
	g := graph.New(graph.Config{DType: tensor.Float64})
	logits := logitsOf(g, m, c.batch(g))
	run(t, g, logits)
	got := graph.Floats[float64](logits)
	if len(got) != len(c.Logits) {
		t.Fatalf("%d logits, expected %d", len(got), len(c.Logits))
	}
	worst := 0.0
	for i, want := range c.Logits {
		if c.padding(i / m.VocabSize()) {
			continue
		}
		worst = max(worst, math.Abs(got[i]-want)/max(1, math.Abs(want)))
	}
	if !(worst <= max(tolerance, 1e-8)) { // the file has nine digits
		t.Errorf("logits differ by %g", worst)
	}
}

func checkGradients(t *testing.T, c goldenCase, tolerance float64) {
	t.Helper()
	m := c.load(t, tensor.Float64)
	g := graph.New(graph.Config{DType: tensor.Float64})
	loss := m.Loss(g, c.batch(g)).Total
	if err := g.Grad(loss); err != nil {
		t.Fatal(err)
	}
	run(t, g, loss)
	if got := graph.Scalar(loss); !(math.Abs(got-c.Loss) <= tolerance) {
		t.Errorf("loss %.12g, expected %.12g", got, c.Loss)
	}
	if len(m.Params()) != len(c.Parameters) {
		t.Errorf("%d parameters, expected %d", len(m.Params()), len(c.Parameters))
	}
	for _, p := range m.Params() {
		want, ok := c.Parameters[p.Name]
		if !ok {
			t.Errorf("parameter %q is not the reference's", p.Name)
			continue
		}
		// The floor is for gradients that are nothing but rounding, such as those of key biases.
		d := golden.Digested(p.Name, graph.GradData[float64](p)).Distance(want.Gradient, 1e-4)
		if !(d <= 10*tolerance) {
			t.Errorf("the gradient of %s differs by %g of its length %g", p.Name, d, want.Gradient.Norm)
		}
	}
}

func run(t *testing.T, g *graph.Graph, outputs ...*graph.Node) {
	t.Helper()
	m, err := graph.Compile(g, outputs...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
}
