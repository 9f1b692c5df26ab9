package tokenizerjson

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// rebuild reads a value by walking through it.
func rebuild(t *testing.T, v unread) any {
	t.Helper()
	var out any
	switch v.kind() {
	case '{':
		object := map[string]any{}
		for key, value := range members(v) {
			name, err := unquote(key)
			if err != nil {
				t.Fatal(err)
			}
			object[string(name)] = rebuild(t, value)
		}
		return object
	case '[':
		list := []any{}
		for value := range elements(v) {
			list = append(list, rebuild(t, value))
		}
		return list
	case '"':
		s, err := unquote(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(s)
	}
	if err := json.Unmarshal(v, &out); err != nil {
		t.Fatalf("%q is cut out as a value: %v", v, err)
	}
	return out
}

// FuzzWalk holds the walk through JSON to encoding/json.
func FuzzWalk(f *testing.F) {
	for _, s := range []string{
		`{}`, `[]`, ` [ ] `, "\n{ \"a\" : 1 ,\t\"b\":[ ],\"c\":{} }\r\n", `{"a":{"b":[1,[2,{"c":null}],"]}"],"a\"b\\":true},"a":2}`,
		`["\"","\\","\\\"","\u00e9\ud83d\ude00\ud800",-1.5e3,0,false]`, `"x"`, `12`, strings.Repeat("[", 500) + strings.Repeat("]", 500),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var want any
		if json.Unmarshal(b, &want) != nil {
			return
		}
		value, rest := cutValue(skipSpace(b))
		if len(rest) > 0 {
			t.Fatalf("%q: left over: %q", b, rest)
		}
		if got := rebuild(t, value); !reflect.DeepEqual(got, want) && string(b) == strings.ToValidUTF8(string(b), "") {
			t.Fatalf("%q: got %#v, want %#v", b, got, want)
		}
	})
}
