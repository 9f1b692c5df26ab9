package kernels

import "testing"

func TestPeakIsPlausible(t *testing.T) {
	if got := Peak(); got < 1e8 || got > 1e15 {
		t.Errorf("%g floating-point operations a second", got)
	}
}
