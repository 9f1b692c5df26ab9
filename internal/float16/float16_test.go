package float16

import (
	"math"
	"testing"
)

func TestHalf(t *testing.T) {
	for bits, want := range map[uint16]float64{
		0x0000: 0, 0x3c00: 1, 0xc000: -2, 0x7bff: 65504, 0x0001: math.Pow(2, -24),
		0x03ff: 1023 * math.Pow(2, -24), 0x0400: math.Pow(2, -14), 0x7c00: math.Inf(1), 0xfc00: math.Inf(-1), 0x3555: 0.333251953125,
	} {
		if got := Half(bits); float64(got) != want {
			t.Errorf("half %#04x is %v, expected %v", bits, got, want)
		}
	}
	if !math.IsNaN(float64(Half(0x7e00))) || math.Float32bits(Half(0x8000)) != 1<<31 {
		t.Error("not a number or minus zero are lost")
	}
}

func TestBrain(t *testing.T) {
	for bits, want := range map[uint16]float32{0x0000: 0, 0x3f80: 1, 0xc049: -3.140625, 0x0001: math.Float32frombits(1 << 16)} {
		if got := Brain(bits); got != want {
			t.Errorf("bfloat16 %#04x is %v, expected %v", bits, got, want)
		}
	}
}
