package models

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
