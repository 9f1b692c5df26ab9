package weights

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/blocks"
	"github.com/seahorse-ml/seahorse/internal/gguf"
	"gorgonia.org/tensor"
)

// params makes two parameters.
func params(dt tensor.Dtype) *graph.Params {
	p := graph.NewParams(dt, 1)
	p.Sub("a").New("weight", graph.Normal(1), 2, 3)
	p.New("b", graph.Normal(1), 4)
	return p
}

func same(t *testing.T, source Source, p *graph.Params) {
	t.Helper()
	loaded := graph.LoadParams(tensor.Float32, source)
	loaded.Sub("a").New("weight", graph.Zeros(), 2, 3)
	loaded.New("b", graph.Zeros(), 4)
	if err := loaded.Err(); err != nil {
		t.Fatal(err)
	}
	for i, want := range p.All() {
		if got := graph.Data[float32](loaded.All()[i]); !slices.Equal(got, graph.Data[float32](want)) {
			t.Errorf("%s is %v", want.Name, got)
		}
	}
}

func TestSaveOpen(t *testing.T) {
	dir, p := t.TempDir(), params(tensor.Float32)
	path := filepath.Join(dir, "model.safetensors")
	if err := Save(path, p.All(), SaveConfig{}); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{path, dir} {
		source, err := Open(from)
		if err != nil {
			t.Fatal(err)
		}
		same(t, source, p)
		if err := source.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, dtype := range []string{"bfloat16", "float16", "float32"} {
		if err := Save(path, params(tensor.Float64).All(), SaveConfig{DType: dtype}); err != nil {
			t.Fatal(err)
		}
		source, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		got, want := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(4)), graph.Data[float32](p.All()[1])
		if err := source.Read("b", got); err != nil {
			t.Fatal(err)
		}
		kind := map[string]blocks.Kind{"bfloat16": blocks.BF16, "float16": blocks.F16, "float32": blocks.F32}[dtype]
		stored := make([]byte, kind.Size(4))
		kind.Pack(stored, want)
		rounded := make([]float32, 4)
		kind.Unpack(rounded, stored)
		if !slices.Equal(got.Data().([]float32), rounded) {
			t.Errorf("%s: %v, expected %v", dtype, got.Data(), rounded)
		}
		source.Close()
	}
}

func TestGGUF(t *testing.T) {
	dir, p := t.TempDir(), params(tensor.Float32)
	var outs []gguf.Out
	for _, param := range p.All() {
		outs = append(outs, gguf.Out{Name: param.Name, Shape: param.Shape, Kind: blocks.F32, Write: func(w io.Writer) error {
			b := make([]byte, 4*param.Len())
			blocks.F32.Pack(b, graph.Data[float32](param))
			_, err := w.Write(b)
			return err
		}})
	}
	path := filepath.Join(dir, "x.gguf")
	if err := gguf.Write(path, nil, outs); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{path, dir} {
		source, err := Open(from)
		if err != nil {
			t.Fatal(err)
		}
		same(t, source, p)
		wide := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(4))
		if err := source.Read("b", wide); err != nil || wide.Data().([]float64)[2] != float64(graph.Data[float32](p.All()[1])[2]) {
			t.Errorf("in float64: %v, %v", wide.Data(), err)
		}
		if err := source.Read("b", tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(3))); err == nil || !strings.Contains(err.Error(), "has 4 elements, expected 3") {
			t.Errorf("error %v", err)
		}
		if source.Readable("c") == nil || source.Read("c", wide) == nil {
			t.Error("a tensor that isn't there is read")
		}
		source.Close()
	}
	other := filepath.Join(dir, "y.gguf")
	if err := gguf.Write(other, nil, outs); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "several GGUF files") {
		t.Errorf("error %v", err)
	}
}

func TestErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir); !errors.Is(err, ErrNone) || Exist(dir) {
		t.Errorf("an empty directory: %v", err)
	}
	if _, err := Open(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	path := filepath.Join(dir, "model.safetensors")
	for _, text := range []string{"", "a", "GGUF", "PK", "\x80\x02", "hello, world"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if err := Save(path, nil, SaveConfig{DType: "int8"}); err == nil {
		t.Error("int8 is a dtype")
	}
	sketch := graph.SketchParams(tensor.Float32, nil)
	sketch.New("a", graph.Zeros(), 1)
	if err := Save(path, sketch.All(), SaveConfig{}); err == nil || !strings.Contains(err.Error(), "no values") {
		t.Errorf("a sketch: %v", err)
	}
}
