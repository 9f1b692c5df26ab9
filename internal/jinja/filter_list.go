package jinja

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

func toList(r *renderer, v any, args arguments) (any, error) {
	items, err := iterate(v)
	if err != nil {
		return nil, err
	}
	return r.list(slices.Clone(items)), args.check("list", 0, 0)
}

func first(_ *renderer, v any, args arguments) (any, error) {
	if it, ok := v.(*iterator); ok && len(it.items) > 0 {
		item := it.items[0]
		it.items = it.items[1:]
		return item, nil
	}
	items, err := iterate(v)
	if err != nil || len(items) > 0 {
		return append(items, nil)[0], err
	}
	return undefined{"no first item, sequence was empty"}, args.check("first", 0, 0)
}

func last(_ *renderer, v any, args arguments) (any, error) {
	if _, ok := v.(*iterator); ok {
		return nil, fmt.Errorf("a generator can't be reversed")
	}
	items, err := iterate(v)
	if err != nil || len(items) > 0 {
		return append([]any{nil}, items...)[len(items)], err
	}
	return undefined{"no last item, sequence was empty"}, args.check("last", 0, 0)
}

func reverse(_ *renderer, v any, args arguments) (any, error) {
	if err := args.check("reverse", 0, 0); err != nil {
		return nil, err
	}
	if s, ok := v.(string); ok {
		runes := []rune(s)
		slices.Reverse(runes)
		return string(runes), nil
	}
	all, err := iterate(v)
	all = slices.Clone(all)
	slices.Reverse(all)
	return &iterator{all}, err
}

func items(_ *renderer, v any, args arguments) (any, error) {
	switch v := v.(type) {
	case undefined:
		return &iterator{}, nil
	case *Dict:
		pairs := make([]any, len(v.Keys))
		for i, k := range v.Keys {
			pairs[i] = &List{Items: []any{k, v.Values[k]}, tuple: true}
		}
		return &iterator{pairs}, args.check("items", 0, 0)
	}
	return nil, fmt.Errorf("can only get item pairs from a mapping, got %s", typeName(v))
}

func joinFilter(r *renderer, v any, args arguments) (any, error) {
	if err := args.check("join", 0, 2, "d", "attribute"); err != nil {
		return nil, err
	}
	all, err := iterate(v)
	if err != nil {
		return nil, err
	}
	path := args.take(1, "attribute", nil)
	parts := make([]string, len(all))
	for i, item := range all {
		if path != nil {
			if item, err = r.follow(item, path); err != nil {
				return nil, err
			}
		}
		parts[i] = r.str(item)
	}
	return r.join(parts, r.str(args.take(0, "d", ""))), nil
}

// follow returns what a path of attributes and indexes, with dots between, leads to.
func (r *renderer) follow(v, path any) (any, error) {
	name, ok := path.(string)
	if !ok {
		return r.item(v, path)
	}
	for part := range strings.SplitSeq(name, ".") {
		var key any = part
		if i, err := strconv.ParseInt(part, 10, 64); err == nil {
			key = i
		}
		var err error
		if v, err = r.item(v, key); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// someOf is iterate for filters to which any empty value is an empty list, None too.
func someOf(v any) ([]any, error) {
	if !truth(v) {
		return nil, nil
	}
	return iterate(v)
}

func mapFilter(r *renderer, v any, args arguments) (any, error) {
	all, err := someOf(v)
	if err != nil {
		return nil, err
	}
	mapped := make([]any, len(all))
	path, byAttribute := args.named["attribute"]
	if !byAttribute {
		name, ok := args.take(0, "", nil).(string)
		if !ok {
			return nil, fmt.Errorf("map requires a filter or an attribute")
		}
		args.items = args.items[1:]
		for i, item := range all {
			if mapped[i], err = r.filter(name, item, args); err != nil {
				return nil, err
			}
		}
		return &iterator{mapped}, nil
	}
	if err := args.check("map", 1, 0, "attribute", "default"); err != nil {
		return nil, err
	}
	otherwise, has := args.named["default"]
	for i, item := range all {
		if mapped[i], err = r.follow(item, path); err != nil {
			return nil, err
		}
		if _, missing := mapped[i].(undefined); missing && has {
			mapped[i] = otherwise
		}
	}
	return &iterator{mapped}, nil
}

// choose is select, reject, selectattr or rejectattr.
func choose(keep, byAttribute bool) filterFunc {
	return func(r *renderer, v any, args arguments) (any, error) {
		all, err := someOf(v)
		if err != nil {
			return nil, err
		}
		rest := args.items
		var path any
		if byAttribute {
			if len(rest) == 0 {
				return nil, fmt.Errorf("missing parameter for attribute name")
			}
			path, rest = rest[0], rest[1:]
		}
		var chosen []any
		for _, item := range all {
			tested := item
			if path != nil {
				if tested, err = r.follow(item, path); err != nil {
					return nil, err
				}
			}
			holds := truth(tested)
			if len(rest) > 0 {
				name, ok := rest[0].(string)
				if !ok {
					return nil, fmt.Errorf("expected the name of a test, got %s", describe(rest[0]))
				}
				if holds, err = r.test(name, tested, arguments{items: rest[1:], names: args.names, named: args.named}); err != nil {
					return nil, err
				}
			}
			if holds == keep {
				chosen = append(chosen, item)
			}
		}
		return &iterator{chosen}, nil
	}
}

// folded returns what texts are compared by unless their case counts.
func folded(v any, caseCounts bool) any {
	if s, ok := v.(string); ok && !caseCounts {
		return strings.ToLower(s)
	}
	return v
}

// sortBy sorts items by a key of each, stably.
func (r *renderer) sortBy(items []any, key func(any) (any, error), reverse bool) ([]any, error) {
	type keyed struct{ key, item any }
	all := make([]keyed, len(items))
	for i, item := range items {
		k, err := key(item)
		if err != nil {
			return nil, err
		}
		all[i] = keyed{k, item}
	}
	var failed error
	slices.SortStableFunc(all, func(a, b keyed) int {
		c, _, err := r.order(a.key, b.key)
		if err != nil && failed == nil {
			failed = err
		}
		if reverse {
			return -c
		}
		return c
	})
	sorted := make([]any, len(all))
	for i, k := range all {
		sorted[i] = k.item
	}
	return sorted, failed
}

func sortFilter(r *renderer, v any, args arguments) (any, error) {
	if err := args.check("sort", 0, 3, "reverse", "case_sensitive", "attribute"); err != nil {
		return nil, err
	}
	all, err := iterate(v)
	if err != nil {
		return nil, err
	}
	sorted, err := r.sortBy(all, r.key(args.take(2, "attribute", nil), truth(args.take(1, "case_sensitive", false))), truth(args.take(0, "reverse", false)))
	return r.list(sorted), err
}

// key returns a function that gives an item's key: what paths lead to, several with commas between, or itself.
func (r *renderer) key(path any, caseCounts bool) func(any) (any, error) {
	return func(item any) (any, error) {
		names, several := path.(string)
		switch {
		case path == nil:
			return folded(item, caseCounts), nil
		case !several || !strings.Contains(names, ","):
			v, err := r.follow(item, path)
			return folded(v, caseCounts), err
		}
		key := &List{}
		for name := range strings.SplitSeq(names, ",") {
			v, err := r.follow(item, name)
			if err != nil {
				return nil, err
			}
			key.Items = append(key.Items, folded(v, caseCounts))
		}
		return key, nil
	}
}

func dictSort(r *renderer, v any, args arguments) (any, error) {
	if err := args.check("dictsort", 0, 3, "case_sensitive", "by", "reverse"); err != nil {
		return nil, err
	}
	d, ok := v.(*Dict)
	if !ok {
		return nil, fmt.Errorf("expected a dict, got %s", describe(v))
	}
	at := map[any]int64{"key": 0, "value": 1}
	by, ok := at[args.take(1, "by", "key")]
	if !ok {
		return nil, fmt.Errorf("you can only sort by either key or value")
	}
	pairs, err := items(r, d, arguments{})
	if err != nil {
		return nil, err
	}
	sorted, err := r.sortBy(pairs.(*iterator).items, r.key(by, truth(args.take(0, "case_sensitive", false))), truth(args.take(2, "reverse", false)))
	return r.list(sorted), err
}

func unique(r *renderer, v any, args arguments) (any, error) {
	if err := args.check("unique", 0, 2, "case_sensitive", "attribute"); err != nil {
		return nil, err
	}
	all, err := iterate(v)
	if err != nil {
		return nil, err
	}
	key := r.key(args.take(1, "attribute", nil), truth(args.take(0, "case_sensitive", false)))
	seen := map[any]bool{}
	var kept []any
	for _, item := range all {
		k, err := key(item)
		if err == nil {
			k, err = hashable(k)
		}
		if err != nil {
			return nil, err
		}
		if !seen[k] {
			seen[k] = true
			kept = append(kept, item)
		}
	}
	return &iterator{kept}, nil
}

// extreme is min (-1) or max (1).
func extreme(sign int) filterFunc {
	return func(r *renderer, v any, args arguments) (any, error) {
		if err := args.check("extreme", 0, 2, "case_sensitive", "attribute"); err != nil {
			return nil, err
		}
		all, err := iterate(v)
		if err != nil {
			return nil, err
		}
		if len(all) == 0 {
			return undefined{"no aggregated item, sequence was empty"}, nil
		}
		key := r.key(args.take(1, "attribute", nil), truth(args.take(0, "case_sensitive", false)))
		best := all[0]
		for _, item := range all[1:] {
			a, err := key(item)
			if err != nil {
				return nil, err
			}
			b, err := key(best)
			if err != nil {
				return nil, err
			}
			c, _, err := r.order(a, b)
			if err != nil {
				return nil, err
			}
			if c == sign {
				best = item
			}
		}
		return best, nil
	}
}

func sum(r *renderer, v any, args arguments) (any, error) {
	if err := args.check("sum", 0, 2, "attribute", "start"); err != nil {
		return nil, err
	}
	all, err := iterate(v)
	if err != nil {
		return nil, err
	}
	total := args.take(1, "start", int64(0))
	for _, item := range all {
		if path := args.take(0, "attribute", nil); path != nil {
			if item, err = r.follow(item, path); err != nil {
				return nil, err
			}
		}
		if total, err = r.calculate("+", total, item); err != nil {
			return nil, err
		}
	}
	return total, nil
}

func groupBy(r *renderer, v any, args arguments) (any, error) {
	if err := args.check("groupby", 1, 3, "attribute", "default", "case_sensitive"); err != nil {
		return nil, err
	}
	all, err := iterate(v)
	if err != nil {
		return nil, err
	}
	path, otherwise := args.take(0, "attribute", nil), args.take(1, "default", nil)
	value := func(item any) (any, error) {
		v, err := r.follow(item, path)
		if _, missing := v.(undefined); missing && otherwise != nil {
			v = otherwise
		}
		return v, err
	}
	caseCounts := truth(args.take(2, "case_sensitive", false))
	sorted, err := r.sortBy(all, func(item any) (any, error) {
		v, err := value(item)
		return folded(v, caseCounts), err
	}, false)
	if err != nil {
		return nil, err
	}
	var groups []any
	var members *List
	var current any
	for _, item := range sorted {
		v, err := value(item)
		if err != nil {
			return nil, err
		}
		if k := folded(v, caseCounts); members == nil || !r.equal(k, current) {
			current, members = k, &List{}
			groups = append(groups, &List{Items: []any{v, members}, tuple: true})
		}
		members.Items = append(members.Items, item)
	}
	return r.list(groups), nil
}

func batch(r *renderer, v any, args arguments) (any, error) {
	if err := args.check("batch", 1, 2, "linecount", "fill_with"); err != nil {
		return nil, err
	}
	all, err := iterate(v)
	n, ok := args.take(0, "linecount", nil).(int64)
	if err != nil || !ok || n < 1 {
		return nil, fmt.Errorf("expected items and how many go into a batch")
	}
	fill := args.take(1, "fill_with", nil)
	var batches []any
	for start := 0; start < len(all); start += int(min(n, maxItems)) {
		part := r.list(slices.Clone(all[start:min(len(all), start+int(min(n, maxItems)))]))
		for fill != nil && int64(len(part.Items)) < min(n, maxItems) {
			part.Items = append(part.Items, fill)
		}
		batches = append(batches, part)
	}
	return &iterator{batches}, nil
}

func sliceFilter(r *renderer, v any, args arguments) (any, error) {
	if err := args.check("slice", 1, 2, "slices", "fill_with"); err != nil {
		return nil, err
	}
	all, err := iterate(v)
	n, ok := args.take(0, "slices", nil).(int64)
	if err != nil || !ok || n < 1 || n > maxItems {
		return nil, fmt.Errorf("expected items and the number of slices")
	}
	fill := args.take(1, "fill_with", nil)
	each, extra := len(all)/int(n), len(all)%int(n)
	var parts []any
	for i, start := 0, 0; i < int(n); i++ {
		end := start + each
		if i < extra {
			end++
		}
		part := r.list(slices.Clone(all[start:end]))
		if fill != nil && i >= extra {
			part.Items = append(part.Items, fill)
		}
		parts = append(parts, part)
		start = end
	}
	return &iterator{parts}, nil
}
