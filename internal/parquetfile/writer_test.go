package parquetfile

import (
	"bytes"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// TestWrite reads back what is written.
func TestWrite(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{"z": 1, "a": "x", "t": true, "r": 0.5}
{"z": null, "a": "", "t": false, "r": 2.0}
`, ""},
		{`{"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": null, "calls": [{"name": "f", "n": [1, 2]}, {"name": "g", "n": []}]}], "id": 1}
{"messages": [], "id": 2}
{"messages": [null]}
`, `{"messages": [{"role": "user", "content": "hi", "calls": null}, {"role": "assistant", "content": null, "calls": [{"name": "f", "n": [1, 2]}, {"name": "g", "n": []}]}], "id": 1}
{"messages": [], "id": 2}
{"messages": [null], "id": null}
`},
		{`{"mixed": 1, "numbers": 1, "none": null, "empty": {}}
{"mixed": "x", "numbers": 2.5, "none": null, "empty": {}}
{"mixed": [1, {"a": "b"}], "numbers": null, "none": null, "empty": null}
`, `{"mixed": "1", "numbers": 1.0, "none": null, "empty": "{}"}
{"mixed": "x", "numbers": 2.5, "none": null, "empty": "{}"}
{"mixed": "[1, {\"a\": \"b\"}]", "numbers": null, "none": null, "empty": null}
`},
		{`{"deep": [[[1], []], [], null]}
{"deep": null}
`, ""},
	} {
		var file bytes.Buffer
		err := Write(&file, func(yield func(*orderedjson.Object, error) bool) {
			for line := range strings.Lines(c.in) {
				if o, err := orderedjson.DecodeObject([]byte(line)); !yield(o, err) {
					return
				}
			}
		})
		if err != nil {
			t.Error(err)
			continue
		}
		want := c.want
		if want == "" {
			want = c.in
		}
		if got, err := rows(file.Bytes()); err != nil || got != want {
			t.Errorf("%v, got\n%swant\n%s", err, got, want)
		}
	}
	if err := Write(&bytes.Buffer{}, func(func(*orderedjson.Object, error) bool) {}); err == nil {
		t.Error("no rows are written")
	}
}
