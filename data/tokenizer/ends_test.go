package tokenizer

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEndsAreThoseThatAreNamed(t *testing.T) {
	const file = `{"model":{"type":"WordLevel","vocab":{"a":0,"b":1,"</s>":2,"<end>":3,"<stop>":4},"unk_token":"a"},
		"added_tokens":[{"id":2,"content":"</s>","special":true},{"id":3,"content":"<end>","special":true},{"id":4,"content":"<stop>","special":true}]}`
	for _, c := range []struct {
		settings, generation, config string
		learned                      int32 // -1 for none
		ends                         string
	}{
		{`{}`, ``, ``, 2, "[2]"},
		{`{"eos_token":"<end>"}`, ``, ``, 3, "[3]"},
		{`{"eos_token":"<end>"}`, `{"eos_token_id":[4,3]}`, `{"eos_token_id":3}`, 3, "[3 4]"},
		{`{"eos_token":"<end>"}`, ``, `{"eos_token_id":[4,2]}`, 3, "[3 4 2]"},
		{`{}`, `{"eos_token_id":4}`, `{"eos_token_id":3}`, 4, "[4 3]"},
		{`{}`, ``, `{"text_config":{"eos_token_id":3}}`, 3, "[3]"},
		{`{}`, ``, `{"model_type":"mistral"}`, 2, "[2]"},
		{`{}`, ``, `{"model_type":"llama","eos_token_id":null}`, 2, "[2]"},
		{`{"eos_token":null}`, ``, `{"eos_token_id":-1}`, -1, "[]"},
		{`{"eos_token":"<new>"}`, ``, ``, 5, "[5]"},
	} {
		dir := t.TempDir()
		for name, content := range map[string]string{jsonFile: file, settingsFile: c.settings, "generation_config.json": c.generation, "config.json": c.config} {
			if content != "" {
				os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600)
			}
		}
		tok, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		id, ok := tok.EndOfText()
		if ok != (c.learned >= 0) || ok && id != c.learned || fmt.Sprint(tok.EndsOfText()) != c.ends {
			t.Errorf("%+v: %d (%v) is learned and %v end texts", c, id, ok, tok.EndsOfText())
		}
		named := strings.Contains(c.generation+c.config, "4") && strings.Contains(c.config, "2") // and not 3, the tokenizer's
		if warned := len(tok.Warnings()) > 0; warned != named {
			t.Errorf("%+v: warnings %q", c, tok.Warnings())
		}
	}
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, jsonFile), []byte(file), 0o600)
	os.WriteFile(filepath.Join(dir, "config.json"), []byte(`{"eos_token_id":"x"}`), 0o600)
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "expected an id, a list of ids or null") {
		t.Errorf("an end that is no id gives %v", err)
	}
}

// TestTokensOfOneIDAreKept reads a file that gives one id to two tokens, as it stands and by the class that makes it anew.
func TestTokensOfOneIDAreKept(t *testing.T) {
	const file = `{"model":{"type":"BPE","vocab":{"a":0,"b":1},"merges":[]},"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},
		"added_tokens":[{"id":2,"content":"<A>","special":true},{"id":2,"content":"<B>","special":true},{"id":3,"content":"<C>","special":true}]}`
	for _, class := range []string{"PreTrainedTokenizerFast", "GPT2Tokenizer", "Qwen2TokenizerFast"} {
		dir := t.TempDir()
		os.WriteFile(filepath.Join(dir, jsonFile), []byte(file), 0o600)
		os.WriteFile(filepath.Join(dir, settingsFile), fmt.Appendf(nil, `{"tokenizer_class":%q}`, class), 0o600)
		tok, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(tok.AppendIDs(nil, []byte("a<A>b<B><C>"), false)); got != "[0 2 1 3 4]" {
			t.Errorf("%s: ids %s", class, got)
		}
		if len(tok.Warnings()) == 0 {
			t.Errorf("%s: no warning", class)
		}
	}
}

// TestContradictionsAreSaid gives a class other settings than its tokenizer.json was made with.
func TestContradictionsAreSaid(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("testdata", "golden", "bert.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ settings, want string }{
		{`{"tokenizer_class":"BertTokenizer"}`, ""},
		{`{"tokenizer_class":"BertTokenizer","do_lower_case":false}`, "takes"},
		{`{"tokenizer_class":"BertTokenizer","cls_token":"[MASK]"}`, "frames"},
		{`{"tokenizer_class":"T5Tokenizer"}`, "another kind"},
		{`{"tokenizer_class":"PreTrainedTokenizerFast","added_tokens_decoder":{"5000":{"content":"<x>"}}}`, "asks for the id 5000"},
	} {
		dir := t.TempDir()
		os.WriteFile(filepath.Join(dir, jsonFile), b, 0o600)
		os.WriteFile(filepath.Join(dir, settingsFile), []byte(c.settings), 0o600)
		tok, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(tok.Warnings(), "\n"); c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: warnings %q, expected %q", c.settings, got, c.want)
		}
	}
}

func TestParse(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("testdata", "golden", "bert.json"))
	if err != nil {
		t.Fatal(err)
	}
	tok, err := Parse(b, []byte(`{"eos_token":"[SEP]"}`))
	if err != nil {
		t.Fatal(err)
	}
	if id, ok := tok.EndOfText(); !ok || fmt.Sprint(tok.AppendIDs(nil, nil, true)) != fmt.Sprintf("[%d %d]", id-1, id) {
		t.Errorf("texts end with %d (%v), and are framed as %v", id, ok, tok.AppendIDs(nil, nil, true))
	}
	for _, c := range [][2]string{{"{", "{}"}, {string(b), "["}} {
		if _, err := Parse([]byte(c[0]), []byte(c[1])); err == nil {
			t.Errorf("%.20q with %q: no error", c[0], c[1])
		}
	}
}
