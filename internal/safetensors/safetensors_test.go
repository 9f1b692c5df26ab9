package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"
)

func TestWriteAndRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	tensors := []Tensor{
		{"b", []int{2, 3}, []float32{1, -2, 3.5, float32(math.Inf(1)), 0, 1e-40}, ""},
		{"a", []int{2}, []float64{math.Pi, -1}, ""},
		{"ids", []int{1, 2}, []int32{7, -1}, ""},
		{"scalar", nil, []float32{4}, ""},
	}
	if err := Write(path, tensors, map[string]string{"format": "pt"}); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := s.Names(); !slices.Equal(got, []string{"a", "b", "ids", "scalar"}) {
		t.Errorf("names %v", got)
	}
	b := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(2, 3))
	if err := s.Read("b", b); err != nil {
		t.Fatal(err)
	}
	for i, v := range tensors[0].Data.([]float32) {
		if got := b.Data().([]float64)[i]; got != float64(v) {
			t.Errorf("b[%d] is %v, expected %v", i, got, v)
		}
	}
	ids := tensor.New(tensor.Of(tensor.Int32), tensor.WithShape(1, 2))
	if err := s.Read("ids", ids); err != nil || ids.Data().([]int32)[1] != -1 {
		t.Errorf("ids %v, error %v", ids.Data(), err)
	}
	if shape, ok := s.Shape("scalar"); !ok || len(shape) != 0 {
		t.Errorf("scalar has shape %v", shape)
	}
	if _, ok := s.Shape("none"); ok {
		t.Error("a tensor that isn't there has a shape")
	}
	if err := s.Read("ids", b); err == nil {
		t.Error("integers were read as floats")
	}
}

func TestSameValuesGiveSameBytes(t *testing.T) {
	dir := t.TempDir()
	var files [2][]byte
	for i := range files {
		var tensors []Tensor
		for k := range 20 {
			k = (k*7 + i*3) % 20
			tensors = append(tensors, Tensor{fmt.Sprint("t", k), []int{1}, []float32{float32(k)}, ""})
		}
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := Write(path, tensors, map[string]string{"format": "pt", "x": "y"}); err != nil {
			t.Fatal(err)
		}
		files[i], _ = os.ReadFile(path)
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("the order of the tensors shows in the file")
	}
}

func TestWriteRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	for name, tensors := range map[string][]Tensor{
		"the same name twice": {{"a", []int{1}, []float32{1}, ""}, {"a", []int{1}, []float32{1}, ""}},
		"a wrong size":        {{"a", []int{2}, []float32{1}, ""}},
		"a wrong type":        {{"a", []int{1}, []string{"x"}, ""}},
	} {
		if err := Write(path, tensors, nil); err == nil {
			t.Errorf("%s was written", name)
		}
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("a refused file was made")
	}
}

// file builds a safetensors file from a header and data.
func file(header string, data []byte) []byte {
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(out, header...), data...)
}

func TestHalfPrecision(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	content := file(`{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]}}`,
		[]byte{0x00, 0x3c, 0x00, 0xc0, 0x80, 0x3f, 0x49, 0xc0})
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, want := range map[string][]float32{"h": {1, -2}, "b": {1, -3.140625}} {
		d := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(2))
		if err := s.Read(name, d); err != nil || !slices.Equal(d.Data().([]float32), want) {
			t.Errorf("%s is %v, expected %v, error %v", name, d.Data(), want, err)
		}
	}
}

func TestShards(t *testing.T) {
	dir := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(Write(filepath.Join(dir, "one.safetensors"), []Tensor{{"a", []int{1}, []float32{1}, ""}}, nil))
	must(Write(filepath.Join(dir, "two.safetensors"), []Tensor{{"b", []int{1}, []float32{2}, ""}}, nil))
	index := func(files map[string]string) {
		data, err := json.Marshal(map[string]any{"weight_map": files})
		must(err)
		must(os.WriteFile(filepath.Join(dir, IndexName), data, 0o600))
	}
	index(map[string]string{"a": "one.safetensors", "b": "two.safetensors"})
	s, err := OpenDir(dir)
	must(err)
	d := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(1))
	if err := s.Read("b", d); err != nil || d.Data().([]float32)[0] != 2 {
		t.Errorf("b is %v, error %v", d.Data(), err)
	}
	must(s.Close())
	for _, c := range []struct {
		files map[string]string
		err   string
	}{
		{map[string]string{"a": "three.safetensors"}, IndexName + `: tensor "a" is in "three.safetensors"`},
		{map[string]string{"c": "one.safetensors"}, `one.safetensors has no tensor "c"`},
		{map[string]string{"a": "../one.safetensors"}, "outside of the directory"},
		{nil, "lists no tensors"},
	} {
		index(c.files)
		if _, err := OpenDir(dir); err == nil || !strings.Contains(err.Error(), c.err) {
			t.Errorf("an index of %v: error %v, expected one with %q", c.files, err, c.err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := OpenDir(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an empty directory: error %v", err)
	}
	path := filepath.Join(dir, FileName)
	if err := Write(path, []Tensor{{"a", []int{4}, []float32{1, 2, 3, 4}, ""}}, nil); err != nil {
		t.Fatal(err)
	}
	whole, _ := os.ReadFile(path)
	for n := range whole {
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := OpenDir(dir)
		if err == nil {
			s.Close()
			t.Fatalf("%d of %d bytes were opened", n, len(whole))
		}
		if !strings.Contains(err.Error(), path) {
			t.Fatalf("the error doesn't name the file: %v", err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, make([]byte, 4)))
	f.Add(file(`{"a":{"dtype":"F16","shape":[2,0],"data_offsets":[0,0]},"__metadata__":{"format":"pt"}}`, nil))
	f.Add(file(`{"a":{"dtype":"I64","shape":[18446744073709551615,2],"data_offsets":[0,8]}}`, make([]byte, 8)))
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path)
		if err != nil {
			return
		}
		defer s.Close()
		for _, name := range s.Names() {
			shape, ok := s.Shape(name)
			size := tensor.Shape(shape).TotalSize()
			if !ok || size > len(content) || size <= 0 {
				continue
			}
			s.Read(name, tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(size)))
		}
	})
}
