package memory

import (
	"testing"
	"unsafe"
)

func TestBlocksAreZeroedAndAligned(t *testing.T) {
	for name, alloc := range map[string]func(int) *Block{"Alloc": Alloc, "Collected": Collected} {
		for _, n := range []int{0, 1, 63, 64, 4096, hugePage - 1, hugePage, hugePage + 1, 3*hugePage + 17} {
			b := alloc(n)
			if len(b.Bytes()) != n {
				t.Fatalf("%s(%d): got %d bytes", name, n, len(b.Bytes()))
			}
			if n > 0 && uintptr(unsafe.Pointer(&b.Bytes()[0]))%Align != 0 {
				t.Errorf("%s(%d): block is not aligned to %d bytes", name, n, Align)
			}
			for i, v := range b.Bytes() {
				if v != 0 {
					t.Fatalf("%s(%d): byte %d is %d, want 0", name, n, i, v)
				}
			}
			for i := range b.Bytes() {
				b.Bytes()[i] = 0xff
			}
			b.Free()
		}
	}
}

func TestSliceSharesTheBlock(t *testing.T) {
	b := Alloc(256)
	defer b.Free()
	f := Slice[float32](b, 64, 3)
	f[0], f[2] = 1, 3
	if again := Slice[float32](b, 64, 3); again[0] != 1 || again[1] != 0 || again[2] != 3 {
		t.Errorf("Slice: got %v, want [1 0 3]", again)
	}
	if len(Slice[int32](b, 256, 0)) != 0 {
		t.Error("Slice of no element at the end of a block: want an empty slice")
	}
}

func TestMakeIsZeroed(t *testing.T) {
	for _, n := range []int{0, 1, 1000, hugePage / 4, hugePage} {
		s := Make[float32](n)
		if len(s) != n {
			t.Fatalf("Make(%d): got %d elements", n, len(s))
		}
		for i, v := range s {
			if v != 0 {
				t.Fatalf("Make(%d): element %d is %g", n, i, v)
			}
			s[i] = 1
		}
	}
}
