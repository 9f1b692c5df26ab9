package screen

import (
	"math"
	"strings"
	"testing"
)

func TestCurve(t *testing.T) {
	var c Curve
	if got := c.String(8); got != "" {
		t.Errorf("a curve of nothing is %q", got)
	}
	for i := range 8 {
		c.Add(math.Exp2(float64(7 - i)))
	}
	if got := c.String(8); got != "█▇▆▅▄▃▂▁" {
		t.Errorf("a number that halves is %q", got)
	}
	c = Curve{}
	for i := range 10000 {
		c.Add(1 + 1000/float64(1+i))
		c.Add(math.NaN())
	}
	got := c.String(10)
	if Columns(got) != 10 || !strings.HasPrefix(got, "█") || !strings.HasSuffix(got, "▁▁") {
		t.Errorf("a number that falls is %q", got)
	}
	if len(c.means) > finest {
		t.Errorf("%d stretches are kept", len(c.means))
	}
	c = Curve{}
	for range 100 {
		c.Add(-1)
	}
	if got := c.String(3); got != "▁▁▁" {
		t.Errorf("a number that stays is %q", got)
	}
}

func TestLively(t *testing.T) {
	if Lively(&strings.Builder{}) {
		t.Error("what is no terminal is lively")
	}
	for name, value := range map[string]string{"NO_COLOR": "1", "CI": "true", "TERM": "dumb"} {
		t.Run(name, func(t *testing.T) {
			for _, other := range []string{"NO_COLOR", "CI"} {
				t.Setenv(other, "")
			}
			t.Setenv("TERM", "xterm")
			if still() {
				t.Error("nothing is set, and lines are still")
			}
			t.Setenv(name, value)
			if !still() {
				t.Errorf("%s=%s: lines aren't still", name, value)
			}
		})
	}
}
