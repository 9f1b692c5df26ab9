package cpu

import (
	"strings"
	"testing"
)

func TestLimit(t *testing.T) {
	tests := []struct {
		has  Level
		name string
		want Level
		err  string
	}{
		{AVX512, "", AVX512, ""},
		{AVX512, "avx512", AVX512, ""},
		{AVX512, "avx2", AVX2, ""},
		{AVX512, "generic", Generic, ""},
		{AVX2, "avx512", AVX2, "at most"},
		{Generic, "avx2", Generic, "at most"},
		{AVX2, "neon", AVX2, "at most"},
		{NEON, "", NEON, ""},
		{NEON, "neon", NEON, ""},
		{NEON, "generic", Generic, ""},
		{NEON, "avx2", NEON, "at most"},
		{AVX2, "sve", AVX2, "expected generic"},
	}
	for _, test := range tests {
		got, err := limit(test.has, test.name)
		if got != test.want {
			t.Errorf("limit(%v, %q) = %v, want %v", test.has, test.name, got, test.want)
		}
		if (err != nil) != (test.err != "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("limit(%v, %q): error %v, want one with %q", test.has, test.name, err, test.err)
		}
	}
}

func TestCacheSizesArePlausible(t *testing.T) {
	c := CacheSizes()
	if c.L1 < 4<<10 || c.L2 < c.L1 || c.L3 < 1 {
		t.Errorf("caches of %+v bytes", c)
	}
}

func TestBestIsAtMostDetected(t *testing.T) {
	if Best() > Detected() {
		t.Errorf("best %v is above detected %v", Best(), Detected())
	}
}
