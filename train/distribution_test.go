package train

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestDistribution counts numbers of all sizes, and finds each within the bucket that it is counted in.
func TestDistribution(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var values []float32
	for range 20000 {
		values = append(values, float32(random.NormFloat64()*math.Exp2(float64(random.IntN(30)-25))))
	}
	values = append(values, 0, 1, -1, 2, 1e-30, -1e-30, 1e30, -1e30)
	var d, parts Distribution
	add(&d, values)
	for rest := values; len(rest) > 0; {
		n := min(len(rest), 777)
		var part Distribution
		add(&part, rest[:n])
		parts.Merge(&part)
		rest = rest[n:]
	}
	if parts.Count != d.Count || parts.buckets != d.buckets || parts.Min != d.Min || parts.Max != d.Max {
		t.Error("the parts together are another distribution than the whole")
	}
	limits, counts := d.Buckets()
	if !slices.IsSorted(limits) || limits[len(limits)-1] < d.Max {
		t.Fatalf("limits %v", limits)
	}
	want := make([]float64, len(limits))
	for _, v := range values {
		i, exact := slices.BinarySearch(limits, float64(v))
		if exact && i+1 < len(limits) {
			i++ // a bucket begins with its lower end where numbers are positive
		}
		want[i]++
	}
	moved := 0.0
	for i := range want {
		moved += math.Abs(want[i] - counts[i])
	}
	if moved > 20 { // of negative numbers that are a limit
		t.Errorf("%g numbers are counted elsewhere", moved/2)
	}
	slices.Sort(values)
	for _, share := range []float64{0.01, 0.25, 0.5, 0.9, 1} {
		got, exact := d.Quantile(share), float64(values[max(0, int(share*float64(len(values)))-1)])
		if math.Abs(got-exact) > 0.26*math.Abs(exact)+math.Exp2(-34) {
			t.Errorf("below %g are %g of the numbers, told is %g", exact, share, got)
		}
	}
	var none Distribution
	add(&none, []float64{math.NaN(), math.Inf(1), 1e300})
	if none.NotFinite != 2 || none.Count != 1 || none.Max != 1e300 {
		t.Errorf("numbers that aren't finite: %d, others: %d up to %g", none.NotFinite, none.Count, none.Max)
	}
}
