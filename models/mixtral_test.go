package models

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// tinyMixtral changes the configuration of a small new Mixtral.
func tinyMixtral(t *testing.T, change func(c *MixtralConfig)) MixtralConfig {
	t.Helper()
	b, err := tinySize().Config("mixtral")
	if err != nil {
		t.Fatal(err)
	}
	c := b.(MixtralConfig)
	change(&c)
	return c
}

func TestMixtralRefuses(t *testing.T) {
	number := func(x float64) *float64 { return &x }
	for _, test := range []struct {
		err    string
		change func(c *MixtralConfig)
	}{
		{"9 of num_local_experts 8", func(c *MixtralConfig) { c.ActiveExperts = 9 }},
		{"router_aux_loss_coef is missing", func(c *MixtralConfig) { c.BalanceScale = nil }},
		{"router_aux_loss_coef is -1", func(c *MixtralConfig) { c.BalanceScale = number(-1) }},
		{"router_aux_loss_coef is NaN", func(c *MixtralConfig) { c.BalanceScale = number(math.NaN()) }},
		{"router_jitter_noise is 0.1", func(c *MixtralConfig) { c.RouterNoise = 0.1 }},
	} {
		if err := tinyMixtral(t, test.change).Validate(); err == nil || !strings.Contains(err.Error(), test.err) {
			t.Errorf("error %v, expected %q", err, test.err)
		}
	}
}

// TestBalanceIsKept finds the balance's part in the loss in a directory that was written, also where it is 0, and reads one that
// leaves it out as transformers does.
func TestBalanceIsKept(t *testing.T) {
	for _, scale := range []float64{0.02, 0} {
		c := tinyMixtral(t, func(c *MixtralConfig) { c.BalanceScale = &scale })
		m, err := newDecoder(c, graph.NewParams(tensor.Float32, 1))
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if err := m.Save(dir); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, configName))
		if err != nil {
			t.Fatal(err)
		}
		read, err := configFrom(data)
		again := read.(MixtralConfig)
		if err != nil || !again.AddBalance || *again.BalanceScale != scale {
			t.Errorf("%g was read as %v, %v, %v", scale, again.AddBalance, *again.BalanceScale, err)
		}
	}
	read, err := configFrom([]byte(`{"model_type": "mixtral"}`))
	c := read.(MixtralConfig)
	if err != nil || c.AddBalance || *c.BalanceScale != 0.001 {
		t.Errorf("a file without it was read as %v, %v, %v", c.AddBalance, *c.BalanceScale, err)
	}
}

// TestBalanceOfMicroBatches accumulates a batch's losses row by row, whose parts for the balance then add up to the mean of
// the rows' balances by targets.
func TestBalanceOfMicroBatches(t *testing.T) {
	big := 10.0
	c := tinyMixtral(t, func(c *MixtralConfig) { c.BalanceScale = &big })
	m, err := newDecoder(c, graph.NewParams(tensor.Float64, 1))
	if err != nil {
		t.Fatal(err)
	}
	ids := []int32{1, 2, 3, 4, 5, 6, 7, 8}
	targets := [][]int32{{2, 3, 4, 5, 6, 7, 8, 9}, {2, 3, -1, -1, -1, -1, -1, -1}}
	loss := func(targets []int32, scale float64) float64 {
		g := graph.New(graph.Config{DType: tensor.Float64})
		b := layers.Batch{In: map[string]*graph.Node{layers.IDs: input(g, "ids", [][]int32{ids}), layers.Targets: input(g, "targets", [][]int32{targets})}}
		if scale > 0 {
			b.Scale = g.Const("scale", []float64{scale}, 1)
		}
		loss := m.Loss(g, b).Total
		run(t, g, loss)
		return graph.Scalar(loss)
	}
	got := loss(targets[0], 0.1) + loss(targets[1], 0.1)
	want := 0.8*loss(targets[0], 0) + 0.2*loss(targets[1], 0)
	if math.Abs(got-want) > 1e-12*want {
		t.Errorf("loss %g, expected %g", got, want)
	}
}
