package tokenizer

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/spm"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tiktoken"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tokenizerjson"
	"github.com/seahorse-ml/seahorse/internal/gguf"
)

// try runs what a reader has made of a file: it must not fail on any text.
func try(t *testing.T, file *tokenizerjson.File, s settings, texts ...string) {
	tok, err := newTokenizer(file, s)
	if err != nil {
		return
	}
	for _, text := range append(texts, "", "Hello  world, 你好!\n", "\xff▁<s>") {
		ids := tok.AppendIDs(nil, []byte(text), true)
		tok.Decode(ids, false)
		e, err := tok.Encode([]byte(text), EncodeOptions{AddSpecial: true})
		if err != nil {
			continue
		}
		if !slices.Equal(ids, e.IDs) {
			t.Errorf("%q: AppendIDs gives %v, Encode %v", text, ids, e.IDs)
		}
		for i, at := range e.Offsets {
			if at[0] < 0 || at[0] > at[1] || at[1] > len(text) {
				t.Errorf("%q: token %d is at %v", text, i, at)
			}
		}
		half := 0.5
		for _, s := range []*Sampling{nil, {Dropout: &half}, {Alpha: &half}} {
			// The windows of a pair are as many as those of its texts multiplied, so long ones take their time.
			short := []byte(text[:min(len(text), 300)])
			tok.Encode(short, EncodeOptions{Pair: short, AddSpecial: true, MaxLength: 5, Overflow: true, PadTo: 7, Sampling: s})
		}
		o := tok.FileOptions()
		o.PadTo = min(o.PadTo, 1000)
		tok.EncodeBatch([][]byte{[]byte(text), nil}, o)
	}
	tok.EndOfText()
	b, err := file.Marshal()
	if err != nil {
		t.Fatalf("a file that was read cannot be written: %v", err)
	}
	again, err := tokenizerjson.Parse(b)
	if err != nil {
		t.Fatalf("a file that was written cannot be read: %v\n%s", err, b)
	}
	if twice, err := again.Marshal(); err != nil || !bytes.Equal(b, twice) {
		t.Fatalf("written twice it differs: %v\n%s\n%s", err, b, twice)
	}
}

func FuzzTokenizerJSON(f *testing.F) {
	paths, _ := filepath.Glob(filepath.Join("testdata", "golden", "*.json"))
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		if len(b) < 16<<10 {
			f.Add(b, "the rays of light")
		}
	}
	f.Add([]byte(`{"model":{"type":"BPE","vocab":{"a":0,"":1},"merges":[["a",""]]},"normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"}]}}`), "aa")
	f.Fuzz(func(t *testing.T, b []byte, text string) {
		if file, err := tokenizerjson.Parse(b); err == nil {
			try(t, file, nil, text)
		}
	})
}

func FuzzVocabularies(f *testing.F) {
	f.Add([]byte("{\"a\":0}"), []byte("a b\n"))
	f.Add([]byte("[UNK]\nthe\n##s\n"), []byte(`{"do_lower_case":false}`))
	f.Add([]byte("[UNK]\n\xff\nx\nx\n"), []byte(`{}`))
	f.Add([]byte("YQ== 0\nYg== 1\nYWI= 2\n"), []byte("{}"))
	f.Fuzz(func(t *testing.T, b, more []byte) {
		dir := t.TempDir()
		os.WriteFile(filepath.Join(dir, "merges.txt"), more, 0o600)
		for _, name := range []string{"vocab.json", "vocab.txt", "x.tiktoken"} {
			if file, err := parse(filepath.Join(dir, name), b, settings{"added_tokens_decoder": more}); err == nil {
				try(t, file, nil)
			}
		}
		tiktoken.Parse(b)
	})
}

// FuzzDirectories reads every file of settings that a directory may have, beside a vocabulary of each kind.
func FuzzDirectories(f *testing.F) {
	d := readDirectories(f)
	names := []string{"tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "config.json", "generation_config.json"}
	vocabularies := []string{"tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "tokenizer.model", "sentencepiece.bpe.model"}
	for i, c := range d.Directories {
		if i%7 > 0 {
			continue
		}
		var settings [5][]byte
		for k, name := range names {
			settings[k] = []byte("{}")
			if blob, ok := c.Files[name]; ok {
				settings[k] = d.Blobs[blob]
			}
		}
		for k, name := range vocabularies {
			if blob, ok := c.Files[name]; ok {
				f.Add(settings[0], settings[1], settings[2], settings[3], settings[4], d.Blobs[blob], uint8(k))
			}
		}
	}
	f.Fuzz(func(t *testing.T, a, b, c, d, e, vocabulary []byte, kind uint8) {
		dir := t.TempDir()
		for i, content := range [][]byte{a, b, c, d, e} {
			os.WriteFile(filepath.Join(dir, names[i]), content, 0o600)
		}
		os.WriteFile(filepath.Join(dir, vocabularies[int(kind)%len(vocabularies)]), vocabulary, 0o600)
		os.WriteFile(filepath.Join(dir, "merges.txt"), []byte("#version: 0.2\nt h\nth e\n"), 0o600)
		tok, err := Load(dir)
		if err != nil {
			return
		}
		tok.EndsOfText()
		tok.Warnings()
		try(t, tok.file, tok.settings)
	})
}

func FuzzSentencePiece(f *testing.F) {
	for _, kind := range []string{"unigram", "bpe"} {
		b, err := os.ReadFile(filepath.Join("testdata", "golden", "sentencepiece-"+kind+".model"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := spm.Parse(b)
		if err != nil {
			return
		}
		if file, err := fromSPM(m); err == nil {
			try(t, file, nil)
		}
	})
}

func FuzzGGUF(f *testing.F) {
	f.Add(ggufFile())
	f.Fuzz(func(t *testing.T, b []byte) {
		meta, err := gguf.ParseMeta(b)
		if err != nil {
			return
		}
		if file, s, err := fromGGUF(meta); err == nil {
			try(t, file, s)
		}
	})
}

func FuzzEncodeDecode(f *testing.F) {
	toks := families(f)
	f.Add([]byte("Hello world, 你好! It's 2024.<s>"))
	f.Add([]byte(" \xff\u0301\u1100\u1161 <mask>\u00a0"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for name, tok := range toks {
			e, err := tok.Encode(text, EncodeOptions{})
			if err != nil {
				t.Fatalf("%s: %q: %v", name, text, err)
			}
			ids := tok.AppendIDs(nil, text, false)
			if !slices.Equal(ids, e.IDs) {
				t.Fatalf("%s: %q: AppendIDs gives %v, Encode %v", name, text, ids, e.IDs)
			}
			for i, at := range e.Offsets {
				if at[0] < 0 || at[0] > at[1] || at[1] > len(text) {
					t.Fatalf("%s: %q: token %d is at %v", name, text, i, at)
				}
			}
			whole := tok.Decode(ids, false)
			stream := tok.NewDecodeStream(false)
			var parts []byte
			for _, id := range ids {
				part := stream.Push(id)
				if utf8.Valid(whole) && !utf8.Valid(part) {
					t.Fatalf("%s: %q: the stream splits a character: %q", name, text, part)
				}
				parts = append(parts, part...)
			}
			if parts = append(parts, stream.Flush()...); !bytes.Equal(parts, whole) {
				t.Fatalf("%s: %q streams as %q, decodes to %q", name, text, parts, whole)
			}
			if (name == "gpt2" || name == "llama3") && !bytes.Equal(whole, text) {
				t.Fatalf("%s: %q comes back as %q", name, text, whole)
			}
		}
	})
}
