package blocks

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"os"
	"testing"
)

const goldenColumns = 512

// golden reads testdata/blocks.bin, see make.py there.
type golden struct {
	t    *testing.T
	data []byte
}

func (g *golden) take(n int) []byte {
	if len(g.data) < n {
		g.t.Fatal("blocks.bin ends early")
	}
	out := g.data[:n]
	g.data = g.data[n:]
	return out
}

func (g *golden) floats(n int) []float32 {
	out := make([]float32, n)
	unpackF32(out, g.take(4*n))
	return out
}

func TestGolden(t *testing.T) {
	data, err := os.ReadFile("testdata/blocks.bin")
	if err != nil {
		t.Fatal(err)
	}
	g := &golden{t, data}
	rows := int(binary.LittleEndian.Uint32(g.take(4)))
	x, importance := g.floats(rows*goldenColumns), g.floats(goldenColumns)
	cases := 0
	for ; len(g.data) > 0; cases++ {
		kind, way := Kind(g.take(1)[0]), g.take(1)[0]
		packed := g.take(int(binary.LittleEndian.Uint32(g.take(4))))
		sum := g.take(sha256.Size)
		values := make([]float32, rows*goldenColumns)
		kind.Unpack(values, packed)
		if got := checksum(values); !bytes.Equal(got, sum) {
			t.Errorf("%v, way %d: unpacked values differ from gguf-py's", kind, way)
		}
		if !kind.Packs() || way == 2 {
			continue
		}
		got := make([]byte, len(packed))
		size := kind.Size(goldenColumns)
		for r := range rows {
			var weights []float32
			if way == 1 {
				weights = importance
			}
			kind.PackWeighted(got[r*size:][:size], x[r*goldenColumns:][:goldenColumns], weights)
		}
		if at := firstDifference(got, packed); at >= 0 {
			t.Errorf("%v, weighted %v: byte %d of block %d (row %d) is %#x, expected %#x", kind, way == 1, at%kind.BlockBytes(), at/kind.BlockBytes(), at/size, got[at], packed[at])
		}
	}
	if cases < 30 {
		t.Errorf("%d cases", cases)
	}
}

func checksum(values []float32) []byte {
	b := make([]byte, 4*len(values))
	for i, v := range values {
		if v != v {
			v = 0
		}
		binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(v))
	}
	sum := sha256.Sum256(b)
	return sum[:]
}

func firstDifference(a, b []byte) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}

// TestStranges packs what isn't finite, or very large and small: nothing panics.
func TestStranges(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	x := make([]float32, superBlock)
	for _, v := range []float32{inf, -inf, nan, math.MaxFloat32, -math.MaxFloat32, 1e-45, 0} {
		x[3], x[100] = v, -v
		for _, k := range Kinds() {
			if !k.Packs() {
				continue
			}
			packed := make([]byte, k.Size(len(x)))
			k.Pack(packed, x)
			k.PackWeighted(packed, x, x)
			k.Unpack(make([]float32, len(x)), packed)
		}
	}
}

func TestNames(t *testing.T) {
	for _, k := range Kinds() {
		if got, err := Parse(k.String()); err != nil || got != k {
			t.Errorf("%v is parsed as %v, %v", k, got, err)
		}
	}
	if _, err := Parse("q9"); err == nil {
		t.Error("q9 is known")
	}
	if Kind(23).String() != "IQ4_XS" || Kind(77).String() != "format 77" || Kind(77).Known() || Kind(77).Fits(32) {
		t.Error("unknown formats")
	}
	if Q4_K.Fits(576) || !Q4_0.Fits(576) || Q4_K.Size(512) != 288 {
		t.Error("sizes")
	}
}
