package prefer

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
)

// Divergences returns the names of the divergences by which DPO may hold a policy to its reference (f-DPO: Wang et al., 2024). By the log-ratio r of policy to
// reference a text counts
//
//	reverse_kl        r
//	forward_kl        1 − e^(−r)
//	js_divergence     log 2 + log σ(r)
//	alpha_divergence  (e^((α−1)·r) − 1)/(α−1)
func Divergences() []string {
	return []string{"reverse_kl", "forward_kl", "js_divergence", "alpha_divergence"}
}

// divergent are the losses that go with every divergence: those that compare what both texts count, and sft, which has no reference.
var divergent = []string{"sigmoid", "sigmoid_norm", "hinge", "ipo", "exo_pair", "robust", "discopop", "sft"}

// validateDivergence tells what is wrong with the divergence.
func (c DPOConfig) validateDivergence() error {
	switch {
	case c.Divergence == "" || c.Divergence == "reverse_kl":
		return nil
	case !slices.Contains(Divergences(), c.Divergence):
		return fmt.Errorf("prefer: dpo: divergence %q, expected one of %s", c.Divergence, strings.Join(Divergences(), ", "))
	case math.IsNaN(c.Alpha) || math.IsInf(c.Alpha, 0):
		return fmt.Errorf("prefer: dpo: alpha %v, expected a number", c.Alpha)
	}
	for _, name := range c.LossTypes {
		if !slices.Contains(divergent, name) {
			return fmt.Errorf("prefer: dpo: the divergence %s and the loss type %s, expected one of %s", c.Divergence, name, strings.Join(divergent, ", "))
		}
	}
	return nil
}

// score returns what texts count by their log-ratios.
func (c DPOConfig) score(a algebra, ratio *graph.Node) *graph.Node {
	switch c.Divergence {
	case "forward_kl":
		return a.Plus(a.Times(a.Exp(a.Times(ratio, -1)), -1), 1)
	case "js_divergence":
		return a.Plus(a.logSigmoid(ratio), math.Ln2)
	case "alpha_divergence":
		const most = 80     // of an exponent, so that its power is a number in float32
		const nearly = 1e-6 // of 1, where it is the logarithm
		if by := c.Alpha - 1; math.Abs(by) >= nearly {
			return a.Times(a.Plus(a.Exp(a.most(a.Times(ratio, by), most)), -1), 1/by)
		}
	}
	return ratio
}
