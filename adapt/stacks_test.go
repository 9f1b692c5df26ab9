package adapt

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/golden"
	"github.com/seahorse-ml/seahorse/internal/safetensors"
	"gorgonia.org/tensor"
)

// save writes the adapter of a case as peft does, with its computed values.
func (c goldenCase) save(t *testing.T, dir string) {
	t.Helper()
	source := golden.Source{Shapes: map[string][]int{}}
	var tensors []safetensors.Tensor
	for name, p := range c.Trained {
		source.Shapes[name] = p.Shape
		value := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(p.Shape...))
		if err := source.Read(name, value); err != nil {
			t.Fatal(err)
		}
		tensors = append(tensors, safetensors.Tensor{Name: modelPrefix + name, Shape: p.Shape, Data: value.Data()})
	}
	if err := safetensors.Write(filepath.Join(dir, WeightsName), tensors, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ConfigName), c.Adapter, 0o644); err != nil {
		t.Fatal(err)
	}
}

// stackedGradients puts the gradients of an adapter together as they are of a case's stacks.
func (c goldenCase) stackedGradients(t *testing.T, m Model, a *Adapter) map[string][]float64 {
	t.Helper()
	own := map[string]*graph.Param{}
	for _, p := range a.Params() {
		own[p.Name] = p
	}
	all := map[string][]float64{}
	for name, p := range own {
		if !strings.Contains(name, ".experts.") && !strings.Contains(name, ".gate.") {
			all[name] = graph.GradData[float64](p)
		}
	}
	var parameters struct {
		All []string `json:"target_parameters"`
	}
	if err := json.Unmarshal(c.Adapter, &parameters); err != nil {
		t.Fatal(err)
	}
	for _, s := range stacks(m, func(name string) bool {
		return slices.ContainsFunc(parameters.All, func(p string) bool { return endsIn(name, p) })
	}) {
		first, second := s.folder+".lora_A.weight", s.folder+".lora_B.weight"
		all[first], all[second] = make([]float64, tensor.Shape(c.Trained[first].Shape).TotalSize()), make([]float64, tensor.Shape(c.Trained[second].Shape).TotalSize())
		for e, parts := range s.parts {
			row := 0
			for _, l := range parts {
				da, db := graph.GradData[float64](own[l.Name+".lora_A.weight"]), own[l.Name+".lora_B.weight"]
				for i, v := range da {
					all[first][e*len(da)+i] += v
				}
				out, rank := db.Shape[0], db.Shape[1]
				for o := range out {
					for k := range rank {
						all[second][((row+o)*rank+k)*len(s.parts)+e] = graph.GradData[float64](db)[o*rank+k]
					}
				}
				row += out
			}
		}
	}
	return all
}

func stackedCases(t *testing.T) map[string]goldenCase {
	t.Helper()
	cases := goldensIn(t, filepath.Join("testdata", "stacked"))
	if len(cases) != 3 {
		t.Fatalf("%d cases", len(cases))
	}
	return cases
}

// TestStacks opens adapters of experts as transformers 5 has them, as one parameter, and compares losses, logits and gradients with peft's. Written again and
// read they are the same.
func TestStacks(t *testing.T) {
	for name, c := range stackedCases(t) {
		t.Run(name, func(t *testing.T) {
			dir, again := t.TempDir(), t.TempDir()
			c.save(t, dir)
			m := c.model(t, tensor.Float64)
			a, err := Open(dir, m, OpenConfig{})
			if err != nil {
				t.Fatal(err)
			}
			logits, loss := c.run(t, m, a, tensor.Float64)
			if d := furthest(logits, c.Logits); d > tolerance || math.Abs(loss-c.Loss) > tolerance {
				t.Errorf("the loss is %.12g, expected %.12g, and logits differ by %g", loss, c.Loss, d)
			}
			gradients := c.stackedGradients(t, m, a)
			if len(gradients) != len(c.Trained) {
				t.Errorf("gradients of %d tensors, expected %d", len(gradients), len(c.Trained))
			}
			for name, want := range c.Trained {
				if d := golden.Digested(name, gradients[name]).Distance(want.Gradient, 1e-4); d > 1e-6 {
					t.Errorf("%s: the gradients are %g apart", name, d)
				}
			}
			if err := a.Save(again); err != nil {
				t.Fatal(err)
			}
			other := c.model(t, tensor.Float64)
			b, err := Open(again, other, OpenConfig{})
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := c.run(t, other, b, tensor.Float64); furthest(got, logits) > 1e-6 { // written as float32
				t.Errorf("written again, logits differ by %g", furthest(got, logits))
			}
			if sketch, err := Open(dir, c.build(t, graph.SketchParams(tensor.Float64, golden.Source{Shapes: c.Shapes})), OpenConfig{}); err != nil || len(sketch.Params()) != len(a.Params()) {
				t.Errorf("on a sketch: %v", err)
			}
		})
	}
}

// TestStacksAreRefused changes files of adapters of stacks.
func TestStacksAreRefused(t *testing.T) {
	c := stackedCases(t)["mixtral"]
	for old, test := range map[string]struct{ fresh, want string }{
		`"gate_up_proj"`:        {`"gate_down_proj"`, `no matrix of projections or experts of the model is named "gate_down_proj"`},
		`"use_dora":false`:      {`"use_dora":true`, "use_dora"},
		`_up_proj":6`:           {`_up_proj":5`, "has shape [30 12], expected [25 12]"},
		`["down_proj",`:         {`[1,`, "expected texts"},
		`"down_proj","gate_up_`: {`"gate_up_`, `tensor "base_model.model.model.layers.0.mlp.experts.lora_A.weight" of model.layers.0.mlp.experts.gate_up_proj has shape`},
	} {
		dir := t.TempDir()
		c.save(t, dir)
		text := string(c.Adapter)
		if !strings.Contains(text, old) {
			t.Fatalf("no %s in %s", old, text)
		}
		if err := os.WriteFile(filepath.Join(dir, ConfigName), []byte(strings.Replace(text, old, test.fresh, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir, c.model(t, tensor.Float64), OpenConfig{}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s for %s: error %v, expected %q", test.fresh, old, err, test.want)
		}
	}
}

// TestPatternsKeepTheirOrder writes patterns of which the first that matches isn't the first by the alphabet.
func TestPatternsKeepTheirOrder(t *testing.T) {
	c := goldenCases(t)["llama_lora"]
	config := LoRAConfig{Rank: 4, Alpha: 8, Targets: AllLinear(), Ranks: []Pattern{{`v_proj`, 2}, {`self_attn\..*`, 3}, {`.*`, 1}}, Alphas: []Pattern{{"q_proj", 2}, {`.*_proj`, 3}}}
	a, err := NewLoRA(c.model(t, tensor.Float32), config, 1)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := a.Save(dir); err != nil {
		t.Fatal(err)
	}
	b, err := Open(dir, c.model(t, tensor.Float32), OpenConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if got := b.config.lora; !slices.Equal(got.Ranks, config.Ranks) || !slices.Equal(got.Alphas, config.Alphas) {
		t.Errorf("ranks %v and alphas %v are read of %v and %v", got.Ranks, got.Alphas, config.Ranks, config.Alphas)
	}
}

// TestStackedPatterns looks for the ranks and alphas that peft needs for an adapter of experts.
func TestStackedPatterns(t *testing.T) {
	c := stackedCases(t)["mixtral"]
	base := LoRAConfig{Rank: 4, Alpha: 8, Targets: Targets{Names: []string{"q_proj", "w1", "w2", "w3"}}, Task: TaskCausal}
	for name, test := range map[string]struct {
		change        func(c *LoRAConfig)
		ranks, alphas []Pattern
	}{
		"plain":           {func(*LoRAConfig) {}, nil, nil},
		"rank-stabilised": {func(c *LoRAConfig) { c.RankStabilized = true }, nil, []Pattern{{`mlp\.experts\.gate_up_proj`, 8 * math.Sqrt2}}},
		"of two":          {func(c *LoRAConfig) { c.Ranks = []Pattern{{"w1|w3", 3}} }, []Pattern{{`mlp\.experts\.gate_up_proj`, 6}, {"w1|w3", 3}}, nil},
		"of one":          {func(c *LoRAConfig) { c.Alphas = []Pattern{{"w2", 3}} }, nil, []Pattern{{`mlp\.experts\.down_proj`, 3}, {"w2", 3}}},
		"not together":    {func(c *LoRAConfig) { c.Ranks = []Pattern{{"w1", 3}} }, []Pattern{{"w1", 3}}, nil},
		"of a layer": {
			func(c *LoRAConfig) { c.Ranks = []Pattern{{`layers\.1\..*`, 2}} },
			[]Pattern{{`model\.layers\.1\.mlp\.experts\.gate_up_proj`, 4}, {`layers\.1\..*`, 2}}, nil,
		},
	} {
		config := base
		test.change(&config)
		m := c.model(t, tensor.Float64)
		a, err := NewLoRA(m, config, 1)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(a.config.ranks, test.ranks) || !slices.Equal(a.config.alphas, test.alphas) {
			t.Errorf("%s: ranks %v, alphas %v, expected %v and %v", name, a.config.ranks, a.config.alphas, test.ranks, test.alphas)
		}
		for _, p := range slices.Concat(a.config.ranks, a.config.alphas) {
			if _, err := regexp.Compile(p.Regex); err != nil {
				t.Error(err)
			}
		}
	}
}
