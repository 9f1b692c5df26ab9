package train

import (
	"context"
	"math"
	"os"
	"strings"
	"testing"

	"gorgonia.org/tensor"
)

// TestRangeTest finds rates for a little model, writes nothing, and leaves the caller's configuration.
func TestRangeTest(t *testing.T) {
	c := testConfig(t)
	told := 0
	r, err := FindRates(context.Background(), newTestModel(t, tensor.Float32, 0), c, RangeTest{From: 1e-6, To: 10, Steps: 80, Progress: func(RatePoint) { told++ }})
	if err != nil {
		t.Fatal(err)
	}
	if told != len(r.Points) || told < 20 || r.Points[0].Rate != 1e-6 {
		t.Fatalf("%d points, %d told", len(r.Points), told)
	}
	if !(r.Suggested > 1e-5 && r.Suggested < 1) || r.Suggested > r.Steepest || r.Suggested > r.Lowest/10*1.0001 {
		t.Errorf("suggested is %g, steepest %g, lowest at %g", r.Suggested, r.Steepest, r.Lowest)
	}
	if _, err := os.Stat(c.Dir); err == nil {
		t.Error("a directory was made")
	}
	for _, wrong := range []RangeTest{{From: 0, To: 1, Steps: 20}, {From: 1, To: 1, Steps: 20}, {From: 1e-3, To: 1, Steps: 9}} {
		if _, err := FindRates(context.Background(), nil, c, wrong); err == nil || !strings.Contains(err.Error(), "range test") {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
}

// TestSuggestedRate reads curves whose steepest place is known.
func TestSuggestedRate(t *testing.T) {
	var falls, stays Rates
	for i := range 80 {
		rate := math.Pow(10, -6+float64(i)/10) // steepest at 1e-4, lowest at about 1e-2, and rising beyond
		x := math.Log10(rate)
		falls.Points = append(falls.Points, RatePoint{Rate: rate, Smoothed: 4 - 2/(1+math.Exp(-4*(x+4))) + math.Exp(3*(x+1))})
		stays.Points = append(stays.Points, RatePoint{Rate: rate, Smoothed: 4 + 0.001*math.Sin(float64(i))})
	}
	if got := falls.suggest(); math.Abs(math.Log10(got.Steepest)+4) > 0.15 || got.Suggested != got.Steepest {
		t.Errorf("steepest is %g, suggested %g, expected 1e-4", got.Steepest, got.Suggested)
	}
	if got := stays.suggest(); got.Suggested != 0 {
		t.Errorf("of a loss that doesn't fall %g is suggested", got.Suggested)
	}
	if got := (Rates{}).suggest(); got.Suggested != 0 {
		t.Errorf("of nothing %g is suggested", got.Suggested)
	}
}
