package models

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

func TestConfigIsWrittenAsPythonDoes(t *testing.T) {
	c := DefaultGemma3Config()
	three := 3.0
	c.FinalSoftCap, c.RMSNormEps, c.EosTokenID = &three, 1e-6, TokenIDs{1, 106}
	data, err := encodeConfig(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"attention_dropout": 0.0`, `"final_logit_softcapping": 3.0`, `"rms_norm_eps": 1e-06`, `"rope_theta": 1e+06`,
		`"head_dim": 256,`, `"query_pre_attn_scalar": 256,`, `"bos_token_id": 2,`, "\"eos_token_id\": [\n    1,\n    106\n  ]",
	} {
		if !strings.Contains(string(data), want) {
			t.Errorf("%s is not in\n%s", want, data)
		}
	}
	var back Gemma3Config
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(c, back); d != "" {
		t.Error(d)
	}
}

// TestHeadsAreWrittenAsNumbers saves models whose heads of keys and whose size of heads follow from others: transformers has other defaults, and takes a zero
// as it is.
func TestHeadsAreWrittenAsNumbers(t *testing.T) {
	for _, arch := range []string{"llama", "mistral", "phi3", "qwen2", "qwen3", "glm4", "gemma3_text", "granite", "olmo2", "mixtral"} {
		c, err := tinySize().Config(arch)
		if err != nil {
			t.Fatal(err)
		}
		data, err := encodeConfig(c, map[string]any{"model_type": arch, "num_key_value_heads": nil, "head_dim": nil}) // as files say it
		if err != nil {
			t.Fatal(err)
		}
		fields, err := decodeFields(data)
		if err != nil {
			t.Fatal(err)
		}
		if c, err = parseFields(fields); err != nil {
			t.Fatal(err)
		}
		m, err := New(c, graph.NewParams(tensor.Float32, 1))
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if err := m.Save(dir); err != nil {
			t.Fatal(err)
		}
		file, err := os.ReadFile(filepath.Join(dir, configName))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(file), `"num_key_value_heads": 2,`) {
			t.Errorf("%s: not 2 num_key_value_heads:\n%s", arch, file)
		}
		if _, err := Open(dir, OpenConfig{}); err != nil {
			t.Errorf("%s: %v", arch, err)
		}
	}
}
