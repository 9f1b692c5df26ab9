package tool

import (
	"context"
	"encoding/json"
)

// Calculator computes what Calculate does.
type Calculator struct{}

// Spec names it "calculator".
func (Calculator) Spec() Spec {
	return Spec{
		Name:        "calculator",
		Description: "Computes an expression of numbers with + - * / % ** and parentheses, and abs, ceil, floor, max, min, round and sqrt.",
		Parameters:  json.RawMessage(`{"type": "object", "properties": {"expression": {"type": "string"}}, "required": ["expression"]}`),
	}
}

// Call computes the argument "expression".
func (Calculator) Call(_ context.Context, arguments json.RawMessage) (string, error) {
	var a struct{ Expression string }
	if err := json.Unmarshal(arguments, &a); err != nil {
		return "", err
	}
	return Calculate(a.Expression)
}
