package parquetfile

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// rows returns the rows of a file as lines of JSON.
func rows(b []byte) (string, error) {
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for o, err := range f.Rows() {
		if err != nil {
			return out.String(), err
		}
		fmt.Fprintf(&out, "%s\n", orderedjson.Append(nil, o, orderedjson.Format{}))
	}
	return out.String(), nil
}

func load(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name + ".parquet")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// flat is what pyarrow wrote to the flat files.
func flat() string {
	var out strings.Builder
	for i := range 40 {
		text := fmt.Sprintf("line %d %s", i, strings.Repeat("abc", i%5))
		switch i {
		case 3:
			text = ""
		case 4:
			text = "π and 你好"
		}
		score := any(float64(i) / 4)
		if i%7 == 0 {
			score = nil
		}
		o := orderedjson.NewObject()
		o.Set("text", text)
		o.Set("label", int64(i%3))
		o.Set("score", score)
		o.Set("good", i%2 == 0)
		out.Write(append(orderedjson.Append(nil, o, orderedjson.Format{}), '\n'))
	}
	return out.String()
}

// TestReads holds what is read to what pyarrow wrote.
func TestReads(t *testing.T) {
	for _, name := range []string{"none", "snappy", "gzip", "zstd", "brotli", "lz4", "v2"} {
		if got, err := rows(load(t, "flat-"+name)); err != nil || got != flat() {
			t.Errorf("%s: %v, got\n%s", name, err, got)
		}
	}
	const nested = `{"id": 7, "messages": [{"role": "user", "content": "hi", "tool_calls": null}, {"role": "assistant", "content": null, "tool_calls": [{"name": "f", "arguments": {"q": "x", "n": 1}}]}], "tokens": ["a", "b"], "deep": [[1], []]}
{"id": 8, "messages": [], "tokens": [], "deep": null}
{"id": 9, "messages": null, "tokens": ["c"], "deep": [[2, 3]]}
`
	if got, err := rows(load(t, "nested")); err != nil || got != nested {
		t.Errorf("%v, got\n%s", err, got)
	}
	const odd = `{"f16": 1.5, "f32": 0.25, "i8": -3, "u64": 18446744073709551615, "day": "2024-02-29", "time": "2024-02-29T12:30:01.5", "price": 12.34, "raw": null, "map": {"k": 1}, "word": "x", "large": "y", "nothing": null}
`
	if got, err := rows(load(t, "odd")); err != nil || got != odd {
		t.Errorf("%v, got\n%s", err, got)
	}
}
