package data

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// messyFolder has texts among what else people keep beside them.
func messyFolder(t testing.TB) string {
	folder := t.TempDir()
	for name, content := range map[string]string{
		"a.txt": "first", "photo.jpg": "\xff\xd8\xff\xe0\x00\x10JFIF", "paper.pdf": "%PDF-1.4\n%\xe2\xe3", "old/latin.txt": "caf\xe9\n", "b/c.txt": "second",
		"b/cut.txt.gz": gzipped(t, strings.Repeat("text ", 99))[:20], "z.md": "third",
	} {
		writeFile(t, folder, name, content)
	}
	if err := os.Symlink(filepath.Join(folder, "gone"), filepath.Join(folder, "dangling.txt")); err != nil {
		t.Fatal(err)
	}
	return folder
}

// TestAllFaultsAtOnce checks that one attempt names every file that can't be read, and the ways out.
func TestAllFaultsAtOnce(t *testing.T) {
	folder := messyFolder(t)
	if _, err := OpenSource(folder, nil); err == nil || !strings.Contains(err.Error(), "dangling.txt: ") {
		t.Errorf("error is %v", err)
	}
	s, err := Open(SourceConfig{Paths: []string{folder}, Exclude: []string{"dangling.txt"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = readAll(s)
	var faults *Faults
	if !errors.As(err, &faults) || len(faults.All) != 4 {
		t.Fatalf("error is %v", err)
	}
	for _, want := range []string{
		": 4 faults:", "photo.jpg: binary data (a JPEG image)", "paper.pdf: binary data (a PDF document)", "old/latin.txt:1: invalid UTF-8: byte 0xe9 at offset 3",
		"b/cut.txt.gz: unexpected EOF: the compressed file is cut short", "--exclude", "--skip-invalid",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q isn't in %v", want, err)
		}
	}
	lines := "{\"text\":\"a\"}\n{\"body\":1}\n{\"text\":2}\nnot JSON\n" + strings.Repeat("{}\n", 30)
	_, err = Encode(t.Context(), openText(t, "a.jsonl", lines), byteEncoder{}, EncodeConfig{})
	for _, want := range []string{"33 faults:", "a.jsonl:2: expected", "a.jsonl:3: ", "a.jsonl:4: ", "and 13 more"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q isn't in %v", want, err)
		}
	}
	if _, err = ReadLabels(openText(t, "a.csv", "text,label\na,\nb,x\nc\n"), Classification); err == nil || !strings.Contains(err.Error(), "a.csv:2: \"label\" is empty") || !strings.Contains(err.Error(), "a.csv:4: 1 cells") {
		t.Errorf("error is %v", err)
	}
}

// TestIncludeAndExclude chooses files of a folder, and of a pattern.
func TestIncludeAndExclude(t *testing.T) {
	folder := messyFolder(t)
	for _, c := range []struct {
		path             string
		include, exclude []string
		want             string
	}{
		{folder, []string{"*.txt"}, []string{"old/*", "dangling*"}, "[first][second]"},
		{folder, []string{"a.txt", "*.md"}, nil, "[first][third]"},
		{folder, []string{"b/*.txt"}, nil, "[second]"},
		{folder, []string{"**/c.txt", "**/z.md"}, nil, "[second][third]"},
		{folder, nil, []string{"*.jpg", "*.pdf", "latin.txt", "**/*.gz", "dangling.txt"}, "[first][second][third]"},
		{folder + "/?.txt", nil, nil, "[first]"},
		{folder + "/*/[a-c].txt", nil, nil, "[second]"},
		{folder + "/**/?.*", nil, nil, "[first][second][third]"},
		{folder + "/**/?.*", nil, []string{"z.*"}, "[first][second]"},
	} {
		s, err := Open(SourceConfig{Paths: []string{c.path}, Include: c.include, Exclude: c.exclude})
		if err != nil {
			t.Errorf("%v: %v", c, err)
			continue
		}
		if got, err := readAll(s); err != nil || got != c.want {
			t.Errorf("%v: %q, %v", c, got, err)
		}
	}
	for _, c := range []struct {
		config SourceConfig
		want   string
	}{
		{SourceConfig{Paths: []string{folder}, Include: []string{"*.none"}}, "none of its 8 files is left by --include and --exclude"},
		{SourceConfig{Paths: []string{folder}, Include: []string{"[a"}}, `include: "[a" is no pattern`},
		{SourceConfig{Paths: []string{folder + "/*.none"}}, "*.none: no file matches"},
		{SourceConfig{Paths: []string{folder + "/none/*.txt"}}, "no such folder as "},
		{SourceConfig{}, "no paths"},
	} {
		if _, err := Open(c.config); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error is %v, want %q", err, c.want)
		}
	}
	mixed := t.TempDir()
	writeFile(t, mixed, "README.md", "about")
	writeFile(t, mixed, "a.jsonl", `{"text":"a"}`)
	if _, err := OpenSource(mixed, nil); err == nil || !strings.Contains(err.Error(), "plain texts (README.md) beside records (a.jsonl), expected one kind") {
		t.Errorf("error is %v", err)
	}
}

// TestSkipInvalid leaves out files and records that can't be read, and lists each once however often the source is read.
func TestSkipInvalid(t *testing.T) {
	var closed []error
	s, err := Open(SourceConfig{Paths: []string{messyFolder(t)}, SkipInvalid: true, Closed: func(skipped []error) { closed = skipped }})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got, err := readAll(s); err != nil || got != "[first][second][third]" {
			t.Errorf("%q, %v", got, err)
		}
	}
	if err := s.Close(); err != nil || len(closed) != 5 {
		t.Errorf("%v, %v", closed, err)
	}
	for name, c := range map[string]struct {
		content, want string
		skipped       int
	}{
		"a.jsonl": {"{\"text\":\"a\"}\nnot JSON\n{\"body\":1}\n{\"text\":\"\\ud800\"}\n{\"text\":\"caf\xe9\"}\n{\"text\":\"b\"}\n", "[a][b]", 4},
		"a.json":  {"[{\"text\":\"a\"}, 7, {\"text\":1}, {\"text\":\"b\"}]", "[a][b]", 2},
		"a.csv":   {"text,id\na,1\nc\n\xe9,2\nb,3\n", "[a][b]", 2},
		"a.tsv":   {"text\tid\na\t1\nc\nb\t3\n", "[a][b]", 1},
	} {
		s, err := Open(SourceConfig{Paths: []string{writeFile(t, t.TempDir(), name, c.content)}, SkipInvalid: true})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for range 2 {
			if got, err := readAll(s); err != nil || got != c.want || len(s.Skipped()) != c.skipped {
				t.Errorf("%s: %q, %v, skipped %v", name, got, err, s.Skipped())
			}
		}
	}
	cut := writeFile(t, t.TempDir(), "cut.jsonl.gz", gzipped(t, strings.Repeat("{\"text\":\"a\"}\n", 99))[:30])
	if _, err := Open(SourceConfig{Paths: []string{cut}, SkipInvalid: true}); err == nil || !strings.Contains(err.Error(), "no file can be read (1 left out)") {
		t.Errorf("error is %v", err)
	}
}

// TestParts reads the parts of a folder.
func TestParts(t *testing.T) {
	for _, names := range [][3]string{
		{"train.txt", "validation.txt", "test.txt"}, {"train.txt", "valid.txt", "test.txt"}, {"train-0.txt", "dev-0.txt", "test-0.txt"},
		{"data/train_a.txt", "data/val_a.txt", "data/test_a.txt"}, {"train/a.txt", "validation/a.txt", "test/a.txt"}, {"Train.TXT", "Valid.TXT", "TEST.TXT"},
	} {
		folder := t.TempDir()
		for i, name := range names {
			writeFile(t, folder, name, fmt.Sprint(i))
		}
		writeFile(t, folder, "README.md", "about")
		for i, part := range []Part{TrainPart, ValidationPart, TestPart, ""} {
			s, err := Open(SourceConfig{Paths: []string{folder}, Part: part})
			if err != nil {
				t.Error(err)
				continue
			}
			if got, err := readAll(s); err != nil || got != fmt.Sprintf("[%d]", i%3) || len(s.Notes()) != 2 || !strings.Contains(s.Notes()[1], "README.md") {
				t.Errorf("%v, %q: %q, %v, notes %q", names, part, got, err, s.Notes())
			}
		}
		if !HasPart(folder, ValidationPart) || !HasPart(folder, TestPart) {
			t.Errorf("%v: parts aren't found", names)
		}
	}
	folder := t.TempDir()
	writeFile(t, folder, "train.txt", "about trains")
	writeFile(t, folder, "ships.txt", "about ships")
	if got, err := readAll(mustOpen(t, folder)); err != nil || got != "[about ships][about trains]" || HasPart(folder, TrainPart) {
		t.Errorf("%q, %v", got, err)
	}
	writeFile(t, folder, "test.txt", "about tests")
	if _, err := Open(SourceConfig{Paths: []string{folder}, Part: ValidationPart}); !errors.Is(err, ErrNoPart) {
		t.Errorf("error is %v", err)
	}
}

func mustOpen(t testing.TB, path string) *Source {
	t.Helper()
	s, err := OpenSource(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestShares draws records of several files.
func TestShares(t *testing.T) {
	folder := t.TempDir()
	record := func(text string) string { return "{\"text\":\"" + text + "\"}\n" }
	var records strings.Builder
	for i := range 9000 {
		records.WriteString(record(fmt.Sprint("a", i)))
	}
	a := writeFile(t, folder, "a.jsonl", records.String())
	b := writeFile(t, folder, "b.csv", "text\n"+strings.Repeat("b\n", 1000))
	s, err := Open(SourceConfig{Paths: []string{a + ":0.75", b + ":0.25"}, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	got, err := readAll(s)
	if n := strings.Count(got, "a"); err != nil || strings.Count(got, "b") != 1000 || n != 3000 {
		t.Errorf("%d and %d records are drawn, %v, want 3000 and 1000", n, strings.Count(got, "b"), err)
	}
	again, _ := readAll(s)
	other, err := Open(SourceConfig{Paths: []string{a + ":0.75", b + ":0.25"}, Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	if different, _ := readAll(other); again != got || different == got {
		t.Error("what is drawn doesn't depend on the seed alone")
	}
	for _, c := range []struct {
		paths []string
		want  string
	}{
		{[]string{a + ":1", b}, "1 of 2 paths have a share"}, {[]string{a + ":0", b + ":1"}, "a share of 0"}, {[]string{a + ":-1"}, "a share of -1"},
		{[]string{writeFile(t, folder, "t.txt", "text") + ":1"}, "plain text has no records"}, {[]string{a + ":x"}, "no such file"},
	} {
		if _, err := Open(SourceConfig{Paths: c.paths}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.paths, err, c.want)
		}
	}
	named := writeFile(t, folder, "c.jsonl:0.5", record("c"))
	if got, err := readAll(mustOpen(t, named)); err != nil || got != "[{\"text\":\"c\"}\n]" && got != "[c]" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestColumns reads columns of other names.
func TestColumns(t *testing.T) {
	read := func(name, content string, c Columns) (string, error) {
		s, err := Open(SourceConfig{Paths: []string{writeFile(t, t.TempDir(), name, content)}, Columns: c})
		if err != nil {
			return "", err
		}
		return readAll(s)
	}
	for _, c := range []struct {
		name, content string
		columns       Columns
		want          string
	}{
		{"a.jsonl", `{"body":"a","text":"b"}`, Columns{"text": "body"}, "[a]"},
		{"a.csv", "q,a,text\n1,2,3\n", Columns{"prompt": "q", "completion": "a"}, "[1>2]"},
		{"a.jsonl", `{"text":"t","instruction":"i","output":"o"}`, Columns{"text": "text"}, "[t]"},
		{"a.jsonl", `{"text":"t","prompt":"i","completion":"o"}`, Columns{"prompt": "prompt"}, "[i>o]"},
		{"a.jsonl", `{"prompt":null,"completion":null,"text":"t"}`, nil, "[t]"},
		{"a.jsonl", `{"prompt":"p","completion":"c","text":null}`, nil, "[p>c]"},
		{"a.jsonl", `{"source":"web","text":"t"}`, nil, "[t]"},
		{"a.jsonl", `{"prompt":"t","source":"web","completion":"c"}`, nil, "[t>c]"},
		{"a.jsonl", `{"source":"s","target":"t"}`, nil, "[s>t]"},
		{"a.jsonl", `{"instruction":"i","input":"","output":"o"}`, nil, "[" + AlpacaPrompt("i", "") + ">o]"},
		{"a.jsonl", `{"instruction":"i","input":"x","output":"o"}`, nil, "[" + AlpacaPrompt("i", "x") + ">o]"},
	} {
		if got, err := read(c.name, c.content, c.columns); err != nil || got != c.want {
			t.Errorf("%s with %v: %q, %v, want %q", c.content, c.columns, got, err, c.want)
		}
	}
	for _, c := range []struct {
		columns Columns
		want    string
	}{
		{Columns{"text": "body"}, `a.jsonl:1: no column "body", which is to be "text"; got the keys {"text"}`}, {Columns{"txt": "body"}, `"txt" is no key of a record`},
		{Columns{"text": "x", "prompt": "x"}, `"x" is to be both "prompt" and "text"`},
	} {
		if _, err := read("a.jsonl", `{"text":"a"}`, c.columns); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.columns, err, c.want)
		}
	}
}
