package models

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/safetensors"
	"gorgonia.org/tensor"
)

// fields are changes to a config.json; the value gone leaves a field out.
type fields = map[string]any

const gone = "gone"

// changedConfig returns the config.json of a golden with changes.
func changedConfig(t *testing.T, golden string, change fields) []byte {
	t.Helper()
	var config fields
	if err := json.Unmarshal(readGolden(t, golden).Config, &config); err != nil {
		t.Fatal(err)
	}
	for name, value := range change {
		if config[name] = value; value == gone {
			delete(config, name)
		}
	}
	data, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestFormsOfConfigs reads what config.json says in each form in which transformers reads it (internal/proofs/configs.py holds many
// more to it), and finds the same logits as by the form of the goldens.
func TestFormsOfConfigs(t *testing.T) {
	linear := fields{"rope_type": "linear", "factor": 2.0, "rope_theta": 500.0}
	short := fields{"type": "linear", "factor": 2}
	tests := []struct {
		name, golden string
		change, same fields
	}{
		{"theta in rope_scaling", "llama", fields{"rope_parameters": gone, "rope_scaling": fields{"type": "linear", "factor": 2, "rope_theta": 500}}, fields{"rope_parameters": linear}},
		{"theta beside rope_scaling", "llama", fields{"rope_parameters": gone, "rope_scaling": short, "rope_theta": 500}, fields{"rope_parameters": linear}},
		{"theta beside rope_parameters", "llama", fields{"rope_parameters": fields{"rope_type": "linear", "factor": 2.0}, "rope_theta": 500}, fields{"rope_parameters": linear}},
		{"rope_scaling before rope_parameters", "llama", fields{"rope_scaling": linear, "rope_theta": 7}, fields{"rope_parameters": linear}},
		{"an empty rope_scaling", "llama", fields{"rope_scaling": fields{}, "rope_parameters": linear}, fields{"rope_parameters": linear}},
		{"rope_scaling null", "llama", fields{"rope_parameters": nil, "rope_scaling": nil, "rope_theta": nil}, fields{"rope_parameters": fields{"rope_theta": 10000.0}}},
		{"a part that doesn't count", "llama", fields{"rope_parameters": linear, "partial_rotary_factor": 0.5}, fields{"rope_parameters": linear}},
		{"Mixtral's own theta", "mixtral", fields{"rope_parameters": gone}, fields{"rope_parameters": fields{"rope_theta": 1e6}}},
		{"a length beside yarn", "llama", fields{"rope_parameters": fields{"type": "yarn", "factor": 4}, "original_max_position_embeddings": 4},
			fields{"rope_parameters": fields{"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 4}}},
		{"NeoX's older fields", "gpt_neox", fields{"rope_parameters": gone, "rotary_pct": 0.5, "rotary_emb_base": 500}, fields{"rope_parameters": fields{"rope_theta": 500.0, "partial_rotary_factor": 0.5}}},
		{"NeoX's theta beside", "gpt_neox", fields{"rope_parameters": fields{"partial_rotary_factor": 0.5}, "rotary_emb_base": 500}, fields{"rope_parameters": fields{"rope_theta": 500.0, "partial_rotary_factor": 0.5}}},
		{"Gemma's older fields", "gemma3", fields{"rope_parameters": gone, "rope_theta": 500, "rope_local_base_freq": 50, "rope_scaling": fields{"rope_type": "linear", "factor": 4}},
			fields{"rope_parameters": fields{"full_attention": fields{"rope_type": "linear", "factor": 4.0, "rope_theta": 500.0}, "sliding_attention": fields{"rope_theta": 50.0}}}},
		{"a kind of layer that is null", "gemma3", fields{"rope_parameters": fields{"full_attention": nil, "sliding_attention": fields{}}, "rope_theta": 500},
			fields{"rope_parameters": fields{"full_attention": fields{"rope_theta": 500.0}, "sliding_attention": fields{"rope_theta": 10000.0}}}},
		{"other names", "gpt2", fields{"n_embd": gone, "n_layer": gone, "n_head": gone, "n_positions": gone, "hidden_size": 12, "num_hidden_layers": 2, "num_attention_heads": 3, "max_position_embeddings": 12}, nil},
		{"other names count first", "gpt2", fields{"n_embd": 24, "hidden_size": 12}, nil},
		{"ends in a list", "gpt2", fields{"eos_token_id": []int{0, 1}}, nil},
		{"sizes in a list, whole numbers with a point", "llama", fields{"intermediate_size": []float64{20, 20}, "max_position_embeddings": json.Number("16.0")}, nil},
		{"an older type", "llama", fields{"dtype": gone, "torch_dtype": "float16"}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := readGolden(t, test.golden)
			got, want := c, c
			got.Config, want.Config = changedConfig(t, test.golden, test.change), changedConfig(t, test.golden, test.same)
			if a, b := logitsOfGolden(t, got), logitsOfGolden(t, want); !slices.Equal(a, b) {
				t.Error("the logits differ")
			}
		})
	}
}

func logitsOfGolden(t *testing.T, c goldenCase) []float64 {
	t.Helper()
	m := c.load(t, tensor.Float64)
	g := graph.New(graph.Config{DType: tensor.Float64})
	logits := logitsOf(g, m, c.batch(g))
	run(t, g, logits)
	return graph.Floats[float64](logits)
}

// TestDirectoriesWithoutHeads opens models that are stored without a head, with and without their folder's name, in the folders that
// sentence-transformers makes, after a byte order mark.
func TestDirectoriesWithoutHeads(t *testing.T) {
	for _, arch := range []string{"llama", "gpt2", "gpt_neox", "gemma3_text", "t5", "bert"} {
		t.Run(arch, func(t *testing.T) {
			m, dir := saved(t, arch)
			f, err := FamilyNamed(arch)
			if err != nil {
				t.Fatal(err)
			}
			head, body := []string{"lm_head.", "embed_out.", "cls.", "decoder."}, []string{"model.", "transformer.", "gpt_neox.", "bert."}
			var tensors []safetensors.Tensor
			for _, s := range storedTensors(m.Params()) {
				if slices.ContainsFunc(head, func(h string) bool { return strings.HasPrefix(s.Name, h) }) {
					continue
				}
				for _, prefix := range body {
					s.Name = strings.TrimPrefix(s.Name, prefix)
				}
				tensors = append(tensors, s)
			}
			config, err := os.ReadFile(filepath.Join(dir, configName))
			if err != nil {
				t.Fatal(err)
			}
			var content fields
			if err := json.Unmarshal(config, &content); err != nil {
				t.Fatal(err)
			}
			delete(content, "architectures")
			if arch != "gemma3_text" { // which always has the table for a head
				content["tie_word_embeddings"] = false
			}
			if config, err = json.Marshal(content); err != nil {
				t.Fatal(err)
			}
			root := t.TempDir()
			folder := filepath.Join(root, "0_Transformer")
			if err := os.Mkdir(folder, 0o755); err != nil {
				t.Fatal(err)
			}
			for name, content := range map[string]string{
				filepath.Join(folder, configName):   "\ufeff" + strings.ReplaceAll(string(config), ",", ",\r\n"),
				filepath.Join(root, "modules.json"): `[{"idx": 0, "name": "0", "path": "0_Transformer", "type": "sentence_transformers.models.Transformer"}]`,
			} {
				if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := safetensors.Write(filepath.Join(folder, safetensors.FileName), tensors, nil); err != nil {
				t.Fatal(err)
			}
			loaded, err := Open(root, OpenConfig{})
			if err != nil {
				t.Fatal(err)
			}
			_, scores := loaded.(trainedModel)
			if want := f.Name == "gemma3_text"; scores != want {
				t.Errorf("a %T: it has a loss, %v; expected %v", loaded, scores, want)
			}
			again := t.TempDir()
			if err := loaded.Save(again); err != nil {
				t.Fatal(err)
			}
			twice, err := Open(again, OpenConfig{})
			if err != nil {
				t.Fatal(err)
			}
			if !maps.EqualFunc(shapes(loaded), shapes(twice), slices.Equal) {
				t.Errorf("%v was read back as %v", shapes(loaded), shapes(twice))
			}
		})
	}
}

// TestArchitecturesFollowFromTensors finds the heads of encoders whose config.json names no architecture.
func TestArchitecturesFollowFromTensors(t *testing.T) {
	for name, c := range encoderGoldens(t) {
		want := c.loadEncoder(t, tensor.Float32)
		var config fields
		if err := json.Unmarshal(c.Config, &config); err != nil {
			t.Fatal(err)
		}
		delete(config, "architectures")
		data, err := json.Marshal(config)
		if err != nil {
			t.Fatal(err)
		}
		got, err := loadFrom(data, origin{dt: tensor.Float32, source: c.source()})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !maps.EqualFunc(shapes(got), shapes(want), slices.Equal) {
			t.Errorf("%s became a %T of %v, expected %v", name, got, shapes(got), shapes(want))
		}
	}
}
