package data

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
)

// TestFileIsWhatItHolds reads the same records from files of all names and forms.
func TestFileIsWhatItHolds(t *testing.T) {
	const want = "[q>a][r>b][s>c]"
	lines := `{"prompt":"q","completion":"a"}` + "\n" + `{"prompt":"r","completion":"b"}` + "\n" + `{"prompt":"s","completion":"c"}` + "\n"
	list := `[{"prompt":"q","completion":"a"},{"prompt":"r","completion":"b"},{"prompt":"s","completion":"c"}]`
	pretty := "[\n  {\n    \"prompt\": \"q\",\n    \"completion\": \"a\"\n  },\n  {\n    \"prompt\": \"r\",\n    \"completion\": \"b\"\n  },\n  {\"prompt\": \"s\", \"completion\": \"c\"}\n]\n"
	columns := `{"prompt":["q","r","s"],"completion":["a","b","c"]}`
	pandas := `{"prompt":{"0":"q","1":"r","2":"s"},"completion":{"0":"a","1":"b","2":"c"}}`
	table := "prompt,completion\nq,a\nr,b\ns,c\n"
	dos := func(s string) string { return "\ufeff" + strings.ReplaceAll(s, "\n", "\r\n") }
	for _, c := range []struct{ name, content string }{
		{"a.jsonl", lines}, {"a.json", lines}, {"a.ndjson", lines}, {"a.txt", lines}, {"a", lines}, {"a.md", lines}, {"a.csv", lines}, {"a.jsonl", dos(lines)}, {"a.txt", dos(lines)},
		{"a.json", strings.TrimSpace(lines)}, {"a.json", "\n\n" + lines + "\n"}, {"a.jsonl.gz", gzipped(t, lines)}, {"a.txt.gz", gzipped(t, lines)}, {"a.JSON.zst", zstded(t, lines)},
		{"a.json", list}, {"a.jsonl", list}, {"a.txt", list}, {"a", list}, {"a.json", dos(list)}, {"a.json.gz", gzipped(t, list)},
		{"a.json", pretty}, {"a.jsonl", pretty}, {"a.txt", pretty}, {"a.json", dos(pretty)}, {"a.json", " \n" + pretty},
		{"a.json", pretty[1 : len(pretty)-2][:strings.Index(pretty, "  },")] + "}\n" + strings.SplitN(lines, "\n", 2)[1]}, // objects over several lines
		{"a.json", columns}, {"a.txt", columns}, {"a.json", dos("\n" + columns + "\n")}, {"a.json", pandas},
		{"a.json", `{"data":` + list + `}`}, {"a.json", `{"version":"1.0","data":` + pretty + `,"tags":["x"]}`}, {"a.json", `{"rows":` + list + `,"about":{"by":"me"}}`},
		{"a.csv", table}, {"a.csv", dos(table)}, {"a.csv", strings.ReplaceAll(table, ",", ";")}, {"a.csv", strings.ReplaceAll(table, ",", "\t")},
		{"a.tsv", strings.ReplaceAll(table, ",", "\t")}, {"a.tsv", dos(strings.ReplaceAll(table, ",", "\t"))}, {"a.tsv", table}, {"a.csv", "\n" + table},
		{"a.csv", ",prompt,completion\n0,q,a\n1,r,b\n2,s,c\n"},            // pandas' index
		{"a.csv", "prompt,completion,\nq,a,\nr,b,\ns,c,\n"},               // a comma too many
		{"a.csv", "id,id,prompt,completion\n1,1,q,a\n2,2,r,b\n3,3,s,c\n"}, // two columns of one name that nobody reads
		{"a.csv", "\"prompt\",\"completion\"\r\n\"q\",\"a\"\r\n\"r\",\"b\"\r\n\"s\",\"c\""},
	} {
		name := writeFile(t, t.TempDir(), c.name, c.content)
		s, err := OpenSource(name, nil)
		if err != nil {
			t.Errorf("%s %q: %v", c.name, c.content, err)
			continue
		}
		if got, err := readAll(s); err != nil || got != want {
			t.Errorf("%s %.200q: read %q, %v", c.name, c.content, got, err)
		}
	}
}

// TestOneRecordOfEachForm reads files that hold a single record, and none.
func TestOneRecordOfEachForm(t *testing.T) {
	for _, c := range []struct{ name, content, want string }{
		{"a.json", `{"text":"a"}`, "[a]"}, {"a.json", "{\n \"text\": \"a\"\n}\n", "[a]"}, {"a.json", `[{"text":"a"}]`, "[a]"}, {"a.json", `{"text":["a"]}`, "[a]"},
		{"a.txt", `{"text":"a"}`, "[a]"}, {"a.txt", "{\n \"text\": \"a\"\n}\n", "[a]"}, {"a.csv", "text\na", "[a]"}, {"a.json", `[]`, ""}, {"a.json", "[ \n ]\n", ""},
		{"a.json", `{"data":[{"text":"a"}]}`, "[a]"}, {"a.json", " \n", ""},
		{"a.txt", "[1] A note.\n", "[[1] A note.\n]"}, {"a.txt", "{a set}\n", "[{a set}\n]"}, {"a.txt", "{}", "[{}]"}, {"a.txt", "a, b\n", "[a, b\n]"},
		{"a.txt", "one\r\ntwo\r\n\rthree\r", "[one\ntwo\n\rthree\r]"}, {"a.txt", "\ufeffone\r\n", "[one\n]"},
	} {
		if got, err := readAll(openText(t, c.name, c.content)); err != nil || got != c.want {
			t.Errorf("%s %q: read %q, %v, want %q", c.name, c.content, got, err, c.want)
		}
	}
}

// TestFormsThatAreRefused names the line of what is wrong with a form, and what was expected.
func TestFormsThatAreRefused(t *testing.T) {
	for _, c := range []struct{ name, content, want string }{
		{"a.json", "[{\"text\":\"a\"},\n{\"text\":\"b\"}", "a.json:2: the object has no end, expected ',' or ']' behind it"},
		{"a.json", "[{\"text\":\"a\"},\n", "a.json:2: the list has no end, expected ']'"},
		{"a.json", "[{\"text\":\"a\"},\n{\"text\":\"b\"", "a.json:2: the object has no end"},
		{"a.json", "[{\"text\":\"a\"}]\n\n[]", "a.json:3: the list ends, and something comes behind it"},
		{"a.json", "[{\"text\":\"a\"},\n\"b\"]", "a.json:2: expected a JSON object"},
		{"a.json", "[{\"text\":\"a\"},\n,{\"text\":\"b\"}]", "a.json:2: expected a JSON object"},
		{"a.json", "[\"a\",\"b\"]", "a.json:1: expected a JSON object: expected an object, got a string"},
		{"a.json", "[[1]]", "expected an object, got a list"},
		{"a.json", "{\n\"text\": \"a\",\n\"text\": \"b\"\n}", `a.json:3: expected a JSON object: key "text" comes twice`},
		{"a.json", "{\"text\":\"a\"}\n{\"text\":\"b\"", "a.json:2: expected a JSON object"},
		{"a.json", "{\n\"text\":\"a\"}\nand {}\n", "a.json:3: expected a JSON object"},
		{"a.json", "text", "a.json:1: expected a JSON object"},
		{"a.json", `{"train":[{"text":"a"}],"test":[{"text":"b"}]}`, "several lists of objects (train, test)"},
		{"a.json", `{"text":["a","b"],"label":[1]}`, `expected as many values in each: "text" 2, "label" 1`},
		{"a.json", `{"text":["a",1]}`, `a.json: row 2: "text" must be a string, got 1`},
		{"a.json", `{"data":[{"text":"a"},{"body":"b"}]}`, `a.json: row 2: expected {"text"}`},
		{"a.jsonl", "{\"text\":\"a\"}\n{\"text\":\"\\ud800\"}", "a.jsonl:2: expected a JSON object"},
		{"a.jsonl", "{\"text\":\"a\\u0000\"}", `a.jsonl:1: "text" has a NUL character`},
		{"a.jsonl", "{\"text\":\"caf\xe9\"}", "a.jsonl:1: expected a JSON object: not UTF-8"},
		{"a.csv", "text\ncaf\xe9\n", `a.csv:2: column "text": invalid UTF-8: byte 0xe9 at offset 3`},
		{"a.csv", "t\xe9xt\na\n", "a.csv:1: invalid UTF-8"},
		{"a.csv", ",\na,b\n", "a.csv:1: the header names no column"},
		{"a.csv", "text,text\na,b\n", `a.csv:2: the header has two columns "text"`},
		{"a.txt", strings.Repeat("a", 9000) + "\n\x00", "a.txt:2: a zero byte at offset 9001"},
		{"a.txt", "{\"text\":\"a\"}\nand words\n", "a.txt: plain text by its name, but it begins like records"},
		{"a.txt", "text,label\nx,1\n", "a.txt: plain text by its name, but it begins like records"},
		{"a.txt", "prompt\tcompletion\nx\ty\n", "a.txt: plain text by its name, but it begins like records"},
		{"a.txt", "[{\"text\":\"a\"} and words\n", "a.txt: plain text by its name, but it begins like records"},
		{"a.txt", "{\"body\":\"a\"}\n", `a.txt:1: expected {"text"}`},
		{"a.csv", "\xff\xfet\x00", "a.csv: text is UTF-16"},
		{"a.pdf", "%PDF-1.7\n", "a.pdf: binary data (a PDF document)"},
		{"a.docx", "PK\x03\x04...", "a.docx: binary data (a ZIP archive or an office document)"},
	} {
		_, err := readAll(openText(t, c.name, c.content))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %.100q: %v, want %q", c.name, c.content, err, c.want)
		}
	}
}

// TestLargeList cuts a list of many blocks, whose objects hold what brackets and quotes may be mistaken for, and keeps its lines.
func TestLargeList(t *testing.T) {
	var list, lines strings.Builder
	list.WriteString("[\n")
	for i := range 30_000 {
		o := `{"text":"\"}],{[ \\` + strings.Repeat("x", i%40) + `","more":[{"a":[1]}, "]"]}`
		if i > 0 {
			list.WriteString(",\n")
		}
		list.WriteString(o)
		lines.WriteString(o + "\n")
	}
	want, err := readAll(openText(t, "a.jsonl", lines.String()))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"a.json": list.String() + "\n]", "objects.json": strings.ReplaceAll(lines.String(), `,"more"`, ",\n\"more\""), "b.json": `{"data":` + list.String() + "]}",
	} {
		if got, err := readAll(openText(t, name, content)); err != nil || got != want {
			t.Errorf("%s: %d bytes, %v, want %d", name, len(got), err, len(want))
		}
	}
	_, err = readAll(openText(t, "a.json", list.String()+",\n7]"))
	if err == nil || !strings.Contains(err.Error(), "a.json:30002: expected a JSON object") {
		t.Errorf("error is %v", err)
	}
}

// TestTextReader reads byte by byte and at once.
func TestTextReader(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""}, {"a", "a"}, {"\ufeff", ""}, {"\ufeffa\r\nb", "a\nb"}, {"\r\n\r\n", "\n\n"}, {"\r\r\n\r", "\r\n\r"}, {"\xef\xbb", "\xef\xbb"}, {"\xefa", "\xefa"}, {"a\ufeff", "a\ufeff"},
	} {
		for _, r := range []io.Reader{strings.NewReader(c.in), iotest.OneByteReader(strings.NewReader(c.in)), iotest.DataErrReader(strings.NewReader(c.in))} {
			if got, err := io.ReadAll(NewTextReader(r)); err != nil || string(got) != c.want {
				t.Errorf("%q: %q, %v, want %q", c.in, got, err, c.want)
			}
			if err := iotest.TestReader(NewTextReader(strings.NewReader(c.in)), []byte(c.want)); err != nil {
				t.Errorf("%q: %v", c.in, err)
			}
		}
	}
	var wide bytes.Buffer
	for _, u := range utf16.Encode([]rune("\ufeffab")) {
		wide.Write([]byte{byte(u), byte(u >> 8)})
	}
	if _, err := io.ReadAll(NewTextReader(iotest.OneByteReader(&wide))); !errors.Is(err, errUTF16) {
		t.Errorf("error of UTF-16 is %v", err)
	}
}
