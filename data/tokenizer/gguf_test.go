package tokenizer

import (
	"bytes"
	"encoding/binary"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pretok"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
)

// ggufFile writes the metadata of a small GGUF file with a byte-level BPE.
func ggufFile() []byte {
	var b bytes.Buffer
	put := func(v any) { binary.Write(&b, binary.LittleEndian, v) }
	str := func(s string) {
		put(uint64(len(s)))
		b.WriteString(s)
	}
	texts := func(key string, list []string) {
		str(key)
		put([]uint32{9, 8})
		put(uint64(len(list)))
		for _, s := range list {
			str(s)
		}
	}
	tokens := []string{"<|end|>"}
	for c := range 256 {
		tokens = append(tokens, string(model.ByteRune(byte(c))))
	}
	tokens = append(tokens, "he")
	b.WriteString("GGUF")
	put(uint32(3))
	put([]uint64{0, 7})
	str("general.architecture")
	put(uint32(8))
	str("llama")
	str("tokenizer.ggml.model")
	put(uint32(8))
	str("gpt2")
	str("tokenizer.ggml.pre")
	put(uint32(8))
	str("smollm")
	texts("tokenizer.ggml.tokens", tokens)
	texts("tokenizer.ggml.merges", []string{"h e"})
	str("tokenizer.ggml.token_type")
	put([]uint32{9, 5})
	put(uint64(len(tokens)))
	for i := range tokens {
		put(map[bool]int32{true: 3, false: 1}[i == 0])
	}
	str("tokenizer.ggml.eos_token_id")
	put(uint32(4))
	put(uint32(0))
	return b.Bytes()
}

func TestGGUF(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.gguf")
	file := ggufFile()
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	tok, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	he, _ := tok.ID("he")
	if got := tok.AppendIDs(nil, []byte("he<|end|>"), false); !slices.Equal(got, []int32{he, 0}) {
		t.Errorf("ids %v", got)
	}
	if id, ok := tok.EndOfText(); !ok || id != 0 {
		t.Errorf("EndOfText = %d, %v", id, ok)
	}
	for n := range len(file) {
		if err := os.WriteFile(path, file[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if n%97 == 0 {
			if _, err := Load(path); err == nil {
				t.Fatalf("the first %d bytes of the file load", n)
			}
		}
	}
}

// TestGGUFOfTrimmedOffsets holds that a setting of Hugging Face's that moves offsets only doesn't keep a tokenizer from GGUF files.
func TestGGUFOfTrimmedOffsets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.gguf")
	if err := os.WriteFile(path, ggufFile(), 0o600); err != nil {
		t.Fatal(err)
	}
	tok, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	tok.file.PreTokenizer = pretok.Sequence{pretok.Digits{IndividualDigits: true}, pretok.ByteLevel{UseRegex: true, TrimOffsets: true}}
	m, err := tok.GGUF()
	if err != nil {
		t.Fatal(err)
	}
	for _, pair := range m {
		if pair.Key == "tokenizer.ggml.pre" && pair.Value != "smollm" {
			t.Errorf("it is split as %v", pair.Value)
		}
	}
	tok.file.PreTokenizer = pretok.Sequence{pretok.Digits{}, pretok.ByteLevel{UseRegex: true, TrimOffsets: true}}
	if _, err := tok.GGUF(); err == nil {
		t.Error("digits that stay together were taken")
	}
}
