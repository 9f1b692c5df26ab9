package jinja

import (
	"fmt"
	"math"
	"strings"
)

// number returns a number or boolean as int64 or float64, and others as they are.
func number(v any) any {
	if b, ok := v.(bool); ok {
		if b {
			return int64(1)
		}
		return int64(0)
	}
	return v
}

// floats returns two numbers as float64.
func floats(a, b any) (x, y float64, ok bool) {
	x, first := float(a)
	y, second := float(b)
	return x, y, first && second
}

func float(v any) (float64, bool) {
	switch v := number(v).(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// equal tells whether Python's == holds.
func (r *renderer) equal(a, b any) bool {
	r.work(1)
	a, b = unmarked(a), unmarked(b)
	if x, y, ok := floats(a, b); ok {
		i, first := number(a).(int64)
		j, second := number(b).(int64)
		if first && second {
			return i == j
		}
		return x == y
	}
	switch x := a.(type) {
	case nil:
		return b == nil
	case string:
		y, ok := b.(string)
		return ok && x == y
	case undefined:
		_, ok := b.(undefined)
		return ok
	case *List:
		y, ok := b.(*List)
		if !ok || x.tuple != y.tuple || len(x.Items) != len(y.Items) {
			return false
		}
		for i := range x.Items {
			if x != y && !r.equal(x.Items[i], y.Items[i]) {
				return false
			}
		}
		return true
	case *Dict:
		y, ok := b.(*Dict)
		if !ok || len(x.Keys) != len(y.Keys) {
			return false
		}
		for _, k := range x.Keys {
			if other, ok := y.Values[k]; x != y && (!ok || !r.equal(x.Values[k], other)) {
				return false
			}
		}
		return true
	case *iterator:
		y, ok := b.(*iterator)
		return ok && x == y
	case *namespace:
		y, ok := b.(*namespace)
		return ok && x == y
	case *function:
		y, ok := b.(*function)
		return ok && x == y
	}
	return false
}

// order returns -1, 0 or 1 where a stands before, with or behind b; not ok where that can't be said (a NaN).
func (r *renderer) order(a, b any) (c int, ok bool, err error) {
	if x, y, ok := floats(a, b); ok {
		i, first := number(a).(int64)
		j, second := number(b).(int64)
		switch {
		case first && second && i < j, !(first && second) && x < y:
			return -1, true, nil
		case first && second && i > j, !(first && second) && x > y:
			return 1, true, nil
		}
		return 0, x == y, nil
	}
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y), true, nil
		}
	case *List:
		if y, ok := b.(*List); ok && x.tuple == y.tuple {
			for i := range min(len(x.Items), len(y.Items)) {
				if !r.equal(x.Items[i], y.Items[i]) {
					return r.order(x.Items[i], y.Items[i])
				}
			}
			return r.order(int64(len(x.Items)), int64(len(y.Items)))
		}
	}
	return 0, false, fmt.Errorf("%s and %s can't be ordered", describe(a), describe(b))
}

// compare tells whether an operator of comparisons holds.
func (r *renderer) compare(op string, a, b any) (bool, error) {
	a, b = unmarked(a), unmarked(b)
	switch op {
	case "==":
		return r.equal(a, b), nil
	case "!=":
		return !r.equal(a, b), nil
	case "in":
		return r.in(a, b)
	case "not in":
		holds, err := r.in(a, b)
		return !holds, err
	}
	c, ok, err := r.order(a, b)
	switch op {
	case "<":
		return ok && c < 0, err
	case "<=":
		return ok && c <= 0, err
	case ">":
		return ok && c > 0, err
	}
	return ok && c >= 0, err
}

// in tells whether a is in b.
func (r *renderer) in(a, b any) (bool, error) {
	switch b := b.(type) {
	case string:
		s, ok := a.(string)
		if !ok {
			return false, fmt.Errorf("%s can't be in a string", describe(a))
		}
		return strings.Contains(b, s), nil
	case *Dict:
		k, err := hashable(a)
		if err != nil {
			return false, err
		}
		_, ok := b.Values[k]
		return ok, nil
	}
	items, err := iterate(b)
	if err != nil {
		return false, fmt.Errorf("nothing can be in %s", describe(b))
	}
	for _, item := range items {
		if r.equal(a, item) {
			return true, nil
		}
	}
	return false, nil
}

// calculate applies an operator of arithmetic.
func (r *renderer) calculate(op string, a, b any) (any, error) {
	if v, ok := r.marked(op, a, b); ok {
		return v, nil
	}
	a, b = unmarked(a), unmarked(b)
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok && op == "+" {
			r.size(len(x) + len(y))
			return x + y, nil
		}
		if op == "%" {
			return r.percent(x, b)
		}
	case *List:
		if y, ok := b.(*List); ok && op == "+" && x.tuple == y.tuple {
			l := r.list(append(x.Items[:len(x.Items):len(x.Items)], y.Items...))
			l.tuple = x.tuple
			return l, nil
		}
	}
	if op == "*" {
		if v, ok := r.repeat(a, b); ok {
			return v, nil
		}
		if v, ok := r.repeat(b, a); ok {
			return v, nil
		}
	}
	i, first := number(a).(int64)
	j, second := number(b).(int64)
	if first && second && op != "/" && !(op == "**" && j < 0) {
		return integers(op, i, j)
	}
	x, y, ok := floats(a, b)
	if !ok {
		return nil, fmt.Errorf("%s is not defined for %s and %s", op, describe(a), describe(b))
	}
	switch op {
	case "+":
		return x + y, nil
	case "-":
		return x - y, nil
	case "*":
		return x * y, nil
	case "**":
		return math.Pow(x, y), nil
	}
	if y == 0 {
		return nil, fmt.Errorf("division by zero")
	}
	switch op {
	case "/":
		return x / y, nil
	case "//":
		return math.Floor(x / y), nil
	}
	rest := math.Mod(x, y)
	if rest != 0 && (rest < 0) != (y < 0) {
		rest += y
	}
	return rest, nil
}

// marked adds texts of which at least one is markup.
func (r *renderer) marked(op string, a, b any) (any, bool) {
	_, first := a.(markup)
	_, second := b.(markup)
	if op != "+" || !first && !second {
		return nil, false
	}
	var parts [2]string
	for i, v := range [2]any{a, b} {
		switch v := v.(type) {
		case markup:
			parts[i] = string(v)
		case string:
			parts[i] = escapeHTML.Replace(v)
		default:
			return nil, false
		}
	}
	r.size(len(parts[0]) + len(parts[1]))
	return markup(parts[0] + parts[1]), true
}

// integers applies an operator whose result is an integer.
func integers(op string, i, j int64) (any, error) {
	var v int64
	ok := true
	switch op {
	case "+":
		v = i + j
		ok = (v > i) == (j > 0)
	case "-":
		v = i - j
		ok = (v < i) == (j > 0)
	case "*":
		v = i * j
		ok = i == 0 || v/i == j && !(i == -1 && j == math.MinInt64)
	case "**":
		v = 1
		for n := int64(0); n < j && ok && v != 0 && !(i == 1 || i == -1 && n > 1); n++ {
			next := v * i
			ok = i == 0 || next/i == v
			v = next
		}
		if i == -1 && j%2 == 0 {
			v = 1
		} else if i == -1 {
			v = -1
		}
	default:
		if j == 0 {
			return nil, fmt.Errorf("division by zero")
		}
		q, rest := i/j, i%j
		if rest != 0 && (rest < 0) != (j < 0) {
			q, rest = q-1, rest+j
		}
		if v = q; op == "%" {
			v = rest
		}
	}
	if !ok {
		return nil, fmt.Errorf("%d %s %d is beyond 64 bits", i, op, j)
	}
	return v, nil
}

// repeat returns a text or list that comes so many times.
func (r *renderer) repeat(v, times any) (any, bool) {
	n, ok := number(times).(int64)
	if !ok {
		return nil, false
	}
	n = max(n, 0)
	switch v := v.(type) {
	case string:
		if len(v) > 0 {
			n = min(n, maxText+1)
		} else {
			n = 0
		}
		r.size(len(v) * int(n))
		return strings.Repeat(v, int(n)), true
	case *List:
		if len(v.Items) == 0 {
			n = 0
		}
		n = min(n, maxItems+1)
		if len(v.Items)*int(n) > maxItems {
			panic(limit(fmt.Sprintf("list of more than %d items", maxItems)))
		}
		var items []any
		for range n {
			items = append(items, v.Items...)
		}
		l := r.list(items)
		l.tuple = v.tuple
		return l, true
	}
	return nil, false
}
