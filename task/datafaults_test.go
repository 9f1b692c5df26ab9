package task

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
	"github.com/seahorse-ml/seahorse/internal/parquetfile"
)

// dataFault is records of which one is wrong.
type dataFault struct {
	name    string
	records []string // JSON objects; only those of texts can be rows of tables
	at      int      // the record that is wrong, from 1
	want    string   // what the error says of it
	// parquet is what the error says of a Parquet file, where null stands for what isn't there; "" is as want, "-" for what such a file can't hold.
	parquet string
	// table is the same for CSV and TSV.
	table string
	// raw is put into the text of record at, in the place of RAW, as no JSON can hold it.
	raw string
}

func say(text string) string { return fmt.Sprintf(`{"role":"user","content":%q}`, text) }

func talk(messages ...string) string { return `{"messages":[` + strings.Join(messages, ",") + `]}` }

// dataFaults are the faults of records.
func dataFaults() []dataFault {
	text := `{"text":"the rest"}`
	good := talk(say("a question"), `{"role":"assistant","content":"an answer"}`)
	return []dataFault{
		{name: "missing column", records: []string{`{"body":"a"}`, `{"body":"b"}`}, at: 1, want: `expected {"text"}`},
		{name: "missing key", records: []string{text, `{"body":"a"}`, text}, at: 2, want: `expected {"text"}`, parquet: `"text" must be a string, got null`, table: "-"},
		{name: "wrong type", records: []string{`{"text":7}`, `{"text":8}`}, at: 1, want: `"text" must be a string, got 7`, table: "-"},
		{name: "messages no list", records: []string{`{"messages":"a"}`}, at: 1, want: `messages: expected a list, got a string`},
		{name: "empty completion", records: []string{`{"prompt":"a","completion":"b"}`, `{"prompt":"a","completion":""}`}, at: 2, want: "an empty completion, expected text"},
		{name: "empty assistant", records: []string{good, talk(say("a"), `{"role":"assistant","content":""}`)}, at: 2, want: "an assistant message without content", table: "-"},
		{name: "unknown role", records: []string{good, talk(say("a"), `{"role":"narrator","content":"b"}`)}, at: 2, want: `role "narrator": expected system, developer, user, assistant or tool`, table: "-"},
		{name: "two systems", records: []string{good, talk(`{"role":"system","content":"a"}`, `{"role":"system","content":"b"}`)}, at: 2, want: "a second system message, the first is messages[0]", table: "-"},
		{name: "mixed shapes", records: []string{text, `{"chosen":"a","rejected":"b"}`}, at: 2, want: `expected {"text"}`, parquet: `"text" must be a string, got null`, table: "-"},
		{name: "two shapes in one", records: []string{`{"text":"a","prompt":"b","completion":"c"}`}, at: 1, want: `it is both `},
		{name: "NUL in a text", records: []string{text, `{"text":"aRAWb"}`}, raw: "\x00", at: 2, want: `"text" has a NUL character`, table: "zero byte"},
		{name: "NUL in a message", records: []string{good, talk(say("aRAWb"), `{"role":"assistant","content":"b"}`)}, raw: "\x00", at: 2, want: `"messages" has a NUL character`, table: "-"},
		{name: "invalid UTF-8", records: []string{text, `{"text":"cafRAW"}`}, raw: "\xe9", at: 2, want: "UTF-8"},
		{name: "lone surrogate", records: []string{text, `{"text":"aRAWb"}`}, raw: "\xed\xa0\x80", at: 2, want: "UTF-8"},
		{name: "lone escaped surrogate", records: []string{text, `{"text":"a\ud800b"}`}, at: 2, want: "surrogate", parquet: "-", table: "-"},
		{name: "duplicate keys", records: []string{text, `{"text":"a","text":"b"}`}, at: 2, want: `key "text" comes twice`, parquet: "-", table: "-"},
		{name: "no object", records: []string{text, `["text"]`}, at: 2, want: "expected a JSON object", parquet: "-", table: "-"},
	}
}

// dataFile is a file of records, and where the error stands.
type dataFile struct {
	content, place, want string
}

// in writes the records in a format. Ok is false for what it can't hold.
func (f dataFault) in(t *testing.T, format data.Format) (file dataFile, ok bool) {
	t.Helper()
	file = dataFile{place: fmt.Sprintf(":%d: ", f.at), want: f.want}
	var b strings.Builder
	switch format {
	case data.JSONLines, data.JSON:
		escaped := f.raw
		if f.raw == "\x00" {
			escaped = `\u0000` // as JSON has it
		}
		lines := strings.ReplaceAll(strings.Join(f.records, "\n"), "RAW", escaped)
		if file.content = lines; format == data.JSON {
			file.content, file.place = "[\n"+strings.ReplaceAll(lines, "\n", ",\n")+"\n]\n", fmt.Sprintf(":%d: ", f.at+1)
		}
		return file, true
	case data.Parquet:
		if f.parquet == "-" {
			return file, false
		}
		if file.place = fmt.Sprintf(": row %d: ", f.at); f.parquet != "" {
			file.want = f.parquet
		}
		file.content = parquetOf(t, f.records, f.raw)
		return file, true
	}
	if f.table == "-" {
		return file, false
	}
	if file.place = fmt.Sprintf(":%d: ", f.at+1); f.table != "" {
		file.place, file.want = ": ", f.table
	}
	separator := map[data.Format]string{data.CSV: ",", data.TSV: "\t"}[format]
	for i, record := range f.records {
		o, err := orderedjson.DecodeObject([]byte(record))
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			b.WriteString(strings.Join(o.Keys, separator) + "\n")
		}
		var cells []string
		for _, key := range o.Keys {
			cells = append(cells, o.Values[key].(string))
		}
		b.WriteString(strings.Join(cells, separator) + "\n")
	}
	file.content = strings.ReplaceAll(b.String(), "RAW", f.raw)
	return file, true
}

// parquetOf writes records as a Parquet file. Raw takes the place of RAW in their texts.
func parquetOf(t testing.TB, records []string, raw string) string {
	t.Helper()
	var put func(value any) any
	put = func(value any) any {
		switch v := value.(type) {
		case string:
			return strings.ReplaceAll(v, "RAW", raw)
		case []any:
			for i := range v {
				v[i] = put(v[i])
			}
		case *orderedjson.Object:
			for key, inner := range v.Values {
				v.Values[key] = put(inner)
			}
		}
		return value
	}
	var rows iter.Seq2[*orderedjson.Object, error] = func(yield func(*orderedjson.Object, error) bool) {
		for _, record := range records {
			o, err := orderedjson.DecodeObject([]byte(record))
			if err == nil {
				put(o)
			}
			if !yield(o, err) {
				return
			}
		}
	}
	var b bytes.Buffer
	if err := parquetfile.Write(&b, rows); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// packings compress a file, or don't.
var packings = []struct {
	end  string
	pack func(string) string
}{
	{"", func(s string) string { return s }},
	{".gz", func(s string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write([]byte(s))
		w.Close()
		return b.String()
	}},
	{".zst", func(s string) string {
		w, _ := zstd.NewWriter(nil)
		return string(w.EncodeAll([]byte(s), nil))
	}},
}

// way is how a file is given: what paths, and by what name errors have it.
type way struct {
	name  string
	paths func(file string) []string
	stdin bool
}

var ways = []way{
	{"file", func(file string) []string { return []string{file} }, false},
	{"stdin", func(string) []string { return []string{data.Stdin} }, true},
	{"folder", func(file string) []string { return []string{filepath.Dir(file)} }, false},
	{"pattern", func(file string) []string { return []string{filepath.Dir(file) + "/*"} }, false},
}

// faultBench encodes data as a causal model learns them.
type faultBench struct {
	*testing.T
	tokenizer *tokenizer.Tokenizer
	dir       string
	cells     int
}

func newFaultBench(t *testing.T) *faultBench {
	c := tokenizer.NewTrainConfig("bpe")
	c.VocabSize = 280
	tok, err := tokenizer.Train(context.Background(), c, tokenizer.Texts("the rest is silence"))
	if err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir()) // folders are told by their true names
	if err != nil {
		t.Fatal(err)
	}
	return &faultBench{t, tok, dir, 0}
}

// put writes a file into a folder of its own, with a good one of its format beside it, and returns its path.
func (b *faultBench) put(name, content, beside string) string {
	b.Helper()
	dir, err := os.MkdirTemp(b.dir, "")
	if err != nil {
		b.Fatal(err)
	}
	for name, content := range map[string]string{name: content, "beside-" + name: beside} {
		if content != "" {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
				b.Fatal(err)
			}
		}
	}
	return filepath.Join(dir, name)
}

// encode encodes what is given in a way. It returns the name that errors have for it, how many documents there were, and what was left out.
func (b *faultBench) encode(w way, path string, format data.Format, skip bool) (name string, documents int, skipped []error, err error) {
	b.cells++
	c := data.SourceConfig{Paths: w.paths(path), SkipInvalid: skip}
	if name = path; w.stdin {
		name, c.Format = "standard input", format
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		c.Stdin = f
	}
	s, err := data.Open(c)
	if err != nil {
		return name, 0, nil, err
	}
	defer s.Close()
	tokens, _, err := Causal{}.Encode(context.Background(), s, Encoding{Tokenizer: b.tokenizer})
	if err == nil {
		documents = tokens.Documents()
	}
	return name, documents, s.Skipped(), err
}

// refuses checks that all ways refuse a file, naming it, its place and what is wrong, and that what can't be read is listed where it is left out.
func (b *faultBench) refuses(what, name, content, beside string, format data.Format, place, want string) {
	b.Helper()
	path := b.put(name, content, beside)
	for _, w := range ways {
		named, _, _, err := b.encode(w, path, format, false)
		if err == nil || !strings.Contains(err.Error(), named+place) || !strings.Contains(err.Error(), want) {
			b.Errorf("%s, %s, %s: %v, expected %q and %q", what, name, w.name, err, named+place, want)
		}
		var faults *data.Faults
		if errors.As(err, &faults) && len(faults.All) > 2 {
			b.Errorf("%s, %s, %s: %d faults of one: %v", what, name, w.name, len(faults.All), err)
		}
		_, documents, skipped, err := b.encode(w, path, format, true)
		listed := slices.ContainsFunc(skipped, func(err error) bool { return strings.Contains(err.Error(), named+place) })
		if err != nil && documents == 0 { // nothing was left, which is an error
			listed = listed || strings.Contains(err.Error(), "left out") || strings.Contains(err.Error(), "no text")
		}
		if !listed {
			b.Errorf("%s, %s, %s: skips %v, %v, expected %q among them", what, name, w.name, skipped, err, named+place)
		}
	}
}

// TestDataFaults goes through every format, plain and compressed, as a file, on standard input, in a folder and by a pattern, with every fault of records: the error
// names file and place, and says what was expected; what is left out on demand is listed.
func TestDataFaults(t *testing.T) {
	b := newFaultBench(t)
	good := dataFault{records: []string{`{"text":"the rest"}`, `{"text":"is silence"}`}}
	for _, format := range []data.Format{data.JSONLines, data.JSON, data.CSV, data.TSV, data.Parquet} {
		beside, _ := good.in(t, format)
		for _, fault := range dataFaults() {
			file, ok := fault.in(t, format)
			if !ok {
				continue
			}
			for _, p := range packings {
				b.refuses(fault.name, "data."+string(format)+p.end, p.pack(file.content), p.pack(beside.content), format, file.place, file.want)
			}
		}
	}
	twice := "text,text\na,b\n"
	b.refuses("duplicate columns", "data.csv", twice, "text\na\n", data.CSV, ":2: ", `the header has two columns "text"`)
	b.refuses("duplicate columns", "data.tsv", strings.ReplaceAll(twice, ",", "\t"), "text\na\n", data.TSV, ":2: ", `the header has two columns "text"`)
	b.refuses("missing cell", "data.csv", "text,id\na,1\nb\n", "text\na\n", data.CSV, ":3: ", "1 cells, expected 2 as the header has: text, id")
	b.refuses("open quote", "data.csv", "text\na\n\"b\n", "text\na\n", data.CSV, ":3: ", "CSV: ")
	t.Logf("%d cells", b.cells)
}

// TestTextFaults does the same for plain texts.
func TestTextFaults(t *testing.T) {
	b := newFaultBench(t)
	for _, end := range []string{".txt", ".md"} {
		for _, c := range []struct{ name, content, place, want string }{
			{"NUL", "the rest\nis\x00silence", ": ", "zero byte at offset 11"},
			{"NUL far off", strings.Repeat("the rest\n", 2000) + "is\x00silence", ":2001: ", "a zero byte at offset 18002, expected text"},
			{"invalid UTF-8", "the rest\nis caf\xe9\n", ":2: ", "invalid UTF-8: byte 0xe9 at offset 15"},
			{"lone surrogate", "the rest\n\xed\xa0\x80", ":2: ", "invalid UTF-8"},
			{"UTF-16", "\xff\xfet\x00h\x00e\x00", ": ", "text is UTF-16, expected UTF-8"},
			{"a picture", "\xff\xd8\xff\xe0\x00\x10JFIF", ": ", "binary data (a JPEG image), expected UTF-8 text"},
			{"a document", "%PDF-1.7\n", ": ", "binary data (a PDF document)"},
		} {
			for _, p := range packings {
				b.refuses(c.name, "data"+end+p.end, p.pack(c.content), p.pack("the rest"), data.PlainText, c.place, c.want)
			}
		}
		path := b.put("data"+end, "text,label\na,b\n", "")
		if _, _, _, err := b.encode(ways[0], path, "", false); err == nil || !strings.Contains(err.Error(), "plain text by its name, but it begins like records") {
			t.Errorf("records in %s: %v", end, err)
		}
	}
}
