package adapt

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/golden"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

// goldenCase is what testdata/peft_goldens.py writes.
type goldenCase struct {
	Config  json.RawMessage
	Adapter json.RawMessage
	IDs     [][]int32
	Targets [][]int32
	Source  [][]int32 // of an encoder-decoder
	Shapes  map[string][]int
	Trained map[string]struct {
		Shape    []int
		Gradient golden.Digest
	}
	Logits []float64
	Loss   float64
}

func goldenCases(t *testing.T) map[string]goldenCase {
	t.Helper()
	return goldensIn(t, "testdata")
}

func goldensIn(t *testing.T, folder string) map[string]goldenCase {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d goldens, error %v", len(files), err)
	}
	cases := map[string]goldenCase{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var c goldenCase
		if err := json.Unmarshal(data, &c); err != nil {
			t.Fatal(err)
		}
		cases[strings.TrimSuffix(filepath.Base(file), ".json")] = c
	}
	return cases
}

// model makes the model of a case.
func (c goldenCase) model(t *testing.T, dt tensor.Dtype) Trainable {
	t.Helper()
	return c.build(t, graph.LoadParams(dt, golden.Source{Shapes: c.Shapes}))
}

// build makes the model of a case in a tree.
func (c goldenCase) build(t *testing.T, p *graph.Params) Trainable {
	t.Helper()
	var head struct {
		ModelType string `json:"model_type"`
	}
	parse := func(config any) {
		if err := json.Unmarshal(c.Config, config); err != nil {
			t.Fatal(err)
		}
	}
	parse(&head)
	var m Trainable
	var err error
	switch head.ModelType {
	case "llama":
		config := models.DefaultLlamaConfig()
		parse(&config)
		m, err = models.NewLlama(config, p)
	case "gpt2":
		config := models.DefaultGPT2Config()
		parse(&config)
		m, err = models.NewGPT2(config, p)
	case "mixtral":
		fresh, sizeErr := models.Size{Layers: 1, Width: 12, Heads: 3, Context: 16, Vocab: 19}.Config(head.ModelType)
		if sizeErr != nil {
			t.Fatal(sizeErr)
		}
		config := fresh.(models.MixtralConfig)
		parse(&config)
		var made models.Model
		if made, err = models.New(config, p); err == nil {
			m = made.(Trainable)
		}
	case "t5":
		config := models.DefaultT5Config()
		parse(&config)
		m, err = models.NewT5(config, p)
	default:
		config := models.DefaultBertConfig()
		if head.ModelType == "roberta" {
			config = models.DefaultRobertaConfig()
		}
		parse(&config)
		m, err = models.NewSequenceClassifier(config, p)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// adapt puts the adapter of a case on a model, with its computed values.
func (c goldenCase) adapt(t *testing.T, m Model, dt tensor.Dtype) *Adapter {
	t.Helper()
	config, err := parseConfig(c.Adapter)
	if err != nil {
		t.Fatal(err)
	}
	source := golden.Source{Shapes: map[string][]int{}}
	for name, p := range c.Trained {
		source.Shapes[name] = p.Shape
	}
	a, err := put(m, config, graph.LoadParams(dt, source))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// rows makes a node of rows of integers, each behind what all begin with.
func rows(g *graph.Graph, name string, rows [][]int32, begin ...int32) *graph.Node {
	n := g.Input(name, tensor.Int32, len(rows), len(begin)+len(rows[0]))
	for i, row := range rows {
		copy(graph.Ints(n)[i*(len(begin)+len(row)):], append(slices.Clone(begin), row...))
	}
	return n
}

// run traces the model of a case, and returns its logits, loss and machine.
func (c goldenCase) run(t *testing.T, m Trainable, a *Adapter, dt tensor.Dtype) (logits []float64, loss float64) {
	t.Helper()
	var begin, none []int32
	if a != nil && a.Prompt() != nil {
		begin = a.Prompt().IDs()
		none = slices.Repeat([]int32{-1}, len(begin))
	}
	g := graph.New(graph.Config{DType: dt})
	b := layers.Batch{In: map[string]*graph.Node{layers.IDs: rows(g, "ids", c.IDs, begin...), layers.Targets: rows(g, "targets", c.Targets, none...)}}
	ids, targets := b.In[layers.IDs], graph.Ints(b.In[layers.Targets])
	var scores *graph.Node
	if classifier, ok := m.(*models.SequenceClassifier); ok {
		if len(begin) > 0 { // the target is at the first token
			for i, row := range c.Targets {
				at := targets[i*(len(begin)+len(row)):]
				at[0], at[len(begin)] = row[0], -1
			}
		}
		scores = classifier.Scores(g, ids, nil, nil)
	} else {
		pass := layers.Pass{}
		if pair, ok := m.(models.Seq2Seq); ok {
			b.In[layers.SourceIDs] = rows(g, "source", c.Source)
			pass.Encoded = pair.Encode(g, b.In[layers.SourceIDs], nil)
		}
		writer := m.(interface {
			Hidden(*graph.Graph, *graph.Node, layers.Pass) *graph.Node
			Head(*graph.Graph, *graph.Node) *graph.Node
		})
		scores = writer.Head(g, writer.Hidden(g, ids, pass))
	}
	node := m.Loss(g, b).Total
	if a != nil {
		if err := g.Grad(node); err != nil {
			t.Fatal(err)
		}
	}
	machine, err := graph.Compile(g, node, scores)
	if err != nil {
		t.Fatal(err)
	}
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		t.Fatal(err)
	}
	all := floats(scores)
	if len(begin) > 0 && len(all) != len(c.Logits) {
		per := len(c.Logits) / len(c.IDs)
		skipped := (len(all) - len(c.Logits)) / len(c.IDs)
		for i := range c.IDs {
			logits = append(logits, all[(i+1)*skipped+i*per:][:per]...)
		}
		return logits, graph.Scalar(node)
	}
	return all, graph.Scalar(node)
}

func floats(n *graph.Node) []float64 {
	if wide := graph.Floats[float64](n); wide != nil {
		return slices.Clone(wide)
	}
	var all []float64
	for _, v := range graph.Floats[float32](n) {
		all = append(all, float64(v))
	}
	return all
}

// furthest returns the largest distance of two lists.
func furthest(a, b []float64) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	worst := 0.0
	for i := range a {
		worst = max(worst, math.Abs(a[i]-b[i]))
	}
	return worst
}

// tolerance is what transformers' rotary positions, which are computed in float32, leave apart.
const tolerance = 1e-6

// TestGoldens compares losses, logits and gradients with peft's, in float64.
func TestGoldens(t *testing.T) {
	for name, c := range goldenCases(t) {
		t.Run(name, func(t *testing.T) {
			m := c.model(t, tensor.Float64)
			a := c.adapt(t, m, tensor.Float64)
			logits, loss := c.run(t, m, a, tensor.Float64)
			if math.Abs(loss-c.Loss) > tolerance {
				t.Errorf("the loss is %.12g, expected %.12g", loss, c.Loss)
			}
			if d := furthest(logits, c.Logits); d > tolerance {
				t.Errorf("logits differ by %g", d)
			}
			if len(a.Params()) != len(c.Trained) {
				t.Errorf("%d trained parameters, expected %d", len(a.Params()), len(c.Trained))
			}
			for _, p := range a.Params() {
				got := golden.Digested(p.Name, graph.GradData[float64](p))
				if d := got.Distance(c.Trained[p.Name].Gradient, 1e-4); d > 1e-6 {
					t.Errorf("%s: the gradients are %g apart", p.Name, d)
				}
			}
			a.Enable(false)
			without, _ := c.run(t, m, nil, tensor.Float64)
			if furthest(without, logits) == 0 {
				t.Error("the adapter changes nothing")
			}
		})
	}
}

// TestMerge compares a merged model with the model and its adapter.
func TestMerge(t *testing.T) {
	fixed := []string{"llama_embeddings", "llama_prompt", "bert_prompt", "gpt2_saved", "llama_bias"}
	for name, c := range goldenCases(t) {
		t.Run(name, func(t *testing.T) {
			m := c.model(t, tensor.Float64)
			a := c.adapt(t, m, tensor.Float64)
			with, _ := c.run(t, m, a, tensor.Float64)
			err := a.Merge()
			if slices.Contains(fixed, name) {
				if err == nil {
					t.Error("merged what can't be")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if merged, _ := c.run(t, m, nil, tensor.Float64); furthest(merged, with) > 1e-9 {
				t.Errorf("logits differ by %g", furthest(merged, with))
			}
			for _, p := range m.Params() {
				if p.Frozen {
					t.Fatalf("%s is frozen still", p.Name)
				}
			}
		})
	}
}
