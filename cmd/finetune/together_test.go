package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/seahorse-ml/seahorse/train"
)

// onTeam calls do on n ranks of this process, each with streams of its own, and returns what rank 0 has printed.
func onTeam(t *testing.T, n int, do func(s *streams, ranks team) error) string {
	t.Helper()
	out, said, errs := make([]bytes.Buffer, n), make([]bytes.Buffer, n), make([]error, n)
	var all sync.WaitGroup
	for rank, r := range train.LocalRanks(n) {
		all.Go(func() {
			s := &streams{in: strings.NewReader(""), out: &out[rank], err: &said[rank]}
			if errs[rank] = do(s, team{Ranks: r}); errs[rank] != nil {
				r.Abort(errs[rank])
			}
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for rank := 1; rank < n; rank++ {
		if out[rank].Len() > 0 && !strings.HasPrefix(out[rank].String(), "{\"objective\"") { // which joinRanks discards
			t.Errorf("rank %d prints %s", rank, out[rank].String())
		}
	}
	return out[0].String()
}

// parsed fills in the flags of a command.
func parsed(t *testing.T, c any, path string, args ...string) {
	t.Helper()
	var cs commands
	parser, err := newParser(&cs, &streams{})
	if err != nil {
		t.Fatal(err)
	}
	found, err := parser.Parse(append(strings.Fields(path), args...))
	if err != nil {
		t.Fatal(err)
	}
	switch c := c.(type) {
	case *evalCommand:
		*c = *found.Selected().Target.Addr().Interface().(*evalCommand)
	case *generateCommand:
		*c = *found.Selected().Target.Addr().Interface().(*generateCommand)
	case *dataGenerateCommand:
		*c = *found.Selected().Target.Addr().Interface().(*dataGenerateCommand)
	case *dataPrepareCommand:
		*c = *found.Selected().Target.Addr().Interface().(*dataPrepareCommand)
	}
}

// unhurried drops the speeds from the lines that generate --json prints.
func unhurried(t *testing.T, printed string) string {
	t.Helper()
	var lines strings.Builder
	for line := range strings.Lines(printed) {
		var g generated
		if err := json.Unmarshal([]byte(line), &g); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		g.speeds = speeds{}
		text, err := json.Marshal(g)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&lines, "%s\n", text)
	}
	return lines.String()
}

// TestApplyingOnRanks evaluates, writes, and makes data on 3 ranks as in one process: all must be the same.
func TestApplyingOnRanks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	model, text := newWriter(t, dir), corpus(t, dir)
	var prompts, records strings.Builder
	for i := range 7 {
		fmt.Fprintf(&prompts, "say %c:\n", 'a'+i)
		fmt.Fprintf(&records, "{\"prompt\":\"say %c:\"}\n", 'a'+i)
	}
	lines, questions := write(t, filepath.Join(dir, "prompts.txt"), prompts.String()), write(t, filepath.Join(dir, "questions.jsonl"), records.String())
	pairs, _ := taughtData(t, dir)

	t.Run("eval", func(t *testing.T) {
		args := []string{"--model", model, "--data", text, "--seq-len=32", "--batch-size=3", "--json"}
		want, _ := succeed(t, "", append([]string{"eval"}, args...)...)
		got := onTeam(t, 3, func(s *streams, ranks team) error {
			var c evalCommand
			parsed(t, &c, "eval", args...)
			return c.run(t.Context(), s, ranks)
		})
		if got != want {
			t.Errorf("3 ranks print %s, expected %s", got, want)
		}
	})
	for name, flags := range map[string][]string{"drawn": {"--temperature=1.3", "--seed=5"}, "beams": {"--num-beams=2"}} {
		t.Run("generate, "+name, func(t *testing.T) {
			args := append([]string{"--model", model, "--prompts-file", lines, "--max-new-tokens=12", "--json", "--no-chat"}, flags...)
			want, _ := succeed(t, "", append([]string{"generate"}, args...)...)
			got := onTeam(t, 3, func(s *streams, ranks team) error {
				var c generateCommand
				parsed(t, &c, "generate", args...)
				config, err := c.config()
				if err != nil {
					return err
				}
				return c.run(t.Context(), s, ranks, config)
			})
			if unhurried(t, got) != unhurried(t, want) {
				t.Errorf("3 ranks print\n%s, expected\n%s", got, want)
			}
		})
	}
	t.Run("data generate", func(t *testing.T) {
		args := []string{"--data", questions, "--model", model, "--num-samples=2", "--rows=4", "--max-new-tokens=8", "--temperature=1.2", "--keep-truncated", "--keep-repeated"}
		alone, shared := filepath.Join(dir, "alone.jsonl"), filepath.Join(dir, "shared.jsonl")
		succeed(t, "", append([]string{"data", "generate", "--output", alone}, args...)...)
		onTeam(t, 3, func(s *streams, ranks team) error {
			var c dataGenerateCommand
			parsed(t, &c, "data generate", append(args, "--output", shared)...)
			synthesis, err := c.synthesis(s)
			if err != nil {
				return err
			}
			return c.run(t.Context(), s, ranks, synthesis)
		})
		if got, want := read(t, shared), read(t, alone); got != want || strings.Count(got, "\n") < 7 {
			t.Errorf("3 ranks make\n%s, expected\n%s", got, want)
		}
	})
	t.Run("data prepare", func(t *testing.T) {
		args := []string{"--data", pairs, "--teacher", model, "--top-k=4", "--seq-len=8"}
		succeed(t, "", append([]string{"data", "prepare", "--output-dir", filepath.Join(dir, "alone")}, args...)...)
		onTeam(t, 3, func(s *streams, ranks team) error {
			var c dataPrepareCommand
			parsed(t, &c, "data prepare", append(args, "--output-dir", filepath.Join(dir, "shared"))...)
			config, err := c.config()
			if err != nil {
				return err
			}
			return c.share(t.Context(), s, ranks, config)
		})
		for _, name := range []string{"-teacher.bin", "/train.jsonl"} {
			if read(t, filepath.Join(dir, "shared")+name) != read(t, filepath.Join(dir, "alone")+name) {
				t.Errorf("3 ranks write another %s", name)
			}
		}
	})
}
