package optim

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// optimizers are those beside Adam, with the settings of testdata/optimizers.py, in which nothing is clipped.
var optimizers = map[string]func(groups []Group) (Optimizer, error){
	"sgd":          func(g []Group) (Optimizer, error) { return NewSGD(g, SGDConfig{}) },
	"sgd_momentum": func(g []Group) (Optimizer, error) { return NewSGD(g, SGDConfig{Momentum: 0.9}) },
	"sgd_nesterov": func(g []Group) (Optimizer, error) { return NewSGD(g, SGDConfig{Momentum: 0.9, Nesterov: true}) },
	"lion":         func(g []Group) (Optimizer, error) { return NewLion(g, LionConfig{Beta1: 0.9, Beta2: 0.99}) },
	"muon":         func(g []Group) (Optimizer, error) { return NewMuon(g, unclipped(DefaultMuonConfig())) },
	"muon_match_adam": func(g []Group) (Optimizer, error) {
		c := unclipped(DefaultMuonConfig())
		c.MatchAdam = true
		return NewMuon(g, c)
	},
	"adafactor": func(g []Group) (Optimizer, error) {
		c := DefaultAdafactorConfig()
		c.MaxGradNorm = 0
		return NewAdafactor(g, c)
	},
	"adamw8": func(g []Group) (Optimizer, error) {
		return NewAdamW8(g, AdamConfig{Beta1: 0.9, Beta2: 0.95, Eps: 1e-8})
	},
}

func unclipped(c MuonConfig) MuonConfig {
	c.Adam.MaxGradNorm = 0
	return c
}

// TestOptimizersAgreeWithTheirReferences makes five steps of each.
func TestOptimizersAgreeWithTheirReferences(t *testing.T) {
	raw, err := os.ReadFile("testdata/optimizers.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	for name, make := range optimizers {
		t.Run(name, func(t *testing.T) {
			var want struct {
				Shapes [][]int
				Every  int
				Params [][]float64
			}
			if err := json.Unmarshal(all[name], &want); err != nil {
				t.Fatal(err)
			}
			dt, tolerance := tensor.Float64, 1e-13
			if name == "adamw8" {
				dt, tolerance = tensor.Float32, 1e-5 // the reference computes in float32
			}
			params := testParams(t, dt, want.Shapes...)
			o, err := make(Groups(params, 0.1))
			if err != nil {
				t.Fatal(err)
			}
			for step := range 5 {
				setGradients(params, step)
				if _, err := o.Step(0.01 * float64(step+1)); err != nil {
					t.Fatal(err)
				}
			}
			for k, p := range params {
				var got []float64
				for i, v := range float64s(p.Value()) {
					if i%want.Every == 0 {
						got = append(got, v)
					}
				}
				near(t, p.Name, got, want.Params[k], tolerance)
			}
		})
	}
	for name, table := range map[string][]float32{"table_signed": table8[float32](true), "table_unsigned": table8[float32](false)} {
		var want []float64
		if err := json.Unmarshal(all[name], &want); err != nil {
			t.Fatal(err)
		}
		for i, v := range table {
			if math.Abs(float64(v)-want[i]) > 2e-7*math.Abs(want[i]) { // the vector code of PyTorch's linspace rounds otherwise
				t.Fatalf("%s: number %d is %.9g, expected %.9g", name, i, v, want[i])
			}
		}
	}
}

// TestOptimizersGoOnExactly saves each after three steps, and goes on with another that loads it.
func TestOptimizersGoOnExactly(t *testing.T) {
	for name, make := range optimizers {
		t.Run(name, func(t *testing.T) {
			shapes := [][]int{{64, 80}, {4}}
			whole, first := testParams(t, tensor.Float32, shapes...), testParams(t, tensor.Float32, shapes...)
			a, err := make(Groups(whole, 0.1))
			if err != nil {
				t.Fatal(err)
			}
			b, err := make(Groups(first, 0.1))
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "optimizer.safetensors")
			for step := range 6 {
				if step == 3 {
					if err := b.Save(path); err != nil {
						t.Fatal(err)
					}
					if b, err = make(Groups(first, 0.1)); err != nil {
						t.Fatal(err)
					}
					if err := b.Load(path); err != nil {
						t.Fatal(err)
					}
				}
				setGradients(whole, step)
				setGradients(first, step)
				_, errA := a.Step(0.01)
				_, errB := b.Step(0.01)
				if errA != nil || errB != nil {
					t.Fatal(errA, errB)
				}
			}
			for k := range whole {
				if !slices.Equal(graph.Data[float32](whole[k]), graph.Data[float32](first[k])) {
					t.Errorf("%s differs", whole[k].Name)
				}
			}
			if whole := 2 * 4 * (64*80 + 4); name == "adamw8" && a.Memory() > whole/3 {
				t.Errorf("%d bytes of state, Adam has %d", a.Memory(), whole)
			}
		})
	}
}

// TestOptimizersClip compares clipped gradients with ones that are that small.
func TestOptimizersClip(t *testing.T) {
	for name, make := range map[string]func(groups []Group, norm float64) (Optimizer, error){
		"sgd": func(g []Group, n float64) (Optimizer, error) {
			return NewSGD(g, SGDConfig{Momentum: 0.5, MaxGradNorm: n})
		},
		"lion": func(g []Group, n float64) (Optimizer, error) { return NewLion(g, LionConfig{0.9, 0.99, n}) },
		"adafactor": func(g []Group, n float64) (Optimizer, error) {
			return NewAdafactor(g, AdafactorConfig{1e-3, 1, -0.8, n})
		},
	} {
		var results [2][]float64
		for i, norm := range []float64{0.5, 0} {
			params := testParams(t, tensor.Float64, []int{3, 4})
			setGradients(params, 1)
			if norm == 0 {
				data, squares := graph.GradData[float64](params[0]), 0.0
				for _, v := range data {
					squares += v * v
				}
				for k := range data {
					data[k] *= 0.5 / (math.Sqrt(squares) + 1e-6)
				}
			}
			o, err := make(Groups(params, 0), norm)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := o.Step(0.1); err != nil {
				t.Fatal(err)
			}
			results[i] = float64s(params[0].Value())
		}
		near(t, name, results[0], results[1], 1e-14)
	}
}

func TestOptimizersRefuse(t *testing.T) {
	groups := Groups(testParams(t, tensor.Float32, []int{2, 2}), 0)
	_, sgd := NewSGD(groups, SGDConfig{Momentum: 1})
	_, nesterov := NewSGD(groups, SGDConfig{Nesterov: true})
	_, lion := NewLion(groups, LionConfig{Beta1: -1})
	_, muon := NewMuon(groups, MuonConfig{Momentum: 0.9})
	_, adam := NewMuon(groups, MuonConfig{Momentum: 0.9, Steps: 5})
	_, adafactor := NewAdafactor(groups, AdafactorConfig{})
	_, eight := NewAdamW8(groups, AdamConfig{Beta1: 0.9})
	_, none := NewSGD(nil, SGDConfig{})
	for want, err := range map[string]error{
		"sgd: momentum 1": sgd, "Nesterov needs a momentum": nesterov, "lion: beta1 -1": lion, "muon: no steps": muon, "adam: eps 0": adam,
		"adafactor: expected eps": adafactor, "eps 0, expected more": eight, "no parameters to train": none,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, expected %q", err, want)
		}
	}
	o, err := NewLion(groups, DefaultLionConfig())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Step(-1); err == nil {
		t.Error("no error for a negative rate")
	}
}

// TestMemoryOfOutlines is told without values, and nothing else is done without them.
func TestMemoryOfOutlines(t *testing.T) {
	all := map[string]func(groups []Group) (Optimizer, error){
		"adamw": func(g []Group) (Optimizer, error) { return NewAdamW(g, DefaultAdamConfig()) },
	}
	maps.Copy(all, optimizers)
	for name, make := range all {
		params := graph.NewParams(tensor.Float32, 1)
		for i, shape := range [][]int{{7, 5}, {100, 90}, {3}, {90, 100}, {2, 3, 4}} {
			params.New(fmt.Sprint("p", i), graph.Zeros(), shape...)
		}
		var outlines []*graph.Param
		for _, p := range params.All() {
			outlines = append(outlines, p.Outline())
		}
		real, err := make(Groups(params.All(), 0.1))
		if err != nil {
			t.Fatal(err)
		}
		outlined, err := make(Groups(outlines, 0.1))
		if err != nil || outlined.Memory() != real.Memory() || real.Memory() == 0 && name != "sgd" {
			t.Errorf("%s: %d bytes of memory by outlines, %v, and %d in fact", name, outlined.Memory(), err, real.Memory())
		}
		if _, err := outlined.Step(0.1); err == nil || !strings.Contains(err.Error(), "has no value") {
			t.Errorf("%s: a step without values: %v", name, err)
		}
		if _, err := make(Groups([]*graph.Param{params.All()[0], outlines[1]}, 0.1)); err == nil {
			t.Errorf("%s: parameters with and without values together are taken", name)
		}
	}
}
