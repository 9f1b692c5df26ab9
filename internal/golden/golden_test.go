package golden

import (
	"math"
	"testing"
)

// The values are those that testdata/weights.py printed.
func TestValueEqualsPython(t *testing.T) {
	want := []float64{-0.6325601092539728, -0.8356175515800714, -0.15349294431507587, 0.5334596945904195}
	for i, w := range want {
		if got := Value("transformer.wte.weight", i); got != w {
			t.Errorf("value %d is %.17g, expected %.17g", i, got, w)
		}
	}
}

func TestDigestSeesChanges(t *testing.T) {
	data := []float64{1, -2, 3, 0.5}
	whole := Digested("x", data)
	if d := whole.Distance(Digested("x", data), 0); d != 0 {
		t.Errorf("the distance to itself is %g", d)
	}
	data[1], data[2] = data[2], data[1]
	if d := whole.Distance(Digested("x", data), 0); d < 0.1 || math.IsNaN(d) {
		t.Errorf("swapped elements are only %g apart", d)
	}
}
