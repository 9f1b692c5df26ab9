package models

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/blocks"
	"github.com/seahorse-ml/seahorse/internal/gguf"
	"github.com/seahorse-ml/seahorse/internal/golden"
	"gorgonia.org/tensor"
)

// ggufGolden is how llama.cpp's converter stores a tiny model, see testdata/gguf.py.
type ggufGolden struct {
	Arch    string
	Config  json.RawMessage
	Meta    map[string]any
	Tensors map[string]struct {
		Shape  []int
		Digest golden.Digest
	}
	Parameters map[string][]int
}

func ggufGoldens(t testing.TB) map[string]ggufGolden {
	t.Helper()
	data, err := os.ReadFile("testdata/gguf.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]ggufGolden
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestToGGUF holds what is written to what llama.cpp's converter writes: names, shapes, orders and metadata.
func TestToGGUF(t *testing.T) {
	for name, g := range ggufGoldens(t) {
		meta, outs, err := ToGGUF(g.Config, golden.Source{Shapes: g.Parameters}, ToGGUFConfig{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(outs) != len(g.Tensors) {
			t.Errorf("%s: %d tensors, expected %d", name, len(outs), len(g.Tensors))
		}
		for _, o := range outs {
			want, ok := g.Tensors[o.Name]
			var b bytes.Buffer
			if err := o.Write(&b); err != nil {
				t.Fatal(err)
			}
			values := make([]float32, b.Len()/4)
			blocks.F32.Unpack(values, b.Bytes())
			if !ok || !slices.Equal(o.Shape, want.Shape) {
				t.Errorf("%s: tensor %q has shape %v, expected %v", name, o.Name, o.Shape, want.Shape)
			} else if d := golden.Digested(o.Name, values).Distance(want.Digest, 1e-3); d > 1e-6 {
				t.Errorf("%s: tensor %q differs by %g", name, o.Name, d)
			}
		}
		for key, want := range g.Meta {
			if got := meta.Get(key); !sameValue(meta, key, want) {
				t.Errorf("%s: %s is %v, expected %v", name, key, got, want)
			}
		}
	}
}

func sameValue(m gguf.Meta, key string, want any) bool {
	switch want := want.(type) {
	case float64:
		f, ok := m.Float(key)
		if n, isInt := m.Int(key); isInt {
			f, ok = float64(n), true
		}
		return ok && math.Abs(f-want) <= 1e-6*math.Abs(want)
	case bool:
		b, ok := m.Bool(key)
		return ok && b == want
	}
	return m.Text(key) == want
}

// TestOpenGGUF opens what was written: parameters have the same bits, and the model computes the same.
func TestOpenGGUF(t *testing.T) {
	for name, g := range ggufGoldens(t) {
		source := golden.Source{Shapes: g.Parameters}
		path := filepath.Join(t.TempDir(), name+".gguf")
		writeGGUF(t, path, g.Config, source, nil)
		m, err := Open(path, OpenConfig{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, p := range m.Params() {
			want := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(p.Shape...))
			source.Read(p.Name, want)
			for i, v := range graph.Data[float32](p) {
				w := want.Data().([]float32)[i]
				if v != w && math.Abs(float64(v-w)) > 1.2e-7 { // a norm's 1 is added and taken away
					t.Fatalf("%s: element %d of %s is %v, expected %v", name, i, p.Name, v, w)
				}
			}
		}
		fields, err := decodeFields(g.Config)
		if err != nil {
			t.Fatal(err)
		}
		config, err := parseFields(fields)
		if err != nil {
			t.Fatal(err)
		}
		original, err := config.build(origin{dt: tensor.Float32, source: source})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		a, b := someStates(t, m), someStates(t, original)
		for i := range a {
			if math.Abs(float64(a[i]-b[i])) > 1e-5*(1+math.Abs(float64(b[i]))) {
				t.Errorf("%s: state %d is %v, expected %v", name, i, a[i], b[i])
				break
			}
		}
	}
}

// someStates returns the states of a few tokens, which depend on positions, norms and windows.
func someStates(t *testing.T, m Model) []float32 {
	t.Helper()
	g := graph.New(graph.Config{})
	ids := g.Input("ids", tensor.Int32, 1, 9)
	copy(graph.Ints(ids), []int32{3, 1, 4, 1, 5, 9, 2, 6, 5})
	var states *graph.Node
	switch m := m.(type) {
	case CausalLM:
		states = m.Logits(g, ids, nil)
	case *Encoder:
		states = m.Hidden(g, ids, nil, nil)
	default:
		t.Fatalf("%T gives no states", m)
	}
	machine, err := graph.Compile(g, states)
	if err != nil {
		t.Fatal(err)
	}
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		t.Fatal(err)
	}
	return slices.Clone(graph.Floats[float32](states))
}

func writeGGUF(t *testing.T, path string, config []byte, source graph.Source, format func(string, []int) blocks.Kind) {
	t.Helper()
	meta, outs, err := ToGGUF(config, source, ToGGUFConfig{Format: format})
	if err == nil {
		err = gguf.Write(path, meta, outs)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestGGUFRefuses opens files that don't fit, each of which gives one line that tells why.
func TestGGUFRefuses(t *testing.T) {
	g := ggufGoldens(t)["llama"]
	meta, outs, err := ToGGUF(g.Config, golden.Source{Shapes: g.Parameters}, ToGGUFConfig{})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.gguf")
	refuses := func(want string, change func(m gguf.Meta, outs []gguf.Out) (gguf.Meta, []gguf.Out)) {
		t.Helper()
		m, o := change(slices.Clone(meta), slices.Clone(outs))
		if err := gguf.Write(path, m, o); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path, OpenConfig{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, expected %q in it", err, want)
		}
	}
	set := func(key string, value any) func(gguf.Meta, []gguf.Out) (gguf.Meta, []gguf.Out) {
		return func(m gguf.Meta, o []gguf.Out) (gguf.Meta, []gguf.Out) {
			m.Set(key, value)
			return m, o
		}
	}
	refuses(`architecture "rwkv" is not known in GGUF files; known are llama`, set("general.architecture", "rwkv"))
	refuses("llama.block_count is 0", set("llama.block_count", uint32(0)))
	refuses("llama.block_count is many", set("llama.block_count", "many"))
	refuses("num_attention_heads 4 is not divisible by num_key_value_heads 5", set("llama.attention.head_count_kv", uint32(5)))
	refuses("differs from layer to layer", set("llama.attention.head_count_kv", []int32{2, 4}))
	refuses(`rope.scaling.type is "longrope"`, set("llama.rope.scaling.type", "longrope"))
	refuses("a GGUF file of an adapter", set("general.type", "adapter"))
	refuses("stored, but the model has none of that name", func(m gguf.Meta, o []gguf.Out) (gguf.Meta, []gguf.Out) {
		extra := o[0]
		extra.Name = "blk.0.mystery.weight"
		return m, append(o, extra)
	})
	refuses("missing", func(m gguf.Meta, o []gguf.Out) (gguf.Meta, []gguf.Out) {
		return m, slices.DeleteFunc(o, func(t gguf.Out) bool { return t.Name == "blk.1.ffn_up.weight" })
	})
	refuses("no other is known", func(m gguf.Meta, o []gguf.Out) (gguf.Meta, []gguf.Out) {
		factors := slices.IndexFunc(o, func(t gguf.Out) bool { return t.Name == "blk.0.attn_norm.weight" })
		extra := o[factors]
		extra.Name = ropeFactors
		return m, append(o, extra)
	})
}

// TestToGGUFScaling writes Llama 3's scaling of positions in both of its spellings, and refuses what a file can't say.
func TestToGGUFScaling(t *testing.T) {
	const scaling = `"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}`
	for _, test := range []struct{ arch, fields, err string }{
		{"llama", `"rope_parameters": {"rope_theta": 10000.0, "rope_type": "llama3", ` + scaling, ""},
		{"llama", `"rope_theta": 10000.0, "rope_scaling": {"type": "llama3", ` + scaling, ""},
		{"qwen3", `"rope_parameters": {"rope_theta": 10000.0, "rope_type": "llama3", ` + scaling, `positions scaled as "llama3" are not known there`},
		{"mixtral", `"sliding_window": 16`, "a sliding window of 16 tokens"},
		{"qwen3", `"sliding_window": 16, "use_sliding_window": true`, "a sliding window of 16 tokens"},
		{"qwen3", `"sliding_window": 16, "use_sliding_window": false`, ""},
	} {
		g := ggufGoldens(t)[test.arch]
		var fields map[string]any
		if err := json.Unmarshal(g.Config, &fields); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"rope_parameters", "rope_scaling", "rope_theta", "sliding_window"} {
			delete(fields, name)
		}
		if err := json.Unmarshal([]byte("{"+test.fields+"}"), &fields); err != nil {
			t.Fatal(err)
		}
		config, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		_, outs, err := ToGGUF(config, golden.Source{Shapes: g.Parameters}, ToGGUFConfig{})
		factors := slices.ContainsFunc(outs, func(o gguf.Out) bool { return o.Name == ropeFactors })
		switch {
		case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)), test.err == "" && err != nil:
			t.Errorf("%s with %s: %v, expected %q", test.arch, test.fields, err, test.err)
		case test.err == "" && factors != strings.Contains(test.fields, "llama3"):
			t.Errorf("%s with %s: factors are %v", test.arch, test.fields, factors)
		}
	}
}

// TestPackedGGUF keeps a file's matrices as they lie: the model computes the very bits that it computes with their floats.
func TestPackedGGUF(t *testing.T) {
	for _, name := range []string{"llama", "mixtral", "qwen3", "gemma3"} {
		g := ggufGoldens(t)[name]
		source := golden.Source{Shapes: wider(g.Parameters)}
		config := bytes.ReplaceAll(g.Config, []byte(`"hidden_size":12`), []byte(`"hidden_size":32`))
		path := filepath.Join(t.TempDir(), name+".gguf")
		writeGGUF(t, path, config, source, func(_ string, shape []int) blocks.Kind {
			if blocks.Q4_1.Fits(shape[len(shape)-1]) {
				return blocks.Q4_1
			}
			return blocks.F16
		})
		floats, err := Open(path, OpenConfig{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		packed, err := Open(path, OpenConfig{Storage: StoredStorage})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		matrices := 0
		for _, p := range packed.Params() {
			if p.Packed() != nil {
				matrices++
			}
		}
		if matrices < 15 {
			t.Errorf("%s: %d matrices are kept as blocks", name, matrices)
		}
		if a, b := someStates(t, packed), someStates(t, floats); !slices.Equal(a, b) {
			t.Errorf("%s: states differ", name)
		}
		if _, err := Open(path, OpenConfig{Storage: "3bit"}); err == nil {
			t.Error("3bit is a storage")
		}
	}
}

// wider gives the residual stream of a model of width 12 the width 32, so that rows are whole blocks.
func wider(shapes map[string][]int) map[string][]int {
	out := map[string][]int{}
	for name, shape := range shapes {
		shape = slices.Clone(shape)
		for i := range shape {
			narrow := strings.Contains(name, "k_proj") || strings.Contains(name, "v_proj") // two heads of 6
			if shape[i] == 12 && !(narrow && i == 0) {
				shape[i] = 32
			}
		}
		out[name] = shape
	}
	return out
}
