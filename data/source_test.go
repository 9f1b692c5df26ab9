package data

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// writeFile writes a file below the test's folder and returns its path.
func writeFile(t testing.TB, folder, name, content string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// openText returns a source of one plain text file.
func openText(t testing.TB, name, content string) *Source {
	t.Helper()
	s, err := OpenSource(writeFile(t, t.TempDir(), name, content), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func gzipped(t testing.TB, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zstded(t testing.TB, s string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(w.EncodeAll([]byte(s), nil))
}

// readAll joins the documents of a source, each in brackets.
func readAll(s *Source) (string, error) {
	var b strings.Builder
	for p, err := range s.Pieces() {
		if err != nil {
			return b.String(), err
		}
		if p.First {
			b.WriteByte('[')
		}
		if p.Prompt != nil {
			b.Write(p.Prompt)
			b.WriteByte('>')
		}
		b.Write(p.Text)
		if p.Last {
			b.WriteByte(']')
		}
	}
	return b.String(), nil
}

func TestSourceReads(t *testing.T) {
	folder := t.TempDir()
	writeFile(t, folder, "b.txt", "second")
	writeFile(t, folder, "a/z.txt.gz", gzipped(t, "first"))
	writeFile(t, folder, "c.md.zst", zstded(t, "third"))
	writeFile(t, folder, "d/.git/config", "hidden")
	writeFile(t, folder, ".hidden", "hidden")
	writeFile(t, folder, "e.txt", "")
	if err := os.Symlink(filepath.Join(folder, "b.txt"), filepath.Join(folder, "f.txt")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(folder, filepath.Join(folder, "circle")); err != nil {
		t.Fatal(err)
	}
	cases := []struct{ name, path, stdin, want string }{
		{"folder", folder, "", "[first][second][third][second]"},
		{"link to a folder", filepath.Join(folder, "circle"), "", "[first][second][third][second]"},
		{"file", filepath.Join(folder, "b.txt"), "", "[second]"},
		{"records", writeFile(t, t.TempDir(), "c.jsonl.zst", zstded(t, `{"text": "third"}`+"\n\n"+`{"prompt":"2+2=","completion":"4","id":7}`)), "", "[third][2+2=>4]"},
		{"standard input", "-", "piped", "[piped]"},
		{"compressed standard input", "-", gzipped(t, "piped"), "[piped]"},
		{"gzip members", "-", gzipped(t, "one,") + gzipped(t, "two"), "[one,two]"},
		{"byte order mark", "-", "\ufeffmarked", "[marked]"},
		{"json lines under Windows", writeFile(t, t.TempDir(), "x.JSONL", "\ufeff{\"text\":\"a\"}\r\n{\"text\":\"b\"}\r\n"), "", "[a][b]"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s, err := OpenSource(c.path, strings.NewReader(c.stdin))
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // a stream too can be read again
				got, err := readAll(s)
				if err != nil || got != c.want {
					t.Errorf("read %q, %v, expected %q", got, err, c.want)
				}
			}
			spools := s.spools
			if err := s.Close(); err != nil || c.path == Stdin != (len(spools) == 1) {
				t.Error(err, spools)
			}
			for _, spool := range spools {
				if _, err := os.Stat(spool); !os.IsNotExist(err) {
					t.Errorf("the temporary copy is still there: %v", err)
				}
			}
		})
	}
}

func TestSourceRefuses(t *testing.T) {
	folder := t.TempDir()
	file := func(name, content string) string { return writeFile(t, t.TempDir(), name, content) }
	cases := []struct{ name, path, stdin, want string }{
		{"missing", filepath.Join(folder, "missing"), "", "missing: no such file or folder"},
		{"empty folder", folder, "", "the folder holds no files"},
		{"empty file", file("a.txt", ""), "", "no text"},
		{"empty stream", "-", "", "standard input: no text"},
		{"binary", file("a.png", "\x89PNG\r\n\x1a\n\x00\x00"), "", "a.png: binary data (a PNG image)"},
		{"utf-16", file("a.txt", "\xff\xfea\x00"), "", "a.txt: text is UTF-16"},
		{"latin-1", file("a.txt", "one\ntwo caf\xe9\n"), "", "a.txt:2: invalid UTF-8: byte 0xe9 at offset 11"},
		{"cut short in a character", file("a.txt", "caf\xc3"), "", "a.txt:1: invalid UTF-8: byte 0xc3 at offset 3"},
		{"damaged gzip", file("a.gz", gzipped(t, strings.Repeat("text ", 99))[:20]), "", "a.gz: unexpected EOF: the compressed file is cut short"},
		{"not quite gzip", file("a.gz", "\x1f\x8bxx"), "", "a.gz: gzip: "},
		{"damaged zstd", file("a.zst", zstded(t, strings.Repeat("text ", 99))[:12]), "", "a.zst: "},
		{"no object", file("a.jsonl", "{\"text\":\"a\"}\n\n[1]\n"), "", "a.jsonl:3: expected a JSON object"},
		{"broken json", file("a.jsonl", "{\"text\":"), "", "a.jsonl:1: expected a JSON object"},
		{"two objects", file("a.jsonl", `{"text":"a"} {"text":"b"}`), "", "a.jsonl:1: expected a JSON object"},
		{"unknown shape", file("a.jsonl", `{"body":[],"id":1}`), "", `a.jsonl:1: expected {"text"}, {"prompt", "completion"}, {"source", "target"}, {"instruction", "output"}, {"messages"} or {"conversations"}, got the keys {"body", "id"}; columns of other names`},
		{"half a pair", file("a.jsonl", `{"prompt":"a"}`), "", `got the keys {"prompt"}`},
		{"both shapes", file("a.jsonl", `{"text":"a","prompt":"b","completion":"c"}`), "", `it is both {"prompt", "completion"} and {"text"}; expected one`},
		{"other case", file("a.jsonl", `{"Text":"a"}`), "", `got the keys {"Text"}`},
		{"null", file("a.jsonl", `{"text":null}`), "", `"text" must be a string, got null`},
		{"number", file("a.jsonl", `{"prompt":"a","completion":4}`), "", `"completion" must be a string, got 4`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s, err := OpenSource(c.path, strings.NewReader(c.stdin))
			if err == nil {
				_, err = readAll(s)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "data: ") {
				t.Errorf("error is %q, expected %q in it", err, c.want)
			}
		})
	}
}

func TestDocumentsOfPairs(t *testing.T) {
	s := openText(t, "a.jsonl", `{"prompt":"a","completion":"b"}`+"\n"+`{"prompt":"","completion":"c"}`+"\n"+`{"text":""}`)
	var got []string
	for d, err := range s.Documents() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(d))
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzRecords(f *testing.F) {
	for _, s := range []string{
		`{"text":"a"}`, `{"prompt":"a","completion":"\ud800"}`, `null`, `{"text":{"text":"a"}}`, `[[[[`, `{"text":"a","text":1}`,
		`{"text":"a","label":[1,2e9]}`, `{"tokens":["a","b"],"labels":["B","O"]}`, "{\"text\":\"a\",\"label\":true}\n\n{",
		"text,label\n\"a\"\"b\n\",x\n", "text,label\na,\"", "text\tlabel\r\na \"b\t1.5\r\n", "text,text\n", ",\n,\n", "text_pair,text,label\n1,2,3\n4\n",
	} {
		for kind := range byte(5) {
			f.Add([]byte(s), kind)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, kind byte) {
		b := &block{name: "x", line: 1, text: text, first: true, last: true}
		b.format = []format{jsonLines, csvTable, tsvTable, jsonList, jsonValues}[kind%5]
		if b.format == csvTable || b.format == tsvTable {
			end := b.format.firstRecord(text)
			var err error
			if b.table, b.format, err = b.format.readHeader(text[:end]); err != nil {
				return
			}
			b.text, b.line = text[end:], 2
		}
		lines := 1 + strings.Count(string(text), "\n")
		for r, err := range b.records() {
			if err != nil {
				if !strings.HasPrefix(err.Error(), "data: x:") {
					t.Errorf("error %q does not start with the file", err)
				}
				return
			}
			if r.line < 1 || r.line > lines {
				t.Errorf("a record in line %d of %d", r.line, lines)
			}
			if p, err := b.piece(r); err == nil && !(p.First && p.Last) {
				t.Error("a record is a whole document")
			}
			for _, kind := range []LabelKind{Classification, TokenClassification, Regression} {
				x, err := r.labelled(kind)
				if err == nil && kind == TokenClassification && len(x.Words) != len(x.names) {
					t.Errorf("%d words with %d labels", len(x.Words), len(x.names))
				}
			}
		}
	})
}

// FuzzSource reads files of any content under all names: each gives the same twice, or errors that name the file; what is skipped leaves no error of
// a record.
func FuzzSource(f *testing.F) {
	names := []string{"a.txt", "a.jsonl", "a.json", "a.csv", "a.tsv", "a.parquet"}
	for i, seed := range []string{
		"text", "{\"text\":\"a\"}\n{", gzipped(f, "text"), zstded(f, "{\"text\":\"a\"}"), "[{\"text\":\"a\"},\n{\"text\":\"b\"}]", "{\"text\":[\"a\",\"b\"]}", "{\"data\":[{\"text\":\"a\"}]}",
		"{\"text\":{\"0\":\"a\"}}", "{\n\"text\":\"a\"\n}\n{\"text\":\"b\"}", "text,id\na,1\n\"b\n\",2\n", "text\tid\na\t1\n", ",text\n0,a\n", "text;id\na;1\n", "\ufefftext\r\na\r\n", "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}",
		"PAR1\x15\x00\x00PAR1", "\xff\xfea\x00", "{\"instruction\":\"a\",\"output\":\"b\"}", "{\"chosen\":\"a\",\"rejected\":\"b\"}",
	} {
		f.Add([]byte(seed), byte(i), i%3 == 0)
	}
	f.Fuzz(func(t *testing.T, content []byte, name byte, skip bool) {
		path := writeFile(t, t.TempDir(), names[int(name)%len(names)], string(content))
		s, err := Open(SourceConfig{Paths: []string{path}, SkipInvalid: skip})
		if err != nil {
			return
		}
		first, err := readAll(s)
		again, errAgain := readAll(s)
		if first != again || fmt.Sprint(err) != fmt.Sprint(errAgain) {
			t.Errorf("read %q, %v, and then %q, %v", first, err, again, errAgain)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "data: "+path) {
			t.Errorf("error %q does not start with the file", err)
		}
		if err != nil && skip && !errors.Is(err, ErrFormat) {
			t.Errorf("though it is skipped: %v", err)
		}
		for _, kind := range []LabelKind{Classification, TokenClassification, Regression} {
			if _, err := ReadLabels(s, kind); err != nil && !strings.Contains(err.Error(), path) {
				t.Errorf("error %q does not name the file", err)
			}
		}
		for r, err := range s.Records(Shapes()...) {
			if err == nil && r.Shape == NoShape {
				t.Error("a record of no shape")
			}
		}
	})
}

func TestFormats(t *testing.T) {
	const line = "{\"text\": \"a\"}\n"
	const table = "text,label\na,b\n"
	for _, c := range []struct {
		content string
		format  Format
		want    string // the first document
		err     string
	}{
		{line, JSONLines, "a", ""},
		{line, PlainText, line, ""},
		{gzipped(t, line), JSONLines, "a", ""},
		{"text\nb,c\n", TSV, "b,c", ""},
		{"text\n\"b,c\"\n", CSV, "b,c", ""},
		{"{no JSON}\n", "", "{no JSON}\n", ""},
		{"null\n", "", "null\n", ""},
		{line, "", "a", ""},
		{"\n" + line, "", "a", ""},
		{gzipped(t, line), "", "a", ""},
		{line + "and text\n", "", "", "standard input: plain text by its name, but it begins like records"},
		{line + "and text\n", PlainText, line + "and text\n", ""},
		{table, "", "", "standard input: plain text by its name, but it begins like records"},
		{table, CSV, "a", ""},
		{table, PlainText, table, ""},
		{line, "yaml", "", `format "yaml", expected text, jsonl, json, csv, tsv or parquet`},
	} {
		s, err := Open(SourceConfig{Paths: []string{Stdin}, Stdin: strings.NewReader(c.content), Format: c.format})
		if c.err != "" {
			if err == nil {
				_, err = readAll(s)
			}
			if err == nil || !strings.Contains(err.Error(), c.err) || errors.Is(err, ErrFormat) != (c.format == "") {
				t.Errorf("%q as %q: error %v, want %q", c.content, c.format, err, c.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q as %q: %v", c.content, c.format, err)
			continue
		}
		for text, err := range s.Documents() {
			if string(text) != c.want || err != nil {
				t.Errorf("%q as %q: got %q, %v, want %q", c.content, c.format, text, err, c.want)
			}
			break
		}
		s.Close()
	}
}
