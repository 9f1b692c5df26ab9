package tool

import (
	"strings"
	"testing"
)

func TestCalculate(t *testing.T) {
	for expression, want := range map[string]string{
		"1 + 2 * 3": "7", "(1+2)*3": "9", "-2**2": "-4", "2**-2": "0.25", "2^3^2": "512", "1/3": "0.333333333333", "0.1+0.2": "0.3", "7 // 2": "3", "-7 // 2": "-4", "-7 % 3": "2", "7.5 % 2": "1.5",
		"1e3": "1000", "1_000*2": "2000", "sqrt(16)": "4", "sqrt(2)": "1.414213562373", "sqrt(1/4)": "0.5", "max(1, 2, 3) - min(4, 5)": "-1", "round(2.5) + round(-2.5)": "0", "ceil(1.2)*floor(-1.2)": "-4",
		"abs(-3)": "3", "12 × 3 ÷ 4 − 1": "8", "123456789123456789 * 987654321": "121932631234567900112635269", "0**0": "1", "(-1)**1000001": "-1", "2**0.5": "1.41421356237", "--3": "3", "1e-20": "1e-20",
		"round(2*pi)": "6",
	} {
		got, err := Calculate(expression)
		if err != nil || got != want && !strings.HasPrefix(got, want) {
			t.Errorf("%s = %s (%v), expected %s", expression, got, err, want)
		}
	}
	for expression, want := range map[string]string{
		"": "ends where a number", "1 +": "ends where", "2 ** 3 4": `"4" at place 8`, "1/0": "division by 0", "5 % (1-1)": "division by 0", "0**-1": "division by 0", "9**9**9": "digits", "2**1e99": "digits",
		"1e9999": "999 places", "(1": "isn't closed", "sin(1)": "isn't known", "sqrt(-1)": "below 0", "sqrt(1,2)": "takes 1", "1..2": "isn't a number", strings.Repeat("(", 200): "in each other", "__import__": "isn't expected",
		strings.Repeat("1+", 2000): "bytes", "abs 3": "expected (", strings.Repeat("2**", 101) + "2": "in each other",
	} {
		if got, err := Calculate(expression); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s = %s, %v, expected %s", expression, got, err, want)
		}
	}
}

func FuzzCalculate(f *testing.F) {
	for _, s := range []string{"1 + 2 * (3 - 4)", "2**-3", "sqrt(2, 1)", "max(1,", "1e5%7//2", "9**9**9", "..", "-", "pi^e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if v, err := Calculate(s); (v == "") == (err == nil) {
			t.Errorf("%q: %q, %v", s, v, err)
		}
	})
}
