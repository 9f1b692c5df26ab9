package orderedjson

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	for _, c := range []string{
		`{"b": 1, "a": [true, false, null], "": {"x": "\"\\ü€😀\n\u0001"}}`,
		`[]`, `{}`, `0`, `-1`, `9223372036854775807`, `9223372036854775808`, `1.5`, `1e+16`, `1e-05`, `0.0001`, `123456789012345.6`, `"a/b"`,
	} {
		v, err := Decode([]byte(c))
		if err != nil {
			t.Errorf("%s: %v", c, err)
			continue
		}
		if got := string(Append(nil, v, Format{})); got != c {
			t.Errorf("%s came back as %s", c, got)
		}
	}
}

// The expected texts are what Python's json.dumps writes.
func TestFormats(t *testing.T) {
	v, err := Decode([]byte(`{"b":[1,{"c":[]}],"a":"é😀\u007f"}`))
	if err != nil {
		t.Fatal(err)
	}
	two := "  "
	for _, c := range []struct {
		f    Format
		want string
	}{
		{Format{Indent: &two}, "{\n  \"b\": [\n    1,\n    {\n      \"c\": []\n    }\n  ],\n  \"a\": \"é😀\x7f\"\n}"},
		{Format{ASCII: true, SortKeys: true}, `{"a": "\u00e9\ud83d\ude00\u007f", "b": [1, {"c": []}]}`},
		{Format{Between: &[2]string{",", ":"}}, "{\"b\":[1,{\"c\":[]}],\"a\":\"é😀\x7f\"}"},
	} {
		if got := string(Append(nil, v, c.f)); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestPythonFloat(t *testing.T) {
	for v, want := range map[float64]string{
		1: "1.0", 0: "0.0", 1e15: "1000000000000000.0", 1e16: "1e+16", 1e22: "1e+22", 0.0001: "0.0001", 0.00001: "1e-05", 1.5e300: "1.5e+300", 0.1: "0.1", -2.5: "-2.5",
	} {
		if got := PythonFloat(v); got != want {
			t.Errorf("%g: got %s, want %s", v, got, want)
		}
	}
}

func TestFaults(t *testing.T) {
	for text, want := range map[string]string{
		``:                           "end of the text",
		`{"a": 1, "a": 2}`:           `key "a" comes twice in one object at byte 9`,
		`{"a" 1}`:                    `expected ':' behind key "a"`,
		`{"a": 1`:                    "expected ',' or '}'",
		`[1, ]`:                      "expected a value, got ']'",
		`"\ud800"`:                   `\ud800 is half of a surrogate pair`,
		`"\ud800\u0041"`:             `\ud800 is half of a surrogate pair`,
		`"\udc00"`:                   `\udc00 is half of a surrogate pair`,
		"\"a\xff\"":                  "not UTF-8: byte 0xff at byte 2",
		"\"\\n\xff\"":                "not UTF-8: byte 0xff at byte 3",
		"\"a\x00b\"":                 "control character 0x00",
		`"\q"`:                       "unknown escape",
		`01`:                         "malformed number",
		`-`:                          "malformed number",
		`1.`:                         "digit behind the point",
		`1e`:                         "expected an exponent",
		`1e999`:                      "beyond float64",
		`NaN`:                        "expected a value, got 'N'",
		`{} {}`:                      "expected the end behind the value",
		strings.Repeat("[", 100_000): "more than 512 deep",
	} {
		_, err := Decode([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: got %v, want %q", text, err, want)
		}
	}
	if _, err := Decode([]byte(`{"a": "b`)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("text without its end: %v", err)
	}
}

// What is accepted, encoding/json accepts too, and it comes back the same from what is written.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,"x\u00e9\ud83d\ude00"],"b":null}`, `[[],{}]`, `"\ud800"`, `1e5`, `-0`, "\"\xff\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := Decode(data)
		if err != nil {
			return
		}
		if !json.Valid(data) {
			t.Fatalf("%q is not JSON", data)
		}
		for _, ascii := range []bool{false, true} {
			text := Append(nil, v, Format{ASCII: ascii})
			again, err := Decode(text)
			if err != nil {
				t.Fatalf("%q was written as %q: %v", data, text, err)
			}
			if second := Append(nil, again, Format{ASCII: ascii}); string(second) != string(text) {
				t.Fatalf("%q, then %q", text, second)
			}
		}
	})
}
