package serve

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// fields reads the keys of a request. The first fault stays, and later readings give zeros.
type fields struct {
	object *orderedjson.Object
	err    error
}

// readFields reads a request whose keys are among those known.
func readFields(data []byte, known ...string) (*fields, error) {
	o, err := orderedjson.DecodeObject(data)
	if err != nil {
		return nil, invalid("", "the request is no JSON object: %v", err)
	}
	for _, key := range o.Keys {
		if !slices.Contains(known, key) {
			return nil, invalid(key, "unknown parameter %.100q", key)
		}
	}
	return &fields{object: o}, nil
}

// get returns the value of a key, and whether it is there and not null.
func (f *fields) get(key string) (any, bool) {
	v, _ := f.object.Get(key)
	return v, v != nil && f.err == nil
}

func (f *fields) fail(key, format string, args ...any) {
	if f.err == nil {
		f.err = invalid(key, key+": "+format, args...)
	}
}

// number returns a number from least to most, or the fallback.
func (f *fields) number(key string, least, most, fallback float64) float64 {
	v, ok := f.get(key)
	if !ok {
		return fallback
	}
	x, isInt := v.(int64)
	number := float64(x)
	if !isInt {
		if number, ok = v.(float64); !ok {
			f.fail(key, "expected a number, got %s", orderedjson.Kind(v))
			return fallback
		}
	}
	if !(number >= least && number <= most) {
		f.fail(key, "%g, expected %g to %g", number, least, most)
	}
	return number
}

// integer returns an integer from least to most, or the fallback.
func (f *fields) integer(key string, least, most, fallback int64) int64 {
	v, ok := f.get(key)
	if !ok {
		return fallback
	}
	n, ok := v.(int64)
	if !ok {
		f.fail(key, "expected an integer, got %s", orderedjson.Kind(v))
		return fallback
	}
	if n < least || n > most {
		f.fail(key, "%d, expected %d to %d", n, least, most)
	}
	return n
}

func (f *fields) boolean(key string) bool {
	v, ok := f.get(key)
	if !ok {
		return false
	}
	b, ok := v.(bool)
	if !ok {
		f.fail(key, "expected true or false, got %s", orderedjson.Kind(v))
	}
	return b
}

func (f *fields) text(key string) string {
	v, ok := f.get(key)
	if !ok {
		return ""
	}
	s, ok := v.(string)
	if !ok {
		f.fail(key, "expected a string, got %s", orderedjson.Kind(v))
	}
	return s
}

// only refuses a key with another value than those that do nothing.
func (f *fields) only(key string, allowed ...any) {
	if v, ok := f.get(key); ok && !slices.Contains(allowed, any(v)) {
		f.fail(key, "not supported here")
	}
}

// onlyType refuses an object of a key whose type is another.
func (f *fields) onlyType(key, kind string) {
	v, ok := f.get(key)
	if !ok {
		return
	}
	o, ok := v.(*orderedjson.Object)
	if !ok {
		f.fail(key, "expected an object, got %s", orderedjson.Kind(v))
		return
	}
	if t, _ := o.Get("type"); t != kind {
		f.fail(key, "only the type %q is supported here", kind)
	}
}

// stops returns the strings that end an answer.
func (f *fields) stops() []string {
	const most, longest = 16, 512
	v, ok := f.get("stop")
	if !ok {
		return nil
	}
	list, isList := v.([]any)
	if !isList {
		list = []any{v}
	}
	if len(list) > most {
		f.fail("stop", "%d strings, expected at most %d", len(list), most)
		return nil
	}
	var stops []string
	for _, item := range list {
		s, ok := item.(string)
		switch {
		case !ok:
			f.fail("stop", "expected a string or a list of strings, got %s", orderedjson.Kind(item))
		case s == "":
			f.fail("stop", "an empty string, which is everywhere")
		case len(s) > longest:
			f.fail("stop", "a string of %d bytes, expected at most %d", len(s), longest)
		}
		stops = append(stops, s)
	}
	return stops
}

// bias returns what is added to tokens' logits.
func (f *fields) bias(vocab int) map[int32]float32 {
	const most = 100
	v, ok := f.get("logit_bias")
	if !ok {
		return nil
	}
	o, ok := v.(*orderedjson.Object)
	if !ok {
		f.fail("logit_bias", "expected an object, got %s", orderedjson.Kind(v))
		return nil
	}
	bias := map[int32]float32{}
	one := &fields{object: o}
	for _, key := range o.Keys {
		var id int32
		if json.Unmarshal([]byte(key), &id) != nil || id < 0 || int(id) >= vocab {
			f.fail("logit_bias", "key %.40q, expected a token's number below %d", key, vocab)
			return nil
		}
		bias[id] = float32(one.number(key, -most, most, 0))
	}
	if one.err != nil {
		f.fail("logit_bias", "%v", one.err)
	}
	return bias
}

// marshal writes JSON without escapes for HTML and without a line end.
func marshal(value any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err := e.Encode(value)
	return bytes.TrimRight(out.Bytes(), "\n"), err
}

// valid returns text whose bytes that are no UTF-8 are replaced, as JSON takes no others.
func valid(text []byte) string { return strings.ToValidUTF8(string(text), "\ufffd") }

const anyInteger = math.MaxInt64

func objectOf(v any) (*orderedjson.Object, bool) {
	o, ok := v.(*orderedjson.Object)
	return o, ok
}
