package tokenizer

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
)

// golden is what the reference makes of a text; testdata/make_goldens.py wrote it.
type golden struct {
	Text    string
	Pair    string
	IDs     []int32
	Tokens  []string
	Offsets [][2]int
	Special []int
	TypeIDs []int32 `json:"type_ids"`
	Decoded string
	Plain   string
}

func readJSON[T any](t testing.TB, path string) (v T) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return v
}

// families lists the tokenizers that have goldens.
func families(t testing.TB) map[string]*Tokenizer {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "golden", "*.cases.json"))
	if err != nil || len(paths) < 15 {
		t.Fatalf("%d goldens, %v", len(paths), err)
	}
	out := map[string]*Tokenizer{}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".cases.json")
		if strings.HasPrefix(name, "sentencepiece") {
			continue
		}
		tok, err := Load(filepath.Join("testdata", "golden", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		out[name] = tok
	}
	return out
}

func TestGoldens(t *testing.T) {
	for name, tok := range families(t) {
		t.Run(name, func(t *testing.T) {
			for _, c := range readJSON[[]golden](t, filepath.Join("testdata", "golden", name+".cases.json")) {
				if c.Pair != "" {
					e, err := tok.Encode([]byte(c.Text), EncodeOptions{AddSpecial: true, Pair: []byte(c.Pair)})
					if err != nil {
						t.Fatal(err)
					}
					if !slices.Equal(e.IDs, c.IDs) || !slices.Equal(e.TypeIDs, c.TypeIDs) {
						t.Errorf("a pair gives %v of types %v, want %v of types %v", e.IDs, e.TypeIDs, c.IDs, c.TypeIDs)
					}
					continue
				}
				e, err := tok.Encode([]byte(c.Text), EncodeOptions{AddSpecial: true})
				if err != nil {
					t.Fatal(err)
				}
				got := golden{Text: c.Text, IDs: e.IDs, Tokens: e.Tokens, Offsets: e.Offsets, Decoded: string(tok.Decode(e.IDs, false)), Plain: string(tok.Decode(e.IDs, true))}
				for _, special := range e.SpecialMask {
					got.Special = append(got.Special, map[bool]int{true: 1}[special])
				}
				if len(c.IDs) == 0 {
					c.IDs, c.Tokens, c.Offsets, c.Special = nil, nil, nil, nil
				}
				if diff := cmp.Diff(c, got); diff != "" {
					t.Errorf("%q (-want +got):\n%s", c.Text, diff)
				}
				if fast := tok.AppendIDs(nil, []byte(c.Text), true); !slices.Equal(fast, c.IDs) {
					t.Errorf("%q: AppendIDs gives %v, want %v", c.Text, fast, c.IDs)
				}
			}
		})
	}
}

func TestSentencePieceGoldens(t *testing.T) {
	for _, kind := range []string{"unigram", "bpe"} {
		tok, err := Load(filepath.Join("testdata", "golden", "sentencepiece-"+kind+".model"))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range readJSON[[]golden](t, filepath.Join("testdata", "golden", "sentencepiece-"+kind+".cases.json")) {
			if got := tok.AppendIDs(nil, []byte(c.Text), false); !slices.Equal(got, c.IDs) {
				t.Errorf("%s: %q gives %v, want %v", kind, c.Text, got, c.IDs)
			}
		}
	}
}

func TestFilesSurviveLoadAndSave(t *testing.T) {
	for name, tok := range families(t) {
		dir := t.TempDir()
		if err := tok.Save(dir); err != nil {
			t.Fatal(err)
		}
		want := readJSON[map[string]any](t, filepath.Join("testdata", "golden", name+".json"))
		got := readJSON[map[string]any](t, filepath.Join(dir, jsonFile))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestTrainingEqualsTheReference(t *testing.T) {
	tok := trained(t, "bpe", 1000)
	var got []string
	for _, m := range tok.file.Model.(model.BPEConfig).Merges {
		got = append(got, m[0]+" "+m[1])
	}
	if diff := cmp.Diff(readJSON[[]string](t, filepath.Join("testdata", "golden", "opticks-bpe.json")), got); diff != "" {
		t.Errorf("merges (-want +got):\n%s", diff)
	}
}

func TestFamiliesFastPathAgreesWithEncode(t *testing.T) {
	texts := Lines(opticks(t))
	for name, tok := range families(t) {
		n := 0
		for line, err := range texts {
			if n++; n > 300 {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			e, err := tok.Encode(line, EncodeOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if got := tok.AppendIDs(nil, line, false); !slices.Equal(got, e.IDs) {
				t.Fatalf("%s: %q: AppendIDs gives %v, Encode %v", name, line, got, e.IDs)
			}
		}
	}
}
