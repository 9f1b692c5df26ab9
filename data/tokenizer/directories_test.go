package tokenizer

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// directories are what internal/proofs/tokenizer_directories.py writes with --golden: tokenizers' directories of every family and form of
// settings, and what transformers makes of texts by them.
type directories struct {
	Texts, Pair []string
	Blobs       [][]byte
	Directories []struct {
		Name          string
		Files         map[string]int // to blobs
		Framed, Plain [][]int32
		PairIDs       []int32 `json:"pair"`
		Types         []int32
		End           *int32
		Ends          []int32
	}
}

func readDirectories(t testing.TB) (d directories) {
	f, err := os.Open(filepath.Join("testdata", "golden", "directories.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(z).Decode(&d); err != nil {
		t.Fatal(err)
	}
	return d
}

// write makes directory i.
func (d directories) write(t testing.TB, i int) string {
	dir := t.TempDir()
	for name, blob := range d.Directories[i].Files {
		if err := os.WriteFile(filepath.Join(dir, name), d.Blobs[blob], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestDirectoriesMeanWhatTransformersReads(t *testing.T) {
	d := readDirectories(t)
	if len(d.Directories) < 200 {
		t.Errorf("only %d directories", len(d.Directories))
	}
	for i, c := range d.Directories {
		tok, err := Load(d.write(t, i))
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		saved := t.TempDir()
		if err := tok.Save(saved); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"config.json", "generation_config.json"} {
			if i, ok := c.Files[name]; ok {
				os.WriteFile(filepath.Join(saved, name), d.Blobs[i], 0o600)
			}
		}
		again, err := Load(saved)
		if err != nil {
			t.Errorf("%s, saved: %v", c.Name, err)
			continue
		}
		for _, tok := range []*Tokenizer{tok, again} {
			for i, text := range d.Texts {
				if got := tok.AppendIDs(nil, []byte(text), true); !slices.Equal(got, c.Framed[i]) {
					t.Errorf("%s: %q gives %v, expected %v", c.Name, text, got, c.Framed[i])
				}
				if got := tok.AppendIDs(nil, []byte(text), false); !slices.Equal(got, c.Plain[i]) {
					t.Errorf("%s: %q without a frame gives %v, expected %v", c.Name, text, got, c.Plain[i])
				}
			}
			pair, err := tok.Encode([]byte(d.Pair[0]), EncodeOptions{AddSpecial: true, Pair: []byte(d.Pair[1])})
			if err != nil || !slices.Equal(pair.IDs, c.PairIDs) || !slices.Equal(pair.TypeIDs, c.Types) {
				t.Errorf("%s: a pair gives %v of types %v (%v), expected %v of %v", c.Name, pair.IDs, pair.TypeIDs, err, c.PairIDs, c.Types)
			}
			if id, ok := tok.EndOfText(); c.End != nil && (!ok || id != *c.End) {
				t.Errorf("%s: texts end with %d (%v), expected %d", c.Name, id, ok, *c.End)
			}
			for _, id := range c.Ends {
				if !slices.Contains(tok.EndsOfText(), id) {
					t.Errorf("%s: %v end what is written, expected %d among them", c.Name, tok.EndsOfText(), id)
				}
			}
		}
	}
}

// TestDirectoriesFastPathAgreesWithEncode takes a part of the directories to any text.
func TestDirectoriesFastPathAgreesWithEncode(t *testing.T) {
	d := readDirectories(t)
	for i, c := range d.Directories {
		if i%8 > 0 && !strings.HasSuffix(c.Name, "/files/bare") || strings.HasPrefix(c.Name, "ends/") {
			continue
		}
		tok, err := Load(d.write(t, i))
		if err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(r *rapid.T) {
			text := anyText(r)
			e, err := tok.Encode(text, EncodeOptions{AddSpecial: true})
			if err != nil {
				return
			}
			if got := tok.AppendIDs(nil, text, true); !slices.Equal(got, e.IDs) {
				r.Fatalf("%s: %q: AppendIDs gives %v, Encode %v", c.Name, text, got, e.IDs)
			}
		})
	}
}
