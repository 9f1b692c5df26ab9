package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const odd = "Line 12 of the text.\n\n  spaces  and\ttabs \nemoji 👩‍👩‍👧, 你好, bytes \xff\xfe\n"

func TestTokenizerCommands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text, tok := corpus(t, dir), filepath.Join(dir, "tok")
	succeed(t, "", "tokenizer", "train", "--data", text, "--vocab-size=300", "--output-dir", tok)

	ids, _ := succeed(t, odd, "tokenizer", "encode", "--tokenizer", tok)
	if strings.Count(ids, "\n") != strings.Count(odd, "\n") || !strings.Contains(ids, "\n\n") {
		t.Errorf("%d lines of text became\n%s", strings.Count(odd, "\n"), ids)
	}
	if back, _ := succeed(t, ids, "tokenizer", "decode", "--tokenizer", tok); back != odd {
		t.Errorf("decoded to %q, expected %q", back, odd)
	}

	out, _ := succeed(t, "the text\nof a line", "tokenizer", "encode", "--tokenizer", tok, "--json")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines for 2:\n%s", len(lines), out)
	}
	var e encodedLine
	if err := json.Unmarshal([]byte(lines[0]), &e); err != nil || strings.Join(e.Tokens, "") != "theĠtext" || e.Offsets[len(e.Offsets)-1][1] != len("the text") {
		t.Errorf("%s: %v", lines[0], err)
	}

	if out, _ := succeed(t, "", "tokenizer", "encode", "--tokenizer", tok, "--data", text, "--bench"); !strings.Contains(out, "MB/s") {
		t.Errorf("--bench printed %q", out)
	}
	out, _ = succeed(t, "", "tokenizer", "inspect", "--tokenizer", tok, "--text", "the text", "--data", text)
	for _, want := range []string{"| text\n", "tokens/word", "unused: "} {
		if !strings.Contains(out, want) {
			t.Errorf("inspect said nothing of %q:\n%s", want, out)
		}
	}
	page := filepath.Join(dir, "page.html")
	succeed(t, "", "tokenizer", "compare", tok, tok, "--data", text, "--html", page)
	if b, err := os.ReadFile(page); err != nil || !strings.Contains(string(b), "</html>") {
		t.Errorf("the report is %q, %v", b, err)
	}
}

func TestDecodeNamesTheLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tok := filepath.Join(dir, "tok")
	succeed(t, "", "tokenizer", "train", "--data", corpus(t, dir), "--model=char", "--output-dir", tok)
	for _, word := range []string{"x", "-1", "999999", "99999999999999999999"} {
		if status, _, said := finetune(t, "2 3\n"+word+"\n", "tokenizer", "decode", "--tokenizer", tok); status != exitFailure || !strings.Contains(said, "-:2: \""+word+"\" is no id") {
			t.Errorf("%s: status %d, %s", word, status, said)
		}
	}
}

func TestByteSize(t *testing.T) {
	for text, want := range map[string]byteSize{"1000": 1000, "512MB": 512e6, "2 GiB": 2 << 30, "1.5k": 1536, "0": 0} {
		var b byteSize
		if err := b.UnmarshalText([]byte(text)); err != nil || b != want {
			t.Errorf("%q: got %d, %v, expected %d", text, b, err, want)
		}
	}
	for _, text := range []string{"", "MB", "-1", "1TBB", "1e30", "nan", "1 2"} {
		var b byteSize
		if err := b.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: got %d, expected an error", text, b)
		}
	}
}

func TestTextsAsJSON(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tok := filepath.Join(dir, "tok")
	succeed(t, "", "tokenizer", "train", "--data", corpus(t, dir), "--vocab-size=300", "--output-dir", tok)
	texts := "\"two\\nlines <b>\\u0000\"\n\"\"\n\"你好\"\n"
	ids, _ := succeed(t, texts, "tokenizer", "encode", "--tokenizer", tok, "--json-input")
	if back, _ := succeed(t, ids, "tokenizer", "decode", "--tokenizer", tok, "--json"); back != texts {
		t.Errorf("decoded to %s, expected %s", back, texts)
	}
	if status, _, said := finetune(t, "\"a\"\nb\n", "tokenizer", "encode", "--tokenizer", tok, "--json-input"); status != exitFailure || !strings.Contains(said, "-:2: expected a JSON string") {
		t.Errorf("status %d, %s", status, said)
	}
}

func TestEncodeDrawsTokens(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tok := filepath.Join(dir, "tok")
	succeed(t, "", "tokenizer", "train", "--data", corpus(t, dir), "--vocab-size=300", "--output-dir", tok)
	text := strings.Repeat("Line 12 of the text.\n", 5000) // more lines than are encoded together
	draw := func(flags ...string) string {
		t.Helper()
		out, _ := succeed(t, text, append([]string{"tokenizer", "encode", "--tokenizer", tok}, flags...)...)
		return out
	}
	one, two := draw("--dropout=0.5", "--seed=1", "--threads=1"), draw("--dropout=0.5", "--seed=1", "--threads=3")
	if one != two {
		t.Error("the ids depend on the number of threads")
	}
	if other := draw("--dropout=0.5", "--seed=2"); other == one {
		t.Error("two seeds give the same ids")
	}
	kinds := map[string]bool{}
	for line := range strings.Lines(one) {
		kinds[line] = true
	}
	if len(kinds) < 100 {
		t.Errorf("5000 lines gave %d lists of ids", len(kinds))
	}
	if back, _ := succeed(t, one, "tokenizer", "decode", "--tokenizer", tok); back != text {
		t.Error("samples decode to another text")
	}
	if plain := draw("--dropout=0"); plain != draw() {
		t.Error("a dropout of 0 changes the ids")
	}
	for flags, want := range map[string]string{
		"--alpha=0.1": "draws tokens by dropout", "--dropout=2": "between 0 and 1", "--seed=1": "--seed is for", "--dropout=0.1 --bench": "--bench times",
	} {
		status, _, said := finetune(t, "a\n", append([]string{"tokenizer", "encode", "--tokenizer", tok}, strings.Fields(flags)...)...)
		if status != exitFailure || !strings.Contains(said, want) {
			t.Errorf("%s: status %d, %s", flags, status, said)
		}
	}
}

func TestTrainEveryKind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := corpus(t, dir)
	for i, c := range []struct {
		flags, want string
	}{
		{"--model=bpe --byte-fallback --vocab-size=400 --coverage=0.9", `"byte_fallback": true`},
		{"--model=bpe --special-tokens=<s>,</s> --vocab-size=300", `"</s>": 1`},
		{"--model=wordpiece --vocab-size=200 --cased", `"lowercase": false`},
		{"--model=unigram --vocab-size=100 --coverage=1 --max-memory=64MB --temp-dir=" + dir, `"type": "Unigram"`},
		{"--model=word --vocab-size=100 --no-cased --chinese", `"type": "Chinese"`},
		{"--model=char --min-frequency=2", `"merges": []`},
	} {
		out := filepath.Join(dir, strconv.Itoa(i))
		succeed(t, "", append([]string{"tokenizer", "train", "--data", text, "--output-dir", out}, strings.Fields(c.flags)...)...)
		if b, err := os.ReadFile(filepath.Join(out, "tokenizer.json")); err != nil || !strings.Contains(string(b), c.want) {
			t.Errorf("%s: %v, the file lacks %s", c.flags, err, c.want)
		}
	}
	for flags, want := range map[string]string{
		"--model=char --coverage=0.5":       "--coverage is for",
		"--model=bpe --cased":               "--cased is for",
		"--model=bpe --chinese":             "segment Chinese",
		"--model=wordpiece --byte-fallback": "fall back to bytes",
		"--model=unigram --min-frequency=2": "--min-frequency is not for",
		"--model=bpe --vocab-size=10":       "at least 257",
		"--model=lstm":                      "--model",
	} {
		status, _, said := finetune(t, "", append([]string{"tokenizer", "train", "--data", text, "--output-dir", filepath.Join(dir, "none")}, strings.Fields(flags)...)...)
		if status != exitFailure || !strings.Contains(said, want) {
			t.Errorf("%s: status %d, %s", flags, status, said)
		}
	}
}
