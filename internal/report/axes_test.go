package report

import (
	"math"
	"strings"
	"testing"
)

// TestMarks holds the marks of axes to round numbers.
func TestMarks(t *testing.T) {
	for s, want := range map[span]string{
		{0, 100}:           "0 20 40 60 80 100",
		{0, 60}:            "0 20 40 60",
		{2.1, 4.7}:         "2.5 3.0 3.5 4.0 4.5",
		{-0.02, 0.03}:      "-0.02 -0.01 0.00 0.01 0.02 0.03",
		{1, 5_000_000}:     "1e+06 2e+06 3e+06 4e+06 5e+06",
		{1e-7, 5e-7}:       "1e-07 2e-07 3e-07 4e-07 5e-07",
		{3, 4}:             "3.0 3.2 3.4 3.6 3.8 4.0",
		span{5, 5}.sane():  "4.0 4.5 5.0 5.5 6.0",
		span{1, -1}.sane(): "-1.0 -0.5 0.0 0.5 1.0",
	} {
		var labels []string
		for _, m := range s.marks() {
			labels = append(labels, m.label)
			if m.at < s.lo-1e-9*(s.hi-s.lo) || m.at > s.hi+1e-9*(s.hi-s.lo) {
				t.Errorf("%v: a mark at %g", s, m.at)
			}
		}
		if got := strings.Join(labels, " "); got != want {
			t.Errorf("%v: marks %s, expected %s", s, got, want)
		}
	}
	labels, last := 0, 0.0
	for _, m := range (span{2e-7, 0.5}).powers() {
		if m.label != "" {
			labels++
		}
		if m.at <= last || m.at > 0.5 {
			t.Errorf("a mark at %g behind %g", m.at, last)
		}
		last = m.at
	}
	if labels != 6 || math.Abs(last-0.5) > 1e-12 {
		t.Errorf("%d powers of ten, the last mark at %g", labels, last)
	}
}
