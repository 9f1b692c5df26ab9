package gguf

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/blocks"
)

// everything is metadata of all types, those of testdata/make.py.
func everything() Meta {
	return Meta{
		{"general.architecture", "llama"}, {"t.u8", uint8(200)}, {"t.i8", int8(-3)}, {"t.u16", uint16(60000)}, {"t.i16", int16(-300)},
		{"t.u32", uint32(4e9)}, {"t.i32", int32(-70000)}, {"t.f32", float32(0.1)}, {"t.bool", true}, {"t.text", "Hello, 世界"},
		{"t.u64", uint64(1 << 63)}, {"t.i64", int64(-1 << 40)}, {"t.f64", 0.1}, {"t.texts", []string{"a", "", "ü"}},
		{"t.ints", []int32{1, -2, 3}}, {"t.floats", []float32{0.5, -1}}, {"t.bools", []bool{true, false}},
	}
}

// TestPython reads what gguf-py wrote.
func TestPython(t *testing.T) {
	f, err := Open("testdata/python.gguf")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range everything() {
		if got := f.Meta.Get(p.Key); !reflect.DeepEqual(got, p.Value) {
			t.Errorf("%s is %#v, expected %#v", p.Key, got, p.Value)
		}
	}
	w, ok := f.Tensor("w")
	if !ok || !slices.Equal(w.Shape, []int{2, 3}) || w.Kind != blocks.F32 {
		t.Fatalf("w is %v, %v", w.Shape, w.Kind)
	}
	values := make([]float32, 6)
	w.Kind.Unpack(values, w.Data)
	if !slices.Equal(values, []float32{0, 1, 2, 3, 4, 5}) {
		t.Errorf("w is %v", values)
	}
	q, _ := f.Tensor("q")
	values = make([]float32, 64)
	q.Kind.Unpack(values, q.Data)
	if q.Kind != blocks.Q8_0 || !slices.Equal(q.Shape, []int{2, 32}) || values[63] != 127 || values[0] != -64 {
		t.Errorf("q is %v %v: %v", q.Kind, q.Shape, values)
	}
}

// TestRoundTrip writes and reads, with an alignment of its own, and by parts.
func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	meta := append(everything(), Pair{AlignmentKey, uint32(64)}, Pair{"t.lists", []uint64{1}}, Pair{"t.i8s", []int8{-1}}, Pair{"t.u16s", []uint16{7}},
		Pair{"t.i16s", []int16{-7}}, Pair{"t.u8s", []uint8{1, 2}}, Pair{"t.u32s", []uint32{3}}, Pair{"t.i64s", []int64{-4}}, Pair{"t.f64s", []float64{0.25}})
	tensors := []Out{sample("a", 3, 5), sample("b", 1), sample("c", 2, 1, 4)}
	path := filepath.Join(dir, "x.gguf")
	if err := Write(path, meta, tensors); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(f.Meta, meta) {
		t.Errorf("metadata\n%v\nexpected\n%v", f.Meta, meta)
	}
	for i, got := range f.Tensors {
		if want := tensors[i]; got.Name != want.Name || !slices.Equal(got.Shape, want.Shape) || !bytes.Equal(got.Data, content(want)) {
			t.Errorf("tensor %d is %v", i, got)
		}
	}
	held, data := f.Hold(), f.Tensors[0].Data
	f.Close()
	if held == nil || data[0] != content(tensors[0])[0] {
		t.Error("what was held is gone")
	}
}

func TestParts(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	write := func(i, n, tensors int, out Out) string {
		meta := Meta{{splitNumberKey, uint16(i)}, {splitCountKey, uint16(n)}, {splitTensorsKey, int32(tensors)}}
		if i == 0 {
			meta = append(everything(), meta...)
		}
		path := filepath.Join(dir, strings.ReplaceAll("x-0000I-of-0000N.gguf", "I", string(rune('1'+i))))
		path = strings.ReplaceAll(path, "N", string(rune('0'+n)))
		if err := Write(path, meta, []Out{out}); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for i, name := range []string{"a", "b", "c"} {
		paths = append(paths, write(i, 3, 3, sample(name, 4+i)))
	}
	for _, path := range paths {
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if c, ok := f.Tensor("c"); len(f.Tensors) != 3 || !ok || c.Shape[0] != 6 || f.Meta.Text(ArchitectureKey) != "llama" {
			t.Errorf("%s has %d tensors", path, len(f.Tensors))
		}
		f.Close()
	}
	fails := func(path, want string) {
		t.Helper()
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, expected %q in it", err, want)
		}
	}
	write(1, 3, 3, sample("a", 1))
	fails(paths[0], "in two parts")
	write(1, 3, 3, sample("b", 1))
	write(0, 3, 4, sample("a", 1))
	fails(paths[0], "have 3 tensors, expected 4")
	alone := filepath.Join(dir, "alone.gguf")
	os.Rename(paths[1], alone)
	fails(paths[0], "x-00002-of-00003.gguf")
	fails(alone, "part 2 of 3")
	os.Rename(paths[2], paths[1])
	os.Rename(alone, paths[2])
	write(0, 3, 3, sample("a", 1))
	fails(paths[0], "by its metadata it is part 3 of 3, by its name 2 of 3")
}

func sample(name string, shape ...int) Out {
	return Out{Name: name, Shape: shape, Kind: blocks.F16, Write: func(w io.Writer) error {
		b := make([]byte, 2*Tensor{Shape: shape}.Len())
		for i := range b {
			b[i] = name[0] + byte(i)
		}
		_, err := w.Write(b)
		return err
	}}
}

func content(o Out) []byte {
	var b bytes.Buffer
	o.Write(&b)
	return b.Bytes()
}

func TestWriteRefuses(t *testing.T) {
	dir := t.TempDir()
	short := sample("a", 4)
	short.Write = func(w io.Writer) error { return nil }
	rows := sample("a", 4)
	rows.Kind = blocks.Q8_0
	for want, c := range map[string]struct {
		meta    Meta
		tensors []Out
	}{
		"comes twice":           {Meta{{"a", true}, {"a", true}}, nil},
		"a value of type int":   {Meta{{"a", 1}}, nil},
		"power of two":          {Meta{{AlignmentKey, uint32(24)}}, nil},
		"two tensors are named": {nil, []Out{sample("a", 1), sample("a", 1)}},
		"blocks of 32":          {nil, []Out{rows}},
		"dimensions":            {nil, []Out{sample("a", 1, 1, 1, 1, 1)}},
		"positive":              {nil, []Out{sample("a", 0)}},
		"0 bytes were written":  {nil, []Out{short}},
		"name of 64 bytes":      {nil, []Out{sample(strings.Repeat("a", 64), 1)}},
	} {
		path := filepath.Join(dir, "x.gguf")
		if err := Write(path, c.meta, c.tensors); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, expected %q in it", err, want)
		}
		if _, err := os.Stat(path); err == nil {
			t.Error("a file was left")
		}
	}
}
