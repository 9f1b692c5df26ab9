package torchfile

import (
	"bytes"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/tensor"
)

func TestBothFormats(t *testing.T) {
	base := make([]float64, 24)
	for i := range base {
		base[i] = float64(i)/8 - 1
	}
	pick := func(places ...int) []float64 {
		var out []float64
		for _, i := range places {
			out = append(out, base[i])
		}
		return out
	}
	var transposed []int
	for i := range 6 {
		for j := range 4 {
			transposed = append(transposed, 6*j+i)
		}
	}
	want := map[string]struct {
		shape  []int
		values []float64
	}{
		"plain":      {[]int{2, 3, 4}, base},
		"transposed": {[]int{6, 4}, pick(transposed...)},
		"part":       {[]int{2, 3}, pick(8, 9, 10, 14, 15, 16)},
		"scalar":     {[]int{}, []float64{2.5}},
		"half":       {[]int{3}, []float64{1, -2, math.Pow(2, -24)}},
		"brain":      {[]int{2}, []float64{1, -3.140625}},
		"double":     {[]int{1, 1}, []float64{1. / 3}},
		"parameter":  {[]int{2}, []float64{1, 1}},
	}
	for _, name := range []string{"archive.bin", "sequence.bin"} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(filepath.Join("testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			names := s.Names()
			if len(names) != len(want)+1 || !slices.Contains(names, "position_ids") {
				t.Errorf("names %v", names)
			}
			for name, w := range want {
				shape, ok := s.Shape(name)
				if !ok || !slices.Equal(shape, w.shape) {
					t.Errorf("%s has the shape %v, expected %v", name, shape, w.shape)
				}
				wide := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(max(1, len(w.values))))
				if err := s.Read(name, wide); err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(w.values, wide.Data()); d != "" {
					t.Errorf("%s: %s", name, d)
				}
				narrow := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(max(1, len(w.values))))
				if err := s.Read(name, narrow); err != nil || narrow.Data().([]float32)[0] != float32(w.values[0]) {
					t.Errorf("%s in float32 begins with %v, error %v", name, narrow.Data(), err)
				}
			}
			dst := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(5))
			if err := s.Read("position_ids", dst); err == nil || !strings.Contains(err.Error(), "integers") {
				t.Errorf("reading integers gave the error %v", err)
			}
			if err := s.Read("half", dst); err == nil || !strings.Contains(err.Error(), "3 elements, expected 5") {
				t.Errorf("reading into another size gave the error %v", err)
			}
			if err := s.Read("none", dst); err == nil {
				t.Error("a tensor that isn't there was read")
			}
		})
	}
}

func TestOpenDir(t *testing.T) {
	content := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	tests := []struct {
		name  string
		files map[string]string
		err   string
	}{
		{"one file", map[string]string{FileName: string(content("archive.bin"))}, ""},
		{"shards", map[string]string{
			IndexName: `{"weight_map": {"plain": "a.bin", "half": "b.bin"}}`, "a.bin": string(content("archive.bin")), "b.bin": string(content("sequence.bin")),
		}, ""},
		{"nothing", nil, "has neither"},
		{"a shard is missing", map[string]string{IndexName: `{"weight_map": {"plain": "a.bin"}}`}, IndexName + `: tensor "plain" is in "a.bin"`},
		{"a tensor is missing", map[string]string{IndexName: `{"weight_map": {"other": "a.bin"}}`, "a.bin": string(content("archive.bin"))}, `no tensor "other"`},
		{"a file outside", map[string]string{IndexName: `{"weight_map": {"plain": "../a.bin"}}`}, "outside of the directory"},
		{"an empty index", map[string]string{IndexName: `{}`}, "lists no tensors"},
		{"no index", map[string]string{IndexName: `[`}, IndexName},
		{"other classes", map[string]string{FileName: string(content("foreign.bin"))}, "collections.Counter is not one of tensors"},
		{"text", map[string]string{FileName: "hello, world"}, "truncated or no file of tensors"},
		{"empty", map[string]string{FileName: ""}, "truncated or no file of tensors"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range test.files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			s, err := OpenDir(dir)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) || errors.Is(err, fs.ErrNotExist) != (test.name == "nothing" || test.name == "a shard is missing") {
					t.Errorf("error %v, expected one with %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if shape, ok := s.Shape("plain"); !ok || !slices.Equal(shape, []int{2, 3, 4}) {
				t.Errorf("plain has the shape %v", shape)
			}
		})
	}
}

// readAll opens content and reads every tensor.
func readAll(content []byte) error {
	views, err := parse(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return err
	}
	for _, v := range views {
		if n := v.size(); n < 1<<16 && v.storage.kind < integer1 {
			err = errors.Join(err, v.read(make([]float32, n)))
		}
	}
	return err
}

// TestDamage cuts files short everywhere: no piece may pass for the whole. In an archive
// every other bit of data is covered by a checksum.
func TestDamage(t *testing.T) {
	for _, name := range []string{"archive.bin", "sequence.bin"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := readAll(data); err != nil {
			t.Fatal(err)
		}
		for n := range data {
			if readAll(data[:n]) == nil {
				t.Errorf("%s: %d of %d bytes are read without an error", name, n, len(data))
			}
		}
		if name != "archive.bin" {
			continue
		}
		at := bytes.Index(data, []byte{0, 0, 0x80, 0xbf}) // -1, the first element
		data[at] ^= 1
		if readAll(data) == nil {
			t.Error("a changed element is not found")
		}
	}
}

// TestCircular reads a version that is a list of itself, of which an error can't tell the value.
func TestCircular(t *testing.T) {
	file := "\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19." + "\x80\x02]q\x00h\x00a."
	if err := readAll([]byte(file)); err == nil || !strings.Contains(err.Error(), "version") {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"archive.bin", "sequence.bin", "foreign.bin"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(_ *testing.T, data []byte) { readAll(data) })
}
