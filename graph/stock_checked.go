package graph

import (
	"fmt"
	"reflect"

	"gorgonia.org/gorgonia"
)

// Gorgonia rewrites log(1+x) and log(1-x) while it builds a graph, and loses operands of other nodes as it does. Log1p says
// what is meant.
func init() { gorgonia.UseNonStable() }

// stockTypes are the types of Gorgonia's operations that a trace takes: those whose values and gradients
// TestTableOfStockOperations checks. docs/operations.md lists the functions that make them.
var stockTypes = map[string]bool{
	"constantScalar": true, "constantTensor": true, "elemUnaryOp": true, "elemBinOp": true, "linAlgBinOp": true, "tensordotOp": true, "repeatOp": true,
	"sumOp": true, "maxOp": true, "sizeOp": true, "minBetween": true, "maxBetween": true,
	"reshapeOp": true, "transposeOp": true, "sliceOp": true, "sliceIncrOp": true, "concatOp": true, "atOp": true,
	"softmaxOp": true, "softmaxDiffOp": true, "sparsemaxOp": true, "sparsemaxDiffOp": true,
	"im2colOp": true, "col2imOp": true, "maxPoolOp": true, "maxPoolDiffOp": true, "upsampleOp": true, "upsampleDiffOp": true,
	"GroupNormOp": true, "groupNormDiffOp": true, "avgPoolOp": true,
}

// refusedTypes tell what to take in place of operations that don't do.
var refusedTypes = map[string]string{
	"dropoutOp":           "it drops other values in each run, and in evaluations too; Graph.Dropout is exact",
	"randomOp":            "it draws other numbers in each run, and an exact run needs the same; Graph.Dropout and Graph.DropPath draw by the seed",
	"byIndicesOp":         "it reads indices of a type that traces don't have; Graph.Embedding takes rows by int32",
	"diagFlatOp":          "it has no shape; multiply by a constant matrix",
	"globalAveragePoolOp": "its gradient fails; gorgonia.Mean along axes 2 and 3 is the same",
	"BatchNormOp":         "its running means are no parameters, so that checkpoints lack them; Graph.LayerNorm, or gorgonia.GroupNorm",
}

// wrongGradients tell the same of operations, by type and name, that have right values and wrong gradients.
var wrongGradients = map[string]string{
	"elemUnaryOp log2":    "gorgonia.Log, times 1/ln 2 by Graph.Scale",
	"elemUnaryOp invSqrt": "gorgonia.Inverse of gorgonia.Sqrt",
	"linAlgBinOp a ⊗ b":   "gorgonia.Mul of shapes [n, 1] and [1, m]",
	"avgPoolOp":           "gorgonia.Mean of a reshaped tensor, or gorgonia.Conv2d with a constant filter",
	"atOp":                "gorgonia.Slice",
}

// checkStock refuses stock operations of Gorgonia that don't compute what they say, in a trace that is differentiated their gradients
// too. Operations of one's own are taken as they are.
func checkStock(nodes []*Node, differentiated bool) error {
	for _, n := range nodes {
		if n.Op() == nil {
			continue
		}
		t := reflect.TypeOf(n.Op())
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t.PkgPath() != "gorgonia.org/gorgonia" {
			continue
		}
		name := t.Name()
		if instead, ok := refusedTypes[name]; ok {
			return fmt.Errorf("graph: Gorgonia's operation %v can't be used: %s", n.Op(), instead)
		}
		if !stockTypes[name] {
			return fmt.Errorf("graph: Gorgonia's operation %v is none of those that are checked (docs/operations.md)", n.Op())
		}
		if !differentiated {
			continue
		}
		for _, key := range []string{name, fmt.Sprintf("%s %v", name, n.Op())} {
			if instead, ok := wrongGradients[key]; ok {
				return fmt.Errorf("graph: Gorgonia's gradient of %v is wrong: use %s", n.Op(), instead)
			}
		}
	}
	return nil
}
