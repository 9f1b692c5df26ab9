package show

import (
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
)

// EstimateAttention returns the memory that Attention takes. The model may be a sketch.
func EstimateAttention(m models.Model, t Text, c AttentionConfig) (graph.Memory, error) {
	x, err := newTrace(m, t, 1)
	if err != nil {
		return graph.Memory{}, err
	}
	maps, weights, err := x.maps(c)
	if err != nil {
		return graph.Memory{}, err
	}
	use, err := graph.EstimateMemory(x.g, weights...)
	const floatBytes = 4 // of the copies that are returned
	for _, a := range maps {
		use.Arena += floatBytes * a.Heads * a.Queries * a.Keys
	}
	return use, err
}

// EstimateStates returns the memory that AllStates takes, and Lens and Tokens but for their scores of up to 64 tokens. The model may be a
// sketch.
func EstimateStates(m models.Model, t Text) (graph.Memory, error) {
	x, err := newTrace(m, t, 1)
	if err != nil {
		return graph.Memory{}, err
	}
	outputs := append([]*graph.Node{x.states}, x.main.states()...)
	return graph.EstimateMemory(x.g, append(outputs, x.encoding.states()...)...)
}

// EstimateAttribution returns the memory that Attribute takes. The model may be a sketch.
func EstimateAttribution(m models.Model, t Text, c AttributionConfig) (graph.Memory, error) {
	c, t, err := c.resolve(m, t)
	if err != nil {
		return graph.Memory{}, err
	}
	s, err := traceSlope(m, t, c, c.rows(t))
	if err != nil {
		return graph.Memory{}, err
	}
	return graph.EstimateMemory(s.g, s.scores)
}
