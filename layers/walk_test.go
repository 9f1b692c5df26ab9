package layers

import (
	"slices"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// holder has layers in all the ways that Go has.
type holder struct {
	First   *Linear
	private *Linear
	value   Linear
	list    []*FeedForward
	any     any
	byName  map[string]*Linear
	again   *Linear
	None    *Linear
	self    *holder
	params  *graph.Params
}

func TestFindLooksEverywhereOnce(t *testing.T) {
	p := graph.NewParams(tensor.Float32, 1)
	linear := func(name string) *Linear { return NewLinear(LinearConfig{In: 2, Out: 3}, p.Sub(name)) }
	h := &holder{First: linear("first"), private: linear("private"), value: *linear("value"), any: []any{linear("any")}, params: p}
	h.list = []*FeedForward{NewFeedForward(FeedForwardConfig{Width: 2, Hidden: 3, Activation: graph.ReLU}, p.Sub("list"))}
	h.byName, h.again, h.self = map[string]*Linear{"a": linear("map")}, h.First, h
	var names []string
	for _, l := range Find[Linear](h) {
		names = append(names, l.Name)
	}
	want := []string{"first", "private", "value", "list.up", "list.down", "any", "map"}
	if !slices.Equal(names, want) {
		t.Errorf("found %q, expected %q", names, want)
	}
	if got := Find[Linear](nil); len(got) != 0 {
		t.Errorf("found %d layers in nothing", len(got))
	}
	if got := Find[FeedForward](h); len(got) != 1 || got[0] != h.list[0] {
		t.Errorf("found %d feed-forwards", len(got))
	}
}
