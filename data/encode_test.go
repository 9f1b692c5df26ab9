package data

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// byteEncoder is an Encoder whose ids are bytes; 256 starts a text, 257 ends a document, as $ does.
type byteEncoder struct {
	framed bool // 257 is behind each text
}

func (e byteEncoder) AppendPart(dst []int32, text []byte, first, last, addSpecial bool) []int32 {
	if addSpecial && first {
		dst = append(dst, 256)
	}
	for _, b := range text {
		dst = append(dst, e.id(b))
	}
	if e.framed && addSpecial && last {
		dst = append(dst, 257)
	}
	return dst
}

func (e byteEncoder) AppendTargets(ids []int32, targets []bool, text []byte, spans [][2]int, addSpecial bool) ([]int32, []bool) {
	start := len(ids)
	ids = e.AppendPart(ids, text, true, true, addSpecial)
	for i := range ids[start:] {
		at := i - bit(addSpecial)
		targets = append(targets, slices.ContainsFunc(spans, func(s [2]int) bool { return s[0] <= at && at < s[1] || at == len(text) && s[1] == at }))
	}
	return ids, targets
}

func (byteEncoder) id(b byte) int32 {
	if b == '$' {
		return 257
	}
	return int32(b)
}

func (byteEncoder) EndOfText() (int32, bool) { return 257, true }

func (byteEncoder) VocabSize() int { return 258 }

// render writes tokens of byteEncoder as text: ^ starts, $ ends, and a token that is not to be learned has a dot before it.
func render(t *Tokens) string {
	var b strings.Builder
	for i := range t.Len() {
		if !t.Target(i) {
			b.WriteByte('.')
		}
		switch id := t.At(i); id {
		case 256:
			b.WriteByte('^')
		case 257:
			b.WriteByte('$')
		default:
			b.WriteByte(byte(id))
		}
	}
	return b.String()
}

func TestEncode(t *testing.T) {
	pairs := `{"prompt":"ab","completion":"c"}` + "\n" + `{"prompt":"","completion":"d"}` + "\n" + `{"prompt":"e","completion":"f"}` + "\n" + `{"text":""}`
	cases := []struct {
		name, content string
		config        EncodeConfig
		want          string
		documents     int
		framed        bool
	}{
		{"a.txt", "ab", EncodeConfig{}, "ab", 1, false},
		{"a.txt", "ab", EncodeConfig{EndOfText: true}, "ab$", 1, false},
		{"a.txt", "ab", EncodeConfig{EndOfText: true, AddSpecial: true}, "^ab$", 1, false},
		{"a.jsonl", pairs, EncodeConfig{}, ".a.bcd.ef", 3, false},
		{"a.jsonl", pairs, EncodeConfig{EndOfText: true}, ".a.bc$d$.ef$", 3, false},
		{"a.jsonl", pairs, EncodeConfig{EndOfText: true, AddSpecial: true}, ".^.a.bc$^d$.^.ef$", 3, false},
		{"a.jsonl", pairs, EncodeConfig{EndOfText: true, AddSpecial: true}, ".^.a.bc$^d$.^.ef$", 3, true},
		{"a.txt", "ab", EncodeConfig{EndOfText: true, AddSpecial: true}, "^ab$", 1, true},
		{"a.txt", "ab$", EncodeConfig{EndOfText: true, AddSpecial: true}, "^ab$", 1, false},
		{"a.txt", "ab$", EncodeConfig{Unframed: true}, "ab", 1, true},
		{"a.txt", "a$b", EncodeConfig{Unframed: true}, "a$b", 1, true},
		{"a.jsonl", `{"prompt":"ab","completion":"c$"}`, EncodeConfig{EndOfText: true}, ".a.bc$", 1, false},
		{"a.jsonl", `{"source":"ab","target":"c$"}`, EncodeConfig{EndOfText: true, Pairs: true}, ".a.bc$", 1, false},
		{"a.jsonl", `{"source":"ab","target":"c"}`, EncodeConfig{EndOfText: true, AddSpecial: true, Pairs: true}, ".^.a.b.$^c$", 1, true},
	}
	for _, c := range cases {
		tokens, err := Encode(t.Context(), openText(t, c.name, c.content), byteEncoder{framed: c.framed}, c.config)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := render(tokens); got != c.want || tokens.Documents() != c.documents {
			t.Errorf("%q with %+v: %q in %d documents, expected %q in %d", c.content, c.config, got, tokens.Documents(), c.want, c.documents)
		}
	}
}

// mixedFolder holds long and short documents of all kinds.
func mixedFolder(t testing.TB) *Source {
	folder := t.TempDir()
	var lines strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&lines, `{"prompt":"%d?","completion":"%s"}`+"\n", i, strings.Repeat("y", 1+i%50))
	}
	pairs := writeFile(t, t.TempDir(), "pairs.jsonl", lines.String())
	writeFile(t, folder, "long.txt", strings.Repeat("All work and no play. \n", 50_000))
	for i := range 100 {
		writeFile(t, folder, fmt.Sprintf("short/%d.txt", i), fmt.Sprint("short ", i))
	}
	s, err := Open(SourceConfig{Paths: []string{folder, pairs}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestEncodeOnAnyWorkers compares files of different numbers of workers byte by byte, and with the tokens in memory.
func TestEncodeOnAnyWorkers(t *testing.T) {
	s := mixedFolder(t)
	var want []byte
	for _, workers := range []int{0, 1, 2, 7} {
		path := filepath.Join(t.TempDir(), "tokens")
		var last Progress
		err := EncodeFile(t.Context(), path, s, byteEncoder{}, EncodeConfig{EndOfText: true, Workers: workers, Progress: func(p Progress) {
			if p.Read < last.Read || p.Tokens <= last.Tokens || p.Documents < last.Documents {
				t.Errorf("progress went from %+v to %+v", last, p)
			}
			last = p
		}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d workers write another file", workers)
		}
		f, err := OpenTokens(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		memory, err := Encode(t.Context(), s, byteEncoder{}, EncodeConfig{EndOfText: true, Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		if memory.Len() != f.Len() || render(memory) != render(f.Tokens) || memory.Documents() != 20_101 || f.Documents() != 20_101 {
			t.Errorf("in memory %d tokens in %d documents, in the file %d in %d", memory.Len(), memory.Documents(), f.Len(), f.Documents())
		}
		if last.Read != last.Size || last.Size != s.Size() || last.Tokens != int64(f.Len()) || last.Documents != 20_101 {
			t.Errorf("progress ended with %+v for %d tokens and %d bytes", last, f.Len(), s.Size())
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	cases := []struct {
		name, content string
		config        EncodeConfig
		want          string
	}{
		{"a.jsonl", "\n\n", EncodeConfig{}, "no text in "},
		{"a.jsonl", `{"text":""}`, EncodeConfig{EndOfText: true}, "no text in "},
		{"a.jsonl", "{\"prompt\":\"a\",\"completion\":\"b\"}\n{\"prompt\":\"a\",\"completion\":\"\"}", EncodeConfig{}, "a.jsonl:2: an empty completion, expected text to learn behind the prompt"},
		{"a.jsonl", `{"prompt":"a","completion":""}`, EncodeConfig{EndOfText: true, LearnPrompts: true}, "nothing to learn: every completion is empty"},
		{"a.jsonl", strings.Repeat(`{"text":"a"}`+"\n", 60_000) + "oops", EncodeConfig{}, "a.jsonl:60001: expected a JSON object"},
		{"a.txt", "a", EncodeConfig{Workers: -1}, "Workers is -1"},
		{"a.txt.gz", gzipped(t, ""), EncodeConfig{}, "no text in "},
	}
	for _, c := range cases {
		path := filepath.Join(t.TempDir(), "tokens")
		err := EncodeFile(t.Context(), path, openText(t, c.name, c.content), byteEncoder{}, c.config)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40q: error is %v, expected %q", c.content, err, c.want)
		}
		if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 0 {
			t.Errorf("%.40q: files are left: %v", c.content, entries)
		}
	}
}

func TestEncodeIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("enough")
	_, err := Encode(ctx, mixedFolder(t), byteEncoder{}, EncodeConfig{Progress: func(Progress) { cancel(stop) }})
	if !errors.Is(err, stop) {
		t.Errorf("error is %v, expected %v", err, stop)
	}
}
