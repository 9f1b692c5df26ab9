package task

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/data"
)

// TestDamagedData cuts compressed files short and damages Parquet files.
func TestDamagedData(t *testing.T) {
	b := newFaultBench(t)
	records := make([]string, 300)
	for i := range records {
		records[i] = fmt.Sprintf(`{"text":"line %d of %d","id":%d}`, i, i*i*7919%1000, i)
	}
	fault := dataFault{records: records}
	for _, format := range []data.Format{data.PlainText, data.JSONLines, data.JSON, data.CSV, data.TSV, data.Parquet} {
		var content string
		switch format {
		case data.PlainText:
			content = strings.Join(records, "\n ")[1:]
		case data.CSV, data.TSV:
			content = "text\n" + strings.Repeat("a\nb\nc d e\n", 200)
		default:
			file, _ := fault.in(t, format)
			content = file.content
		}
		for _, p := range packings[1:] {
			name := "data." + strings.Replace(string(format), "text", "txt", 1) + p.end
			packed := p.pack(content)
			b.refuses("cut short", name, packed[:len(packed)*2/3], p.pack(content), format, ": ", "cut short")
			flipped := []byte(packed)
			flipped[len(flipped)/2] ^= 0x10
			b.refuses("flipped bit", name, string(flipped), p.pack(content), format, ":", "")
		}
	}
	whole := parquetOf(t, records, "")
	for _, c := range []struct{ name, content, want string }{
		{"cut short", whole[:len(whole)-20], `it doesn't end with "PAR1"`},
		{"no end", whole[:len(whole)/2], `it doesn't end with "PAR1"`},
		{"no Parquet", "just a text", "not a Parquet file"},
		{"zeros", whole[:40] + strings.Repeat("\x00", 40) + whole[80:], ""},
	} {
		b.refuses(c.name, "data.parquet", c.content, whole, data.Parquet, ":", c.want)
	}
	want := encodedTexts(t, b, b.put("data.parquet", whole, ""))
	refused, same := 0, 0
	for bit := 0; bit < 8*len(whole); bit += 1 + 8*len(whole)/150 {
		flipped := []byte(whole)
		flipped[bit/8] ^= 1 << (bit % 8)
		path := b.put("data.parquet", string(flipped), "")
		_, _, _, err := b.encode(ways[0], path, data.Parquet, false)
		switch {
		case err != nil:
			if refused++; !strings.Contains(err.Error(), path+":") {
				t.Errorf("bit %d: %v, expected the file's name", bit, err)
			}
		case encodedTexts(t, b, path) == want:
			same++
		default:
			t.Errorf("bit %d of %d: other texts without an error, in a file with checksums", bit, 8*len(whole))
		}
	}
	if refused < 50 {
		t.Errorf("of flipped bits %d are refused and %d change nothing", refused, same)
	}
}

// encodedTexts returns what is learned of a file.
func encodedTexts(t *testing.T, b *faultBench, path string) string {
	t.Helper()
	s, err := data.Open(data.SourceConfig{Paths: []string{path}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var all strings.Builder
	for text, err := range s.Documents() {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "%s\n", text)
	}
	return all.String()
}

// TestHarmlessData reads byte order marks, line ends of Windows and blank lines as if they weren't there, says which records and files hold nothing, and reads
// shapes that are mixed each by its own.
func TestHarmlessData(t *testing.T) {
	b := newFaultBench(t)
	fault := dataFault{records: []string{`{"text":"the rest"}`, `{"text":"is silence"}`}}
	for _, format := range []data.Format{data.PlainText, data.JSONLines, data.JSON, data.CSV, data.TSV} {
		content := "the rest\nis silence"
		if format != data.PlainText {
			file, _ := fault.in(t, format)
			content = file.content
		}
		for _, p := range packings {
			name := "data." + strings.Replace(string(format), "text", "txt", 1) + p.end
			want := encodedTexts(t, b, b.put(name, p.pack(content), ""))
			for _, other := range []string{"\ufeff" + content, strings.ReplaceAll(content, "\n", "\r\n"), "\ufeff" + strings.ReplaceAll(content, "\n", "\r\n")} {
				path := b.put(name, p.pack(other), "")
				if got := encodedTexts(t, b, path); got != want {
					t.Errorf("%s: %q is read as %q, expected %q", name, other, got, want)
				}
				for _, w := range ways {
					if _, documents, _, err := b.encode(w, path, format, false); err != nil || documents == 0 {
						t.Errorf("%s, %s: %q: %v", name, w.name, other, err)
					}
				}
			}
		}
	}
	path := b.put("data.jsonl", `{"text":"a"}`+"\n"+`{"text":""}`+"\n\n"+`{"prompt":"b","completion":"c"}`+"\n"+`{"text":""}`+"\n"+talk(say("d"), `{"role":"assistant","content":"e"}`), "")
	s, err := data.Open(data.SourceConfig{Paths: []string{path}})
	if err != nil {
		t.Fatal(err)
	}
	tokens, report, err := Causal{}.Encode(context.Background(), s, Encoding{Tokenizer: b.tokenizer})
	if err != nil || tokens.Documents() != 3 || report.Blank.Count != 2 || !strings.Contains(report.Blank.First[0].Error(), path+":2: a record without text") {
		t.Errorf("mixed shapes: %v, %+v", err, report.Blank)
	}
	folder := filepath.Dir(b.put("data.txt", "the rest", ""))
	if err := os.WriteFile(filepath.Join(folder, "empty.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err = data.Open(data.SourceConfig{Paths: []string{folder}}); err != nil || len(s.Notes()) != 1 || !strings.Contains(s.Notes()[0], "empty.txt") {
		t.Errorf("an empty file: %v, notes %q", err, s.Notes())
	}
}
