package reward

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestCheckers(t *testing.T) {
	schema := filepath.Join(t.TempDir(), "schema.json")
	if err := os.WriteFile(schema, []byte(`{"type":"object","required":["n"],"properties":{"n":{"type":"integer","minimum":1}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		checker, answer, expected string
		tokens                    int
		want                      float64
	}{
		{"exact", " 42\n", "42", 0, 1},
		{"exact", "42.", "42", 0, 0},
		{"exact:= *(-?\\d+)", "2 * 3 = 6 = 7", "7", 0, 1},
		{"exact:= *(-?\\d+)", "7", "7", 0, 0},
		{"exact:\\d+", "7 and 8", "8", 0, 1},
		{"numeric", "so it is 1,234.50", "1234.5", 0, 1},
		{"numeric", "It is 1,000, or 12,000", "12000", 0, 1},
		{"numeric", "3-5", "5", 0, 1},
		{"numeric", "= -5", "-5", 0, 1},
		{"numeric", "1e3", "1000", 0, 1},
		{"numeric", ".5", "0.5", 0, 1},
		{"numeric", "none", "0", 0, 0},
		{"numeric:0.01", "3.14", "3.14159", 0, 1},
		{"numeric:0.0001", "3.14", "3.14159", 0, 0},
		{"regex:^<a>.*</a>$", "<a>x</a>", "", 0, 1},
		{"regex:^<a>.*</a>$", "<a>x", "", 0, 0},
		{"schema:" + schema, ` {"n": 3} `, "", 0, 1},
		{"schema:" + schema, `{"n": 0}`, "", 0, 0},
		{"schema:" + schema, `{"n": 3} {}`, "", 0, 0},
		{"schema:" + schema, `{"n": `, "", 0, 0},
		{"length:4", "", "", 4, 0},
		{"length:4", "", "", 6, -0.5},
		{"length:2-4", "", "", 1, -0.25},
		{"length:4", "", "", 100, -1},
	} {
		checker, err := Parse(c.checker, 0)
		if err != nil {
			t.Fatal(err)
		}
		got, err := checker.Rewards(context.Background(), []Sample{{Answer: c.answer, Expected: c.expected, Tokens: c.tokens}})
		if err != nil || got[0] != c.want {
			t.Errorf("%s of %q, expected %q, is %v, %v; expected %g", c.checker, c.answer, c.expected, got, err, c.want)
		}
	}
	for _, wrong := range []string{"", "best", "exact:", "regex", "regex:(", "numeric:-1", "schema:nosuch.json", "length:0", "length:5-2", "length:x", "exec"} {
		if c, err := Parse(wrong, 0); err == nil {
			t.Errorf("%q is %v", wrong, c)
		}
	}
	for _, c := range []Checker{Exact{}, Numeric{}} {
		if _, err := c.Rewards(context.Background(), []Sample{{Answer: "1"}}); !errors.Is(err, errMissing) {
			t.Errorf("%s without an answer to compare with: %v", c.Name(), err)
		}
	}
}

func TestWeighted(t *testing.T) {
	half := Func{"half", func(_ context.Context, s Sample) (float64, error) {
		if s.Answer == "" {
			return math.NaN(), nil
		}
		return 0.5, nil
	}}
	w := Weighted{[]Checker{half, Exact{}, half}, []float64{2, -1, 4}}
	sums, by, err := w.Rewards(context.Background(), []Sample{{Answer: "a", Expected: "a"}, {Answer: "b", Expected: "a"}, {Expected: "a"}})
	if err != nil || fmt.Sprint(sums) != "[2 3 0]" || len(by) != 3 || !w.Expects() || strings.Join(w.Names(), " ") != "half exact half_2" {
		t.Errorf("%v, %v, %v, %v", sums, by, err, w.Names())
	}
	sums, _, err = Weighted{Checkers: []Checker{half}}.Rewards(context.Background(), []Sample{{}})
	if err != nil || !math.IsNaN(sums[0]) {
		t.Errorf("what nobody judges has %v, %v", sums, err)
	}
	infinite := Func{"infinite", func(context.Context, Sample) (float64, error) { return math.Inf(1), nil }}
	for _, w := range []Weighted{{}, {Checkers: []Checker{half}, Weights: []float64{1, 2}}, {Checkers: []Checker{half}, Weights: []float64{math.NaN()}}, {Checkers: []Checker{infinite}}} {
		if _, _, err := w.Rewards(context.Background(), make([]Sample, 1)); err == nil {
			t.Errorf("%v is no error", w)
		}
	}
}

// TestProgram asks programs, of which each but the first is at fault: it ends with an error.
func TestProgram(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the commands are for sh")
	}
	samples := []Sample{{Prompt: "2+2=", Answer: "4", Expected: "4", Record: json.RawMessage(`{"x":1}`), Tokens: 1, Ended: true}, {Answer: "5\n\"", Expected: "4"}}
	got, err := Program{Command: `while read -r line; do case "$line" in *'"answer":"4"'*'"record":{"x":1}'*) echo 1;; *) echo null;; esac; done`}.Rewards(context.Background(), samples)
	if err != nil || got[0] != 1 || !math.IsNaN(got[1]) {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := (Program{Command: "echo 1; echo 2"}).Rewards(context.Background(), samples); err != nil || got[1] != 2 { // which reads nothing
		t.Errorf("%v, %v", got, err)
	}
	begin := time.Now()
	for command, want := range map[string]string{
		"cat >/dev/null; echo 1":            "writes 1 lines for 2 answers",
		"echo no such thing >&2; exit 3":    "exit status 3: no such thing",
		"echo 1; echo much":                 `writes "much" for answer 2`,
		"echo 1; echo inf":                  `writes "inf" for answer 2`,
		"yes":                               "writes more than",
		"sleep 60 & sleep 60":               "isn't done after 300ms",
		"trap '' TERM; while :; do :; done": "isn't done after 300ms",
	} {
		if got, err := (Program{command, 300 * time.Millisecond}).Rewards(context.Background(), samples); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v; expected %q", command, got, err, want)
		}
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("programs at fault took %v", took)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errors.New("somebody left"))
	if _, err := (Program{Command: "sleep 60"}).Rewards(ctx, samples); err == nil || err.Error() != "somebody left" {
		t.Errorf("cancelled: %v", err)
	}
}

// TestProgramLeavesNothingBehind has a program start another one in the background, which holds its output open or doesn't, and end.
func TestProgramLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the commands are for sh")
	}
	const alive = 2 * time.Second // of the other program, if it isn't ended
	for name, output := range map[string]string{"open": "", "closed": ">/dev/null 2>&1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "alive")
			command := fmt.Sprintf("(sleep %g; touch '%s') %s & echo 1; echo 2", alive.Seconds(), file, output)
			begin := time.Now()
			got, err := Program{Command: command}.Rewards(context.Background(), make([]Sample, 2))
			if err != nil || got[0] != 1 || got[1] != 2 {
				t.Errorf("%v, %v", got, err)
			}
			time.Sleep(time.Until(begin.Add(alive + time.Second/2)))
			if _, err := os.Stat(file); err == nil {
				t.Error("what the program has started goes on behind its end")
			}
		})
	}
}

// FuzzNumeric finds numbers in any text.
func FuzzNumeric(f *testing.F) {
	for _, seed := range []string{"", "-1,234.5e-7", "1-2", "+.5", ",,,", "9e999", "1,23"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if v, ok := lastNumber(text); ok && (math.IsNaN(v) || math.IsInf(v, 0)) {
			t.Errorf("%q has %g", text, v)
		}
		if _, err := Parse(text, 0); err != nil && !strings.HasPrefix(err.Error(), "reward: ") {
			t.Errorf("%q: %v", text, err)
		}
	})
}
