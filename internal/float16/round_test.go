package float16

import (
	"math"
	"testing"
)

// TestToHalf rounds every half, and what lies between it and the next.
func TestToHalf(t *testing.T) {
	for bits := range uint32(1 << 16) {
		h := uint16(bits)
		v := Half(h)
		if v != v {
			if got := Half(ToHalf(v)); got == got {
				t.Fatalf("%#x: not a number became %v", h, got)
			}
			continue
		}
		if got := ToHalf(v); got != h {
			t.Fatalf("%#x became %#x", h, got)
		}
		if h&0x7fff >= 0x7bff {
			continue
		}
		next := Half(h + 1)
		middle := (v + next) / 2
		if got, want := ToHalf(middle), h+h&1; got != want {
			t.Fatalf("the middle of %#x and the next became %#x, expected %#x", h, got, want)
		}
		above := math.Nextafter32(middle, next)
		if got := ToHalf(above); got != h+1 {
			t.Fatalf("above the middle of %#x became %#x", h, got)
		}
		if got := ToHalf(math.Nextafter32(middle, v)); got != h {
			t.Fatalf("below the middle of %#x became %#x", h, got)
		}
	}
	for v, want := range map[float32]uint16{65519: 0x7bff, 65520: 0x7c00, 1e30: 0x7c00, -1e30: 0xfc00, 1e-30: 0, float32(math.Inf(-1)): 0xfc00} {
		if got := ToHalf(v); got != want {
			t.Errorf("%v became %#x, expected %#x", v, got, want)
		}
	}
}

func TestToBrain(t *testing.T) {
	for v, want := range map[float32]uint16{1: 0x3f80, 1.00390625: 0x3f80, 1.01171875: 0x3f82, float32(math.Inf(1)): 0x7f80, math.MaxFloat32: 0x7f80} {
		if got := ToBrain(v); got != want {
			t.Errorf("%v became %#x, expected %#x", v, got, want)
		}
	}
	if v := Brain(ToBrain(float32(math.NaN()))); v == v {
		t.Error("not a number is lost")
	}
}
