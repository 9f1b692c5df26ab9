package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// makeRun writes the files of a run.
func makeRun(t *testing.T, dir string, files map[string]string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// metrics are lines of so many steps.
func metrics(steps int) string {
	var b strings.Builder
	for i := 1; i <= steps; i++ {
		fmt.Fprintf(&b, `{"step":%d,"loss":%g,"grad_norm":1,"learning_rate":0.001,"tokens":%d,"tokens_per_second":1000,"rewards/margins":%g`, i, 4/float64(i), 10*i, float64(i))
		if i%5 == 0 {
			fmt.Fprintf(&b, `,"eval_loss":%g`, 5/float64(i))
		}
		b.WriteString("}\n")
	}
	return b.String()
}

func page(t *testing.T, dirs ...string) string {
	t.Helper()
	r, err := Make(dirs)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := r.WriteHTML(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestPageOfOneRun(t *testing.T) {
	dir := makeRun(t, filepath.Join(t.TempDir(), "mine"), map[string]string{
		"metrics.jsonl": metrics(50) + `{"step":51,"lo`,
		"run.yaml":      "command: pretrain\nmax_steps: 100\nlearning_rate: 0.001\ndata:\n  - a.txt\n  - b.txt\n",
		"samples.jsonl": "{\"step\":5,\"text\":\"Once\"}\n{\"step\":10,\"text\":\"upon 诗\"}\n",
		"system.jsonl":  "{\"step\":1,\"time\":1,\"memory\":2147483648}\n",
	})
	text := page(t, dir)
	for _, want := range []string{"<title>mine</title>", "50 of 100", "stopped", "Once", "upon 诗", "a.txt, b.txt", "Rewards/margins", "2.00 GiB", "<h3>Loss</h3>", "<h3>Memory</h3>", "0.1 at 50"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	for _, other := range []string{"What differs", "http://", "https://"} {
		if strings.Contains(strings.ReplaceAll(text, "http://www.w3.org/2000/svg", ""), other) {
			t.Errorf("the page has %q", other)
		}
	}
}

func TestPageOfSeveralRuns(t *testing.T) {
	root := t.TempDir()
	var dirs []string
	for i := range 5 {
		dirs = append(dirs, makeRun(t, filepath.Join(root, fmt.Sprint("group", i%2), fmt.Sprint("run", i/2)), map[string]string{
			"metrics.jsonl": metrics(20), "run.yaml": fmt.Sprintf("learning_rate: %d\nseed: 1\noutput_dir: %d\n", i, i),
		}))
	}
	r, err := Make(dirs)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Runs[1].Name; got != "group1/run0" {
		t.Errorf("a run is called %q: names are to be short and different", got)
	}
	if len(r.Differences) != 1 || r.Differences[0].What != "learning_rate" || r.Differences[0].Values[3] != "3" {
		t.Errorf("differences: %v", r.Differences)
	}
	var titles []string
	for _, c := range r.Charts {
		titles = append(titles, c.Title)
	}
	if got := strings.Join(titles, "; "); got != "Loss; Learning rate; Norm of the gradients; Speed; Rewards/margins; Validation: loss" {
		t.Errorf("charts: %s", got)
	}
}

// hostile is what must not become part of a page.
const hostile = `</script><script>alert(1)</script><img src=x onerror=alert(2)>"'&<!--`

// TestPageEscapes puts markup wherever a run can have it.
func TestPageEscapes(t *testing.T) {
	quoted, err := json.Marshal(hostile)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.ReplaceAll(hostile, "/", "\\")
	dir := makeRun(t, filepath.Join(t.TempDir(), "x"+name), map[string]string{
		"metrics.jsonl":   fmt.Sprintf("{\"step\":1,\"loss\":1,%s:1,\"eval_\\u003cscript>\":2}\nnonsense %s\n", quoted, hostile),
		"run.yaml":        fmt.Sprintf("%s: %s\n", quoted, quoted),
		"samples.jsonl":   fmt.Sprintf("{\"step\":1,\"text\":%s}\n", quoted),
		"provenance.json": fmt.Sprintf(`{"binary":{"version":%[1]s,"go":%[1]s},"machine":{"processor":%[1]s},"data":[{"path":%[1]s,"sha256":%[1]s}]}`, quoted),
	})
	two := makeRun(t, filepath.Join(t.TempDir(), "y"), map[string]string{"metrics.jsonl": metrics(3), "run.yaml": "a: 1\n"})
	text := page(t, dir, two)
	if n := strings.Count(text, "<script"); n != 2 {
		t.Errorf("%d scripts, expected the data and ours", n)
	}
	for _, tag := range []string{"<img", "<!--", "onerror=alert(2)>\"'"} {
		if strings.Contains(text, tag) {
			t.Errorf("the page has %q", tag)
		}
	}
	if !strings.Contains(text, "&lt;img src=x") {
		t.Error("the sample isn't shown as it is")
	}
	data := regexp.MustCompile(`(?s)<script type="application/json" id="data">(.*?)</script>`).FindStringSubmatch(text)
	var read struct{ Runs []struct{ Name string } }
	if data == nil || json.Unmarshal([]byte(data[1]), &read) != nil || read.Runs[0].Name != "x"+name {
		t.Errorf("the data of the page: %+v", read)
	}
}

// TestMakeBounds makes a page of many points, which stays small, and shows the highest.
func TestMakeBounds(t *testing.T) {
	var dirs []string
	for i := range 3 {
		var b strings.Builder
		for step := 1; step <= 30000; step++ {
			loss := 2 + float64(step%7)/100
			if step == 12345 {
				loss = 99
			}
			fmt.Fprintf(&b, "{\"step\":%d,\"loss\":%.12f,\"a\":%.12f,\"b\":1}\n", step, loss, 1/float64(step))
		}
		dirs = append(dirs, makeRun(t, filepath.Join(t.TempDir(), fmt.Sprint("r", i)), map[string]string{"metrics.jsonl": b.String()}))
	}
	r, err := Make(dirs)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Charts {
		for _, l := range c.Lines {
			if n := l.Shown.Points(); n > mostPoints {
				t.Errorf("%s: %d points", l.Label, n)
			}
			if c.Title == "Loss" && l.Kind == Raw && l.Shown.Values[l.Shown.Highest()] != 99 {
				t.Errorf("%s: the spike is thinned away", l.Label)
			}
		}
	}
	var out bytes.Buffer
	if err := r.WriteHTML(&out); err != nil || out.Len() > 1<<20 {
		t.Errorf("%d bytes, %v", out.Len(), err)
	}
}

func TestFigures(t *testing.T) {
	dir := makeRun(t, filepath.Join(t.TempDir(), "r"), map[string]string{"metrics.jsonl": metrics(30)})
	r, err := Make([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	var svg, image bytes.Buffer
	if err := errors.Join(r.WriteFigures(&svg, "svg"), r.WriteFigures(&image, "png")); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(svg.String(), "<svg") || !strings.Contains(svg.String(), "Loss") {
		t.Errorf("no figure: %.200s", svg.String())
	}
	if p, err := png.Decode(&image); err != nil || p.Bounds().Dx() < 1000 {
		t.Errorf("no picture: %v", err)
	}
	if err := r.WriteFigures(&svg, "gif"); err == nil {
		t.Error("a format that doesn't exist is taken")
	}
}

func TestNotARun(t *testing.T) {
	if _, err := Make([]string{t.TempDir()}); !errors.Is(err, ErrNoRun) {
		t.Errorf("an empty directory: %v", err)
	}
	dir := makeRun(t, filepath.Join(t.TempDir(), "r"), map[string]string{"run.yaml": "\t- broken: [", "metrics.jsonl": "", "provenance.json": "{"})
	r, err := Make([]string{dir})
	if err != nil || len(r.Runs[0].Notes) != 2 {
		t.Errorf("a damaged run: %v, %v", r, err)
	}
	var out bytes.Buffer
	if err := r.WriteHTML(&out); err != nil {
		t.Error(err)
	}
	if err := r.WriteFigures(&out, "svg"); err == nil {
		t.Error("figures of nothing are written")
	}
}

func TestPageOfSpikes(t *testing.T) {
	var lines strings.Builder
	for i := range 40 {
		fmt.Fprintf(&lines, `{"step":%d,"leaps":["loss"],"loss":%d,"usual_loss":2,"rows":[{"row":7,"place":"book.txt:12","loss":9.25,"text":"<b>a row</b> %s"},{"row":1234}]}`+"\n", 100+i, 9, strings.Repeat("诗", 30000))
	}
	dir := makeRun(t, filepath.Join(t.TempDir(), "mine"), map[string]string{"metrics.jsonl": metrics(20), "spikes.jsonl": lines.String() + `{"step":200,"error":"the loss is NaN"}` + "\n"})
	text := page(t, dir)
	for _, want := range []string{"Step 139: the loss leaps to 9, usual is 2; most in row 7, book.txt:12, with 9.25", "&lt;b&gt;a row&lt;/b&gt;", "1,234", "11 earlier ones", "Step 200: the loss is NaN"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if len(text) > 600000 {
		t.Errorf("the page has %d bytes: the texts aren't cut", len(text))
	}
	if text := page(t, makeRun(t, filepath.Join(t.TempDir(), "calm"), map[string]string{"metrics.jsonl": metrics(20)})); !strings.Contains(text, `id="spikes" hidden`) {
		t.Error("a run without spikes has a list of them")
	}
}

// TestPageOfRollouts shows what a run answered first and last, and leaves out what lies between, what is damaged and what is being written.
func TestPageOfRollouts(t *testing.T) {
	round := func(step, prompts int) string {
		var b strings.Builder
		for i := range prompts {
			for k := range 2 {
				fmt.Fprintf(&b, `{"step":%d,"prompt":"<b>%d.%d</b>","answer":"said %d","expected":"%d","tokens":1200,"ended":%t,"rewards":{"exact":%d},"reward":%d,"advantage":0.70711}`+"\n", step, step, i, k, i, k == 0, k, k)
			}
		}
		return b.String()
	}
	run := func(name, lines string) string {
		return makeRun(t, filepath.Join(t.TempDir(), name), map[string]string{"metrics.jsonl": metrics(20), "rollouts.jsonl": lines})
	}
	text := page(t, run("mine", round(1, 3)+"{\n"+round(2, 3)+round(1003, 13)+`{"step":1004,"prompt":"half`))
	for _, want := range []string{"Step 1: mean reward 0.5; &lt;b&gt;1.0&lt;/b&gt;", "Step 2: mean reward 0.5; &lt;b&gt;2.0", "<td>1</td><td>0.707</td><td>1,200, no end</td><td class=\"text\">said 1</td>", "Step 1,003",
		"rollouts.jsonl: lines that can&#39;t be read and are left out: 1"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	for _, never := range []string{";2.1&lt;", ";1003.0&lt;", "half", `id="rollouts" hidden`} {
		if strings.Contains(text, never) {
			t.Errorf("the page has %q", never)
		}
	}
	long := strings.Repeat("诗", 3000)
	var b strings.Builder
	for step := 1; step <= 400; step++ {
		fmt.Fprintf(&b, `{"step":%d,"prompt":"p%d","answer":%q,"reward":null}`+"\n", step, step, long)
	}
	text = page(t, run("long", b.String()))
	for _, want := range []string{"mean reward –; p1<", "; p4<", "; p389<", "; p400<"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if strings.Contains(text, "; p5<") || strings.Contains(text, "; p388<") || len(text) > 600000 {
		t.Errorf("the page has %d bytes, or prompts of the middle", len(text))
	}
	if text := page(t, run("none", "")); !strings.Contains(text, `id="rollouts" hidden`) {
		t.Error("a run without answers has a list of them")
	}
}

// TestPageOfLayers shows figures of layers in their order, and how their numbers are spread.
func TestPageOfLayers(t *testing.T) {
	var layers, spreads strings.Builder
	for step := 10; step <= 50; step += 10 {
		fmt.Fprintf(&layers, `{"gradient_norm/h.10":%d,"gradient_norm/h.2":3,"dead_units/h.2":0.25,"step":%d}`+"\n", step, step)
		fmt.Fprintf(&spreads, `{"step":%d,"layer":"h.2","of":"weights","count":4,"min":-7,"max":8,"mean":0,"rms":1,"quantiles":[-3,-2,0,2,3],"limits":[8],"counts":[4]}`+"\n", step)
	}
	files := map[string]string{"metrics.jsonl": metrics(50), "layers.jsonl": layers.String(), "histograms.jsonl": spreads.String()}
	dir := makeRun(t, filepath.Join(t.TempDir(), "mine"), files)
	text := page(t, dir)
	for _, want := range []string{"Norm of the gradients by layer", "Dead units by layer", "Weights of h.2", "95% below", `<details class="group" open>`} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if strings.Index(text, `"label":"h.2"`) > strings.Index(text, `"label":"h.10"`) {
		t.Error("layer 10 stands before layer 2")
	}
	norms := map[string]string{"metrics.jsonl": metrics(50), "gradients.jsonl": `{"gradient_norm/h.0":1,"step":10}` + "\n" + `{"gradient_norm/h.0":2,"step":20}` + "\n"}
	if text := page(t, makeRun(t, filepath.Join(t.TempDir(), "plain"), norms)); !strings.Contains(text, "Norm of the gradients by layer") || strings.Contains(text, "Dead units") {
		t.Error("a run without looks inside: expected the norms of gradients by layer, and nothing else of layers")
	}
	if text := page(t, dir, makeRun(t, filepath.Join(t.TempDir(), "other"), files)); !strings.Contains(text, "other: Norm of the gradients by layer") || strings.Contains(text, "Weights of h.2") {
		t.Error("two runs: expected charts of the layers of each, and none of how numbers are spread")
	}
}
