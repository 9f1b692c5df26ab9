package tokenizer

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// opticks is a book that every Go installation has.
func opticks(t testing.TB) string {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatalf("go env GOROOT: %v", err)
	}
	return filepath.Join(strings.TrimSpace(string(root)), "src", "testdata", "Isaac.Newton-Opticks.txt")
}

// kinds are all kinds of tokenizers that can be trained, with the sizes that tests train them at.
var kinds = map[string]int{"char": 0, "bpe": 1000, "qwen2": 1000, "bytefallback": 1000, "wordpiece": 1000, "unigram": 1000, "word": 1000}

// trainConfig returns a kind's configuration.
func trainConfig(kind string, size int) TrainConfig {
	model := kind
	if kind == "bytefallback" || kind == "qwen2" {
		model = "bpe"
	}
	c := NewTrainConfig(model)
	c.VocabSize, c.ByteFallback = size, kind == "bytefallback"
	if kind == "qwen2" {
		c.Split = "qwen2"
	}
	return c
}

func trained(t testing.TB, kind string, size int) *Tokenizer {
	t.Helper()
	c := trainConfig(kind, size)
	tok, err := Train(context.Background(), c, Lines(opticks(t)))
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestTrainedTokenizersSaveAndLoad(t *testing.T) {
	for kind, size := range kinds {
		t.Run(kind, func(t *testing.T) {
			tok := trained(t, kind, size)
			dir := filepath.Join(t.TempDir(), "a", "b")
			if err := tok.Save(dir); err != nil {
				t.Fatal(err)
			}
			loaded, err := Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			text := []byte("Light, <|endoftext|> 你好 and Colours.\n")
			want, got := tok.AppendIDs(nil, text, true), loaded.AppendIDs(nil, text, true)
			if !slices.Equal(got, want) {
				t.Errorf("ids after loading %v, want %v", got, want)
			}
			want0, _ := tok.EndOfText()
			if a, ok := loaded.EndOfText(); !ok || a != want0 {
				t.Errorf("EndOfText = %d, %v, want %d", a, ok, want0)
			}
			if loaded.VocabSize() != tok.VocabSize() || size > 0 && tok.VocabSize() != size {
				t.Errorf("vocabulary of %d, loaded %d, want %d", tok.VocabSize(), loaded.VocabSize(), size)
			}
			again := t.TempDir()
			if err := loaded.Save(again); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{jsonFile, settingsFile} {
				a, _ := os.ReadFile(filepath.Join(dir, name))
				b, _ := os.ReadFile(filepath.Join(again, name))
				if !bytes.Equal(a, b) {
					t.Errorf("%s changes when it is loaded and saved", name)
				}
			}
		})
	}
}

func TestTrainingDoesNotDependOnThreadsOrMemory(t *testing.T) {
	for kind, size := range kinds {
		var want []byte
		for _, c := range []struct {
			threads int
			memory  int64
		}{{1, 0}, {2, 0}, {7, 0}, {3, 32 << 20}} {
			config := trainConfig(kind, size)
			config.Threads, config.MaxMemory, config.TempDir = c.threads, c.memory, t.TempDir()
			tok, err := Train(context.Background(), config, Lines(opticks(t)))
			if err != nil {
				t.Fatal(err)
			}
			got, err := tok.file.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			if want == nil {
				want = got
			} else if !bytes.Equal(got, want) {
				t.Errorf("%s: %d threads and %d bytes of memory give another tokenizer", kind, c.threads, c.memory)
			}
		}
	}
}

func TestTrainRefuses(t *testing.T) {
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Train(canceled, NewTrainConfig("bpe"), Lines(opticks(t)))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled context gives %v", err)
	}
	for kind := range kinds {
		if _, err := Train(context.Background(), trainConfig(kind, 1000), Texts()); !errors.Is(err, ErrEmptyCorpus) {
			t.Errorf("%s: an empty corpus gives %v", kind, err)
		}
	}
	for name, change := range map[string]func(*TrainConfig){
		"model":       func(c *TrainConfig) { c.Model = "lstm" },
		"small":       func(c *TrainConfig) { c.VocabSize = 200 },
		"threads":     func(c *TrainConfig) { c.Threads = -1 },
		"special":     func(c *TrainConfig) { c.Special = []string{"a", "a"} },
		"special two": func(c *TrainConfig) { c.Special = []string{""} },
		"fallback":    func(c *TrainConfig) { c.Model, c.ByteFallback = "char", true },
		"chinese":     func(c *TrainConfig) { c.Chinese = true },
		"cased":       func(c *TrainConfig) { c.Cased = true },
		"split":       func(c *TrainConfig) { c.Split = "gpt5" },
		"split two":   func(c *TrainConfig) { c.Split, c.ByteFallback = "qwen2", true },
		"split three": func(c *TrainConfig) { c.Model = "char" }, // with the split of bpe
		"coverage":    func(c *TrainConfig) { c.ByteFallback, c.Coverage = true, 0 },
	} {
		c := NewTrainConfig("bpe")
		change(&c)
		if _, err := Train(context.Background(), c, Texts("a")); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := Train(context.Background(), NewTrainConfig("bpe"), Lines(filepath.Join(t.TempDir(), "none"))); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing corpus gives %v", err)
	}
}

func TestSplits(t *testing.T) {
	// Words that repeat become one token, so the tokens show how each pattern splits the text.
	text := strings.Repeat("It'S 1234 cafe\u0301\n\n x", 20)
	for split, want := range map[string][]string{
		"gpt2":   {"It", "'", "S", "Ġ1234", "Ġcafe", "Ìģ", "ĊĊ", "Ġx"},
		"cl100k": {"It", "'S", "Ġ", "123", "4", "Ġcafe", "ÌģĊĊ", "Ġx"},
		"qwen2":  {"It", "'S", "Ġ", "1", "2", "3", "4", "ĠcafÃ©", "ĊĊ", "Ġx"},
	} {
		c := NewTrainConfig("bpe")
		c.Split, c.VocabSize = split, 300
		tok, err := Train(context.Background(), c, Texts(text))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, id := range tok.AppendIDs(nil, []byte("It'S 1234 cafe\u0301\n\n x"), false) {
			token, _ := tok.Token(id)
			got = append(got, token)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s splits into %q, want %q", split, got, want)
		}
		dir := t.TempDir()
		if err := tok.Save(dir); err != nil {
			t.Fatal(err)
		}
		loaded, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := tok.Split(), loaded.Split(); a != split || b != split {
			t.Errorf("Split of a tokenizer learned by %s is %q, and %q once it is loaded", split, a, b)
		}
	}
	for kind, size := range kinds {
		want := map[string]string{"bpe": "gpt2", "qwen2": "qwen2"}[kind]
		if got := trained(t, kind, size).Split(); got != want {
			t.Errorf("Split of %s is %q, want %q", kind, got, want)
		}
	}
}

func TestByteLevelRoundTrip(t *testing.T) {
	tok := trained(t, "bpe", 600)
	rapid.Check(t, func(r *rapid.T) {
		text := anyText(r)
		ids := tok.AppendIDs(nil, text, false)
		if got := tok.Decode(ids, false); !bytes.Equal(got, text) {
			r.Fatalf("%q comes back as %q", text, got)
		}
		stream := tok.NewDecodeStream(false)
		var got []byte
		for _, id := range ids {
			part := stream.Push(id)
			if utf8.Valid(text) && !utf8.Valid(part) {
				r.Fatalf("%q: the stream splits a character: %q", text, part)
			}
			got = append(got, part...)
		}
		if got = append(got, stream.Flush()...); !bytes.Equal(got, text) {
			r.Fatalf("%q streams as %q", text, got)
		}
	})
}

func TestByteFallbackRoundTrip(t *testing.T) {
	tok := trained(t, "bytefallback", 600)
	if _, ok := tok.ID("▁the"); !ok {
		t.Error("the vocabulary lacks a frequent word")
	}
	for _, text := range []string{"the Rays of Light", "你好, naïve\x00 👩\u200d🚀\n\nthe  end ", "\xff\xe4\xbd", "x"} {
		e, err := tok.Encode([]byte(text), EncodeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got := tok.Decode(e.IDs, false); string(got) != text {
			t.Errorf("%q comes back as %q", text, got)
		}
	}
}

// anyText draws text with the characters that tokenizers treat differently, and bytes that are no text.
func anyText(r *rapid.T) []byte {
	part := rapid.OneOf(
		rapid.SampledFrom([]string{" ", "  ", "\n", "\t", "'s", "the ", "Light", "<|endoftext|>", "你好", "é", "e\u0301", "👩‍🚀", "12", "...", "\u00a0", "\xff", "\xe4\xbd", "ſ", "İ", "▁", "##a", "\x00"}),
		rapid.String(),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
	)
	var out []byte
	for _, p := range rapid.SliceOfN(part, 0, 12).Draw(r, "text") {
		out = append(out, p...)
	}
	return out
}

func TestFastPathAgreesWithEncode(t *testing.T) {
	for kind, size := range kinds {
		tok := trained(t, kind, size)
		rapid.Check(t, func(r *rapid.T) {
			text := anyText(r)
			e, err := tok.Encode(text, EncodeOptions{AddSpecial: true})
			if err != nil {
				r.Fatal(err)
			}
			if got := tok.AppendIDs(nil, text, true); !slices.Equal(got, e.IDs) {
				r.Fatalf("%s: %q: AppendIDs gives %v, Encode %v", kind, text, got, e.IDs)
			}
			for i, at := range e.Offsets {
				if at[0] > at[1] || at[1] > len(text) {
					r.Fatalf("%s: %q: token %d is at %v", kind, text, i, at)
				}
			}
		})
	}
}

func TestEncodeBatchAgreesWithEncode(t *testing.T) {
	tok := trained(t, "bpe", 600)
	var texts [][]byte
	for i := range 100 {
		texts = append(texts, bytes.Repeat([]byte("Light "), i))
	}
	all, err := tok.EncodeBatch(texts, EncodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i, ids := range tok.EncodeIDs(texts, false) {
		if want := tok.AppendIDs(nil, texts[i], false); !slices.Equal(ids, want) || !slices.Equal(all[i].IDs, want) {
			t.Fatalf("text %d: EncodeIDs gives %v, EncodeBatch %v, want %v", i, ids, all[i].IDs, want)
		}
	}
}
