package jinja

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

var now = time.Date(2025, 3, 7, 15, 4, 5, 0, time.UTC)

// goldens are what testdata/goldens.py wrote.
func goldens(t testing.TB) (variables map[string]any, cases []any) {
	t.Helper()
	data, err := os.ReadFile("testdata/goldens.json")
	if err != nil {
		t.Fatal(err)
	}
	o, err := orderedjson.DecodeObject(data)
	if err != nil {
		t.Fatal(err)
	}
	return o.Values["variables"].(*orderedjson.Object).Values, o.Values["cases"].([]any)
}

// Every template renders as transformers renders it, and where that raises, there is an error.
func TestGoldens(t *testing.T) {
	variables, cases := goldens(t)
	for _, c := range cases {
		source := c.(*orderedjson.Object).Values["source"].(string)
		want, ok := c.(*orderedjson.Object).Values["want"].(string)
		got, err := render(source, variables)
		switch {
		case !ok && err == nil:
			t.Errorf("%q: got %q, expected an error", source, got)
		case ok && err != nil:
			t.Errorf("%q: %v", source, err)
		case ok && got != want:
			t.Errorf("%q\n got %q\nwant %q", source, got, want)
		}
	}
}

func render(source string, variables map[string]any) (string, error) {
	template, err := Parse(source)
	if err != nil {
		return "", err
	}
	return template.Render(variables, Options{Now: now})
}

// Templates that would never end, or take all memory or the whole stack, give up.
func TestBounds(t *testing.T) {
	for name, source := range map[string]string{
		"macro that calls itself": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
		"macros in turn":          "{% macro f() %}{{ g() }}{% endmacro %}{% macro g() %}{% call f() %}{% endcall %}{% endmacro %}{{ g() }}",
		"loops in each other":     "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
		"text that doubles":       "{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
		"list that doubles":       "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
		"lists in lists":          "{% set ns = namespace(x=[]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
		"lists in lists as JSON":  "{% set ns = namespace(x=[]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x | tojson }}",
		"lists in lists compared": "{% set ns = namespace(x=[], y=[]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% set ns.y = [ns.y, ns.y] %}{% endfor %}{{ ns.x == ns.y }}",
		"repeated text":           "{{ 'abc' * 999999999999 }}",
		"repeated list":           "{{ [1, 2] * 999999999999 }}",
		"padding":                 "{{ 'a'.ljust(999999999999) }}",
		"indentation":             "{{ 'a\nb' | indent(999999999999) }}",
		"brackets":                "{{ " + strings.Repeat("(", 100_000) + "1" + strings.Repeat(")", 100_000) + " }}",
		"not":                     "{{ " + strings.Repeat("not ", 100_000) + "1 }}",
		"signs":                   "{{ " + strings.Repeat("-", 100_000) + "1 }}",
		"conditions":              "{{ " + strings.Repeat("1 if 0 else ", 50_000) + "1 }}",
		"blocks":                  strings.Repeat("{% if 1 %}", 50_000),
		"recursive loop":          "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
		"format":                  "{{ '%99999999s' % 'x' }}",
		"a long template":         strings.Repeat("x", maxSource+1),
	} {
		t.Run(name, func(t *testing.T) {
			if text, err := render(source, nil); err == nil {
				t.Errorf("got a text of %d bytes, expected an error", len(text))
			}
		})
	}
}

func TestErrorsNameTheLine(t *testing.T) {
	for source, want := range map[string]string{
		"a\nb {{ missing.x }}": `template line 2: "missing" is undefined`,
		"{% if x %}\n\n{{ raise_exception('stop') }}{% endif %}": "template line 3: stop",
		"\n{% nope %}":      `template line 2: unknown tag "nope"`,
		"{% for x in y %}":  "expected {% endfor %}, got the end",
		"{{ 1 | nope }}":    `no filter named "nope"`,
		"{{ 'a' + 1 }}":     "+ is not defined for str and int",
		"{% include 'x' %}": `tag "include" is not supported`,
	} {
		_, err := render(source, map[string]any{"x": true})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", source, err, want)
		}
	}
}

func TestGenerationMarks(t *testing.T) {
	template, err := Parse("a{% generation %}b{% set x %}{% generation %}c{% endgeneration %}{% endset %}{{ x }}{% endgeneration %}d")
	if err != nil {
		t.Fatal(err)
	}
	got, err := template.Render(nil, Options{GenerationBegin: "<", GenerationEnd: ">"})
	if want := "a<b<c>>d"; got != want || err != nil || !template.Generates() {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// Whatever a template holds, it renders or is refused, and doesn't change its variables.
func FuzzRender(f *testing.F) {
	variables, cases := goldens(f)
	for _, c := range cases {
		f.Add(c.(*orderedjson.Object).Values["source"].(string))
	}
	before := string(orderedjson.Append(nil, any(variables["d"]), orderedjson.Format{}))
	f.Fuzz(func(t *testing.T, source string) {
		if len(source) > 2000 {
			return
		}
		if _, err := render(source, variables); err != nil && strings.Contains(err.Error(), "runtime error") {
			t.Fatal(err)
		}
		if after := string(orderedjson.Append(nil, any(variables["d"]), orderedjson.Format{})); after != before {
			t.Fatalf("%q changed its variables", source)
		}
	})
}
