package main

import (
	"encoding/json"
	"encoding/xml"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/screen"
	"github.com/seahorse-ml/seahorse/internal/view"
)

// looks runs `finetune show` and reads what --json prints.
func looks[V any](t *testing.T, args ...string) (v V) {
	t.Helper()
	out, _ := succeed(t, "", append([]string{"show"}, append(args, "--json")...)...)
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("%v in %.200q", err, out)
	}
	return v
}

// fits runs `finetune show` at several widths of a screen, and checks that no line is wider.
func fits(t *testing.T, args ...string) {
	t.Helper()
	for _, columns := range []string{"50", "80"} {
		t.Setenv("COLUMNS", columns)
		out, _ := succeed(t, "", append([]string{"show"}, args...)...)
		if strings.Contains(out, "\x1b") {
			t.Errorf("%v: colours on no terminal", args)
		}
		for line := range strings.Lines(out) {
			line = strings.TrimSuffix(line, "\n")
			if n := screen.Columns(line); columns == "50" && n > 50 || n > 80 {
				t.Errorf("%v: %d columns of %s: %q", args, n, columns, line)
			}
			if strings.HasSuffix(line, " ") {
				t.Errorf("%v: spaces at the end of %q", args, line)
			}
		}
	}
}

// page runs `finetune show --html` and returns the page, which may ask for nothing else.
func page(t *testing.T, args ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "page.html")
	succeed(t, "", append([]string{"show"}, append(args, "--html", file)...)...)
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	for _, asks := range []string{"src=\"http", "href=\"http", "url(", "<link rel=\"style", "import "} {
		if strings.Contains(text, asks) {
			t.Errorf("%v: the page has %q", args, asks)
		}
	}
	return text
}

func TestShow(t *testing.T) {
	dir := t.TempDir()
	c := newClassifiers(t, dir)
	decoder, classifier := filepath.Join(dir, "decoder"), c.model["classification"]
	newModel(t, "llama", c.encoder, decoder)
	text := "a rose 玫瑰 <b>"

	tokens := looks[view.Tokens](t, "tokens", "--model", decoder, text)
	if n := len(tokens.Tokens); len(tokens.Expected) != n || tokens.Expected[n-1].Token != nil || tokens.Expected[0].Token.ID != tokens.Tokens[1].ID {
		t.Errorf("%d tokens, %d views", n, len(tokens.Expected))
	}
	for _, e := range tokens.Expected {
		if len(e.Top) < 5 || e.Top[0].Probability < e.Top[1].Probability || e.Token != nil && (e.Rank < 1 || e.Probability <= 0) {
			t.Errorf("%+v", e)
		}
	}
	written := looks[view.Tokens](t, "tokens", "--model", decoder, text, "--max-new-tokens", "3")
	if len(written.Tokens) <= len(tokens.Tokens) {
		t.Error("nothing was written behind the text")
	}

	lens := looks[view.Lens](t, "lens", "--model", decoder, text)
	last := lens.Layers[len(lens.Layers)-1]
	for i, cell := range last.Cells {
		if want := tokens.Expected[i].Top[0]; cell.Top[0].ID != want.ID || math.Abs(cell.Top[0].Probability-want.Probability) > 1e-5 {
			t.Errorf("the last layer says %v at %d, and the model %v", cell.Top[0], i, want)
		}
	}
	classes := looks[view.Lens](t, "lens", "--model", classifier, "a rose")
	if top := classes.Layers[0].Cells[0].Top; !classes.Classes || len(top) != 2 || top[0].Text != "<low>" && top[0].Text != "high" {
		t.Errorf("classes %+v", top)
	}

	attention := looks[view.Attention](t, "attention", "--model", decoder, text, "--layer", "0")
	if len(attention.Layers) != 1 || len(attention.Layers[0].Weights[0]) != len(attention.Tokens) {
		t.Errorf("%d layers", len(attention.Layers))
	}

	why := looks[view.Attributions](t, "attribution", "--model", classifier, "a rose b", "--target", "high", "--target", "<low>", "--baseline", "zero")
	if len(why.Targets) != 2 || why.Score != "logit" || len(why.Targets[0].Tokens) != len(why.Tokens) {
		t.Errorf("%+v", why)
	}
	sum := 0.0
	for _, x := range why.Targets[0].Tokens {
		sum += x
	}
	if g := why.Targets[0]; math.Abs(sum-(g.Value-*g.From)-*g.Error) > 1e-4 {
		t.Errorf("the parts add up to %g, from %g to %g with an error of %g", sum, *g.From, g.Value, *g.Error)
	}
	if next := looks[view.Attributions](t, "attribution", "--model", decoder, text, "--steps", "4"); next.Targets[0].Target.ID != tokens.Expected[len(tokens.Expected)-1].Top[0].ID {
		t.Errorf("the next token is %v", next.Targets[0].Target)
	}
	looks[view.Attributions](t, "attribution", "--model", c.model["regression"], "a rose b", "--method", "gradient-input")
	looks[view.Attributions](t, "attribution", "--model", c.model["token-classification"], "a b", "--position", "1", "--steps", "2")

	plane := looks[view.Plane](t, "map", "--model", c.encoder, "a rose", "a b", "--layer", "0")
	if len(plane.Points) == 0 || plane.Points[len(plane.Points)-1].Of != 1 {
		t.Errorf("%+v", plane)
	}
	near := looks[view.Plane](t, "map", "--model", c.encoder, "a rose", "a b", "--layer", "0", "--method", "tsne", "--iterations", "50")
	if len(near.Points) != len(plane.Points) || near.Points[0].X == plane.Points[0].X || !strings.HasPrefix(near.Method, "t-SNE") || near.Shares != [2]float64{} {
		t.Errorf("%+v", near)
	}

	pair := filepath.Join(dir, "transformer")
	both := looks[view.Attention](t, "attention", "--model", pair, "abc", "--answer", "AB")
	parts := map[string]int{}
	for _, l := range both.Layers {
		parts[l.Part]++
	}
	if parts["encoder"] != 1 || parts["decoder"] != 1 || parts["cross"] != 1 || len(both.Source) == 0 || both.Start == nil {
		t.Errorf("parts %v of an encoder-decoder", parts)
	}

	for _, args := range [][]string{
		{"tokens", "--model", pair, "abc"}, {"lens", "--model", pair, "abc"}, {"attention", "--model", pair, "abc"}, {"map", "--model", pair, "abc"},
		{"attribution", "--model", pair, "abc", "--steps", "3", "--position", "0"}, {"tokens", "--model", c.encoder, "abc"},
		{"tokens", "--model", decoder, text}, {"lens", "--model", decoder, text}, {"attention", "--model", decoder, text, "--head", "0"},
		{"attribution", "--model", classifier, text}, {"map", "--model", decoder, text},
	} {
		fits(t, args...)
		if got := page(t, args...); strings.Contains(got, "<b>") {
			t.Errorf("%v: the text isn't escaped", args)
		}
	}
	for want, args := range map[string][]string{
		"give a text":                      {"tokens", "--model", decoder},
		"2 texts, expected one":            {"lens", "--model", decoder, "a", "b"},
		"no head for a vocabulary":         {"tokens", "--model", classifier, "a"},
		"expected one of":                  {"attribution", "--model", classifier, "a", "--target", "middle"},
		"--head 9":                         {"attention", "--model", decoder, "a", "--head", "9"},
		"layer 9, expected 0 to":           {"attention", "--model", decoder, "a", "--layer", "9"},
		"--layer 9: expected 0 to":         {"map", "--model", decoder, "a b", "--layer", "9"},
		"need the --position":              {"attribution", "--model", c.model["token-classification"], "a"},
		"writes no answers":                {"attention", "--model", classifier, "a", "--answer", "b"},
		"--baseline is for integrated":     {"attribution", "--model", classifier, "a", "--baseline", "zero", "--method", "gradient-input"},
		"the lens shows probabilities":     {"lens", "--model", c.model["regression"], "a"},
		"values, which have none":          {"attribution", "--model", c.model["regression"], "a", "--score", "probability"},
		"lets the model write what":        {"tokens", "--model", decoder, "a", "--answer", "b", "--max-new-tokens", "2"},
		"the second text of a pair is for": {"tokens", "--model", decoder, "a", "--text-pair", "b"},
	} {
		if status, _, stderr := finetune(t, "", append([]string{"show"}, args...)...); status == 0 || !strings.Contains(stderr, want) {
			t.Errorf("%v: status %d, want an error with %q, got %q", args, status, want, stderr)
		}
	}
}

func TestShowLandscape(t *testing.T) {
	dir := t.TempDir()
	encoder, _ := newModels(t, dir)
	decoder := filepath.Join(dir, "decoder")
	newModel(t, "gpt2", encoder, decoder)
	text := write(t, filepath.Join(dir, "text.txt"), strings.Repeat("a rose is a rose ", 40))
	t.Chdir(dir) // paths are shown as they are given, whatever they are
	args := []string{"landscape", "--model", "decoder", "--data", "text.txt", "--points", "5", "--reach", "0.5", "--rows", "0"}
	var found struct {
		Along  []float64
		Losses [][]float64
	}
	out, _ := succeed(t, "", append([]string{"show"}, append(args, "--json")...)...)
	if err := json.Unmarshal([]byte(out), &found); err != nil {
		t.Fatal(err)
	}
	if len(found.Along) != 5 || found.Along[0] != -0.5 || found.Along[2] != 0 || len(found.Losses) != 5 || len(found.Losses[0]) != 5 {
		t.Fatalf("%+v", found)
	}
	if own := evalLoss(t, decoder, text); math.Abs(found.Losses[2][2]-own) > 1e-6 {
		t.Errorf("the loss in the middle is %g, and that of eval %g", found.Losses[2][2], own)
	}
	if found.Losses[0][0] == found.Losses[4][4] || found.Losses[2][0] == found.Losses[0][2] {
		t.Error("the directions don't differ")
	}
	fits(t, args...)
	if got := page(t, args...); !strings.Contains(got, "<svg") {
		t.Error("the page has no picture")
	}
	svg := filepath.Join(dir, "field.svg")
	succeed(t, "", append([]string{"show"}, append(args, "--svg", svg)...)...)
	content, err := os.ReadFile(svg)
	if err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(content, new(struct{})); err != nil {
		t.Errorf("the picture: %v", err)
	}
	if status, _, stderr := finetune(t, "", "show", "landscape", "--model", decoder, "--data", text, "--points", "4"); status == 0 || !strings.Contains(stderr, "odd number") {
		t.Errorf("status %d, %s", status, stderr)
	}
}
