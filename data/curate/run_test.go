package curate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/data"
)

// source writes a file and opens it.
func source(t testing.TB, name, content string) *data.Source {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := data.OpenSource(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// prepared returns the lines of the parts.
func prepared(t testing.TB, s *data.Source, c Config) (map[string]string, Report) {
	t.Helper()
	set, err := Run(t.Context(), s, c)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	folder := t.TempDir()
	names, err := set.Write(folder, data.JSONLines)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(name), ".jsonl")] = string(b)
	}
	if _, err := os.Stat(ReportName(folder)); err != nil {
		t.Error(err)
	}
	if _, err := set.Write(folder, data.JSONLines); err == nil || !strings.Contains(err.Error(), "is already there") {
		t.Errorf("error is %v", err)
	}
	return out, set.Report
}

// outOf returns what the stages took out.
func outOf(r Report) string {
	var all []string
	for _, s := range r.Stages {
		if s.Out > 0 {
			all = append(all, fmt.Sprintf("%s %d", s.Name, s.Out))
		}
	}
	return strings.Join(all, ", ")
}

// TestStages checks what each stage keeps and takes out, and that it says where.
func TestStages(t *testing.T) {
	const lines = `{"text": "one two three", "id": 1}
{"text": ""}
{"text": "one two three", "id": 2}
{"text": "four"}
{"prompt": "five", "completion": "six"}
{"text": "it has 123 in it"}
`
	for _, c := range []struct {
		config    Config
		want, out string
	}{
		{Config{}, "1,3,4,5,6", "empty 1"},
		{Config{Dedup: ExactDedup}, "1,4,5,6", "empty 1, exact 1"},
		{Config{Dedup: NearDedup}, "1,4,5,6", "empty 1, exact 1"},
		{Config{MinLength: 5}, "1,3,5,6", "empty 1, length 1"},
		{Config{MaxLength: 8}, "4,5", "empty 1, length 3"},
		{Config{MinLength: 8, MaxLength: 8}, "5", "empty 1, length 4"},
		{Config{Match: []*regexp.Regexp{regexp.MustCompile("[aeiou]"), regexp.MustCompile("t")}}, "1,3,6", "empty 1, match 2"},
		{Config{Reject: []*regexp.Regexp{regexp.MustCompile(`\d{3}`), regexp.MustCompile("^four$")}}, "1,3,5", "empty 1, match 2"},
		{Config{Limit: 2}, "1,3", "empty 1, limit 3"},
	} {
		got, report := prepared(t, source(t, "a.jsonl", lines), c.config)
		var want strings.Builder
		for line := range strings.SplitSeq(c.want, ",") {
			want.WriteString(strings.SplitAfter(lines, "\n")[line[0]-'1'])
		}
		if got["train"] != want.String() || outOf(report) != c.out || report.Read != 6 || report.Written["train"] != len(strings.Split(c.want, ",")) {
			t.Errorf("%+v: took out %s, got\n%swant\n%s", c.config, outOf(report), got["train"], want.String())
		}
	}
	_, report := prepared(t, source(t, "a.jsonl", lines), Config{Dedup: ExactDedup})
	if e := report.Stages[3].Examples; len(e) != 1 || !strings.Contains(e[0], "a.jsonl:3: the same as ") || !strings.HasSuffix(e[0], "a.jsonl:1") {
		t.Errorf("examples are %q", e)
	}
}

// TestDivision checks that shuffle and split follow from the seed, lose nothing and keep nothing twice.
func TestDivision(t *testing.T) {
	var lines []string
	for i := range 200 {
		lines = append(lines, fmt.Sprintf("{\"text\": \"number %d\"}\n", i))
	}
	s := source(t, "a.jsonl", strings.Join(lines, ""))
	c := Config{Shuffle: true, Seed: 1, Validation: 0.1, Test: 0.05}
	got, report := prepared(t, s, c)
	all := strings.SplitAfter(got["train"]+got["validation"]+got["test"], "\n")
	if all = all[:len(all)-1]; report.Written["train"] != 170 || report.Written["validation"] != 20 || report.Written["test"] != 10 || slices.Equal(all, lines) {
		t.Errorf("written %v", report.Written)
	}
	slices.Sort(all)
	slices.Sort(lines)
	if !slices.Equal(all, lines) {
		t.Error("the parts aren't the whole")
	}
	if again, _ := prepared(t, s, c); again["train"] != got["train"] || again["test"] != got["test"] {
		t.Error("the same seed divides otherwise")
	}
	c.Seed = 2
	if other, _ := prepared(t, s, c); other["train"] == got["train"] || other["test"] == got["test"] {
		t.Error("another seed divides alike")
	}
	if few, report := prepared(t, source(t, "b.jsonl", lines[0]+lines[1]), Config{Validation: 0.5, Test: 0.4}); few["train"] == "" || report.Written["validation"] != 1 {
		t.Errorf("two records are divided as %v", report.Written)
	}
}

// nearlyTheSame tells whether the second of two texts counts as there already.
func nearlyTheSame(n *near, a, b string) bool {
	x, some := n.signature(a)
	y, more := n.signature(b)
	if !some || !more {
		return false
	}
	n.seen(x)
	_, like := n.seen(y)
	return like
}

// TestNearDuplicates compares MinHash with the true share of runs of words that texts have in common.
func TestNearDuplicates(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	words := make([]string, 300)
	text := func() string { return strings.Join(words, " ") }
	fill := func(at int) { words[at] = fmt.Sprint("w", random.IntN(1e9)) }
	runs := func(text string) map[string]bool {
		set, w := map[string]bool{}, strings.Fields(text)
		for i := range len(w) - shingle + 1 {
			set[strings.Join(w[i:i+shingle], " ")] = true
		}
		return set
	}
	found, missed, wrong := 0, 0, 0
	for range 200 {
		for i := range words {
			fill(i)
		}
		first := text()
		for range random.IntN(30) {
			fill(random.IntN(len(words)))
		}
		second := text()
		a, b := runs(first), runs(second)
		common := 0
		for run := range a {
			if b[run] {
				common++
			}
		}
		similarity := float64(common) / float64(len(a)+len(b)-common)
		n := newNear(0.7)
		like := nearlyTheSame(n, first, second)
		switch {
		case similarity > 0.7+0.12 && !like:
			missed++
		case similarity < 0.7-0.12 && like:
			wrong++
		case like:
			found++
		}
		x, _ := n.signature(first)
		y, _ := n.signature(second)
		if d := math.Abs(alike(&x, &y) - similarity); d > 0.17 { // four deviations of 128 draws
			t.Errorf("texts that share %.3f of their runs have signatures that share %.3f", similarity, alike(&x, &y))
		}
	}
	if missed > 2 || wrong > 2 || found < 50 {
		t.Errorf("%d found, %d missed, %d wrong", found, missed, wrong)
	}
	for _, c := range []struct {
		a, b string
		like bool
	}{
		{"The quick brown fox jumps over the lazy dog.", "the quick brown fox, jumps over the lazy dog", true},
		{"The quick brown fox jumps over the lazy dog.", "A quick brown cat jumps over the lazy mouse.", false},
		{"床前明月光疑是地上霜举头望明月低头思故乡", "床前明月光，疑是地上霜。举头望明月，低头思故乡。", true},
		{"yes", "Yes!", true}, {"yes", "no", false}, {"!", "?", false},
	} {
		n := newNear(0.8)
		if like := nearlyTheSame(n, c.a, c.b); like != c.like {
			t.Errorf("%q and %q: alike %v", c.a, c.b, like)
		}
	}
}

// TestPreparedParquet writes conversations in Parquet and reads them back.
func TestPreparedParquet(t *testing.T) {
	const line = `{"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}], "id": 7}` + "\n"
	set, err := Run(t.Context(), source(t, "a.jsonl", line), Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	names, err := set.Write(t.TempDir(), data.Parquet)
	if err != nil {
		t.Fatal(err)
	}
	back, err := data.OpenSource(names[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := prepared(t, back, Config{}); got["train"] != line {
		t.Errorf("got %s, want %s", got["train"], line)
	}
}

func TestRefuses(t *testing.T) {
	for _, c := range []struct {
		config  Config
		content string
		want    string
	}{
		{Config{MinLength: 3, MaxLength: 2}, `{"text":"a"}`, "lengths of 3 to 2"}, {Config{Dedup: "some"}, `{"text":"a"}`, `duplicates "some"`},
		{Config{Validation: 0.5, Test: 0.5}, `{"text":"a"}`, "shares of 0.5 and 0.5"}, {Config{Limit: -1}, `{"text":"a"}`, "a limit of -1"},
		{Config{Similarity: 2}, `{"text":"a"}`, "a similarity of 2"}, {Config{MinLength: 9}, `{"text":"a"}`, "no record is left of 1"},
		{Config{}, `{"body":"a"}`, "a.jsonl:1: expected {\"text\"}"}, {Config{Shapes: []data.Shape{data.TextShape}}, `{"messages":[]}`, "a.jsonl:1: expected {\"text\"}, got"},
	} {
		if _, err := Run(t.Context(), source(t, "a.jsonl", c.content), c.config); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error is %v, want %q", err, c.want)
		}
	}
}
