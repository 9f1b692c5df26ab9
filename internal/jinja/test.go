package jinja

import (
	"fmt"
	"strings"
)

// operatorTests are tests that are operators under other names.
var operatorTests = map[string]string{
	"eq": "==", "equalto": "==", "==": "==", "ne": "!=", "!=": "!=", "lt": "<", "lessthan": "<", "<": "<", "le": "<=", "<=": "<=",
	"gt": ">", "greaterthan": ">", ">": ">", "ge": ">=", ">=": ">=", "in": "in",
}

// test tells whether the test of a name holds for v.
func (r *renderer) test(name string, v any, args arguments) (bool, error) {
	r.work(1)
	_, escaped := v.(markup)
	v = unmarked(v)
	if op, ok := operatorTests[name]; ok {
		if err := args.check("test "+name, 1, 1); err != nil {
			return false, err
		}
		return r.compare(op, v, args.items[0])
	}
	switch name {
	case "divisibleby":
		if err := args.check("test "+name, 1, 1); err != nil {
			return false, err
		}
		rest, err := r.calculate("%", v, args.items[0])
		return err == nil && !truth(rest), err
	case "sameas":
		if err := args.check("test "+name, 1, 1); err != nil {
			return false, err
		}
		return typeName(v) == typeName(args.items[0]) && r.equal(v, args.items[0]), nil
	}
	if err := args.check("test "+name, 0, 0); err != nil {
		return false, err
	}
	_, missing := v.(undefined)
	_, isString := v.(string)
	_, isInt := v.(int64)
	_, isFloat := v.(float64)
	_, isBool := v.(bool)
	_, isDict := v.(*Dict)
	_, isList := v.(*List)
	switch name {
	case "defined":
		return !missing, nil
	case "undefined":
		return missing, nil
	case "none":
		return v == nil, nil
	case "boolean":
		return isBool, nil
	case "true":
		return v == true, nil
	case "false":
		return v == false, nil
	case "integer":
		return isInt, nil
	case "float":
		return isFloat, nil
	case "number":
		return isInt || isFloat || isBool, nil
	case "string":
		return isString, nil
	case "mapping":
		return isDict, nil
	case "sequence":
		return isString || isDict || isList || missing, nil
	case "iterable":
		_, generator := v.(*iterator)
		_, inLoop := v.(*loop)
		return isString || isDict || isList || missing || generator || inLoop, nil
	case "callable":
		_, isFunction := v.(*function)
		return isFunction || missing, nil
	case "upper", "lower":
		s := r.str(v)
		same := s == strings.ToUpper(s)
		if name == "lower" {
			same = s == strings.ToLower(s)
		}
		return same && strings.ToUpper(s) != strings.ToLower(s), nil
	case "odd", "even":
		rest, err := r.calculate("%", v, int64(2))
		return err == nil && truth(rest) == (name == "odd"), err
	case "filter":
		s, _ := v.(string)
		_, ok := filters[s]
		return ok, nil
	case "escaped":
		return escaped, nil
	}
	return false, fmt.Errorf("no test named %q", name)
}
