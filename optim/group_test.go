package optim

import (
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

func TestGroups(t *testing.T) {
	params := testParams(t, tensor.Float32, []int{3, 4}, []int{4}, []int{2, 2, 2}, []int{1, 4}, []int{5, 5})
	params[4].Frozen = true
	groups := Groups(params, 0.3)
	if len(groups) != 2 || groups[0].WeightDecay != 0.3 || groups[1].WeightDecay != 0 {
		t.Fatalf("got %+v", groups)
	}
	names := func(g Group) (s string) {
		for _, p := range g.Params {
			s += p.Name
		}
		return s
	}
	if names(groups[0]) != "p0p2p3" || names(groups[1]) != "p1" {
		t.Errorf("decayed %s, plain %s", names(groups[0]), names(groups[1]))
	}
	if got := Groups(params[:1], 0); len(got) != 1 {
		t.Errorf("an empty group was kept: %+v", got)
	}
}

func TestNewAdamRefuses(t *testing.T) {
	params := testParams(t, tensor.Float32, []int{3, 4}, []int{4})
	frozen := testParams(t, tensor.Float32, []int{2})
	frozen[0].Frozen, frozen[0].Name = true, "frozen"
	double := testParams(t, tensor.Float64, []int{2})
	double[0].Name = "double"
	group := func(p ...*graph.Param) []Group { return []Group{{Params: p, Rate: 1}} }
	config := func(change func(c *AdamConfig)) AdamConfig {
		c := DefaultAdamConfig()
		change(&c)
		return c
	}
	plain := DefaultAdamConfig()
	for _, test := range []struct {
		groups []Group
		config AdamConfig
		want   string
	}{
		{nil, plain, "optim: no parameters to train"},
		{group(params[0], params[0]), plain, `optim: parameter "p0" is given twice`},
		{group(frozen...), plain, `optim: parameter "frozen" is frozen`},
		{group(params[0], double[0]), plain, `optim: parameter "double" is float64, the others float32`},
		{[]Group{{Params: params}}, plain, "optim: group 0: rate 0, expected more than 0"},
		{[]Group{{Params: params, Rate: 1, WeightDecay: -1}}, plain, "optim: group 0: weight decay -1, expected 0 or more"},
		{group(params...), config(func(c *AdamConfig) { c.Beta1 = 1 }), "optim: adam: beta1 1, expected [0, 1)"},
		{group(params...), config(func(c *AdamConfig) { c.Beta2 = -0.1 }), "optim: adam: beta2 -0.1, expected [0, 1)"},
		{group(params...), config(func(c *AdamConfig) { c.Eps = -1 }), "optim: adam: eps -1, expected more than 0"},
		{group(params...), config(func(c *AdamConfig) { c.MaxGradNorm = -1 }), "optim: adam: maximal gradient norm -1"},
	} {
		if _, err := NewAdamW(test.groups, test.config); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("got error %v, want %s", err, test.want)
		}
	}
}
