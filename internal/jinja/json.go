package jinja

import (
	"fmt"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// toJSON is transformers' tojson: json.dumps, which escapes nothing for HTML and leaves what isn't ASCII.
func toJSON(r *renderer, v any, args arguments) (any, error) {
	if err := args.check("tojson", 0, 4, "ensure_ascii", "indent", "separators", "sort_keys"); err != nil {
		return nil, err
	}
	f := orderedjson.Format{ASCII: truth(args.take(0, "ensure_ascii", false)), SortKeys: truth(args.take(3, "sort_keys", false))}
	switch indent := number(args.take(1, "indent", nil)).(type) {
	case nil:
	case int64:
		pad := strings.Repeat(" ", int(min(max(indent, 0), 1000)))
		f.Indent = &pad
	case string:
		f.Indent = &indent
	default:
		return nil, fmt.Errorf("indent is %s, expected an integer or a string", describe(indent))
	}
	if separators := args.take(2, "separators", nil); separators != nil {
		pair, err := iterate(separators)
		if err != nil || len(pair) != 2 {
			return nil, fmt.Errorf("separators are %s, expected two strings", describe(separators))
		}
		item, first := pair[0].(string)
		key, second := pair[1].(string)
		if !first || !second {
			return nil, fmt.Errorf("separators are %s, expected two strings", describe(separators))
		}
		f.Between = &[2]string{item, key}
	}
	plain, err := r.plain(v, 0)
	if err != nil {
		return nil, err
	}
	text := string(orderedjson.Append(nil, plain, f))
	r.size(len(text))
	return text, nil
}

// plain makes a value of package orderedjson.
func (r *renderer) plain(v any, depth int) (any, error) {
	if r.work(4); depth > 1000 {
		return nil, fmt.Errorf("value lies too deep")
	}
	switch v := unmarked(v).(type) {
	case nil, bool, int64, float64:
		return v, nil
	case string:
		r.work(len(v) / 64)
		return v, nil
	case *List:
		list := make([]any, len(v.Items))
		for i, item := range v.Items {
			var err error
			if list[i], err = r.plain(item, depth+1); err != nil {
				return nil, err
			}
		}
		return list, nil
	case *Dict:
		o := orderedjson.NewObject()
		for _, k := range v.Keys {
			key, ok := k.(string)
			if !ok {
				key = string(orderedjson.Append(nil, k, orderedjson.Format{}))
			}
			value, err := r.plain(v.Values[k], depth+1)
			if err != nil {
				return nil, err
			}
			o.Set(key, value)
		}
		return o, nil
	}
	return nil, fmt.Errorf("object of type %s is not JSON serializable", typeName(v))
}
