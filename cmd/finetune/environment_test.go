package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/agent/environment"
	"github.com/seahorse-ml/seahorse/data/chat"
)

// turnsTemplate writes turns that one character ends.
const turnsTemplate = "{# <tool_call> #}{% for m in messages %}{{ m.role[0] }}:{{ m.content }}|{% endfor %}{% if add_generation_prompt %}a:{% endif %}"

// newWalker makes a model that answers by ways, whichever, and mazes to walk through.
func newWalker(t *testing.T, dir string) (model, mazes string) {
	t.Helper()
	from := fixed(t, "walker", func(dir string) {
		var talks strings.Builder
		for _, way := range []string{"north", "east", "south", "west"} {
			fmt.Fprintf(&talks, "{\"messages\":[{\"role\":\"user\",\"content\":\"Ways: \"},{\"role\":\"assistant\",\"content\":%q}]}\n", way)
		}
		succeed(t, "", "sft", "--model", newWriter(t, dir), "--data", write(t, filepath.Join(dir, "ways.jsonl"), talks.String()), "--chat-template", write(t, filepath.Join(dir, "turns.jinja"), turnsTemplate),
			"--output-dir", filepath.Join(dir, "walker"), "--max-steps=200", "--seq-len=64", "--learning-rate=1e-2", "--validation-split=0", "--sample-tokens=0")
	})
	all := strings.Repeat("{\"maze\":[\"####\",\"#SG#\"]}\n{\"maze\":[\"#####\",\"#S.G#\"]}\n", 10)
	return copied(t, from, dir, "walker"), write(t, filepath.Join(dir, "mazes.jsonl"), all)
}

// TestMazeIsLearned learns to walk east, and walks the episodes that are kept again: each turn is the model's, all else the maze's.
func TestMazeIsLearned(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	model, mazes := newWalker(t, dir)
	run := filepath.Join(dir, "run")
	succeed(t, "", "grpo", "--model", model, "--data", mazes, "--environment=maze", "--max-turns=3", "--max-completion-length=90", "--batch-size=16", "--num-generations=8", "--max-steps=30", "--output-dir", run,
		"--learning-rate=5e-3", "--warmup-steps=0", "--logging-steps=1", "--eval-steps=15", "--validation-split=0.2", "--sample-tokens=0", "--seq-len=150", "--steps-per-generation=2", "--beta=0.01")
	lines := readMetrics(t, run)
	first, last := lines[0], lines[len(lines)-1]
	if last["rewards/environment/mean"] < first["rewards/environment/mean"]+0.25 || last["eval_rewards/environment"] < 0.75 {
		t.Errorf("the rewards went from %v to %v", first, last)
	}
	turns := 0
	for text := range strings.Lines(read(t, filepath.Join(run, "rollouts.jsonl"))) {
		var line struct {
			Prompt, Answer, Episode string
			Tokens                  int
			Ended                   bool
			Reward                  float64
		}
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		shown, _, _ := strings.Cut(strings.TrimPrefix(line.Prompt, "u:"), "\nWays")
		record, _ := json.Marshal(map[string]any{"maze": strings.Split(shown, "\n")})
		walk, err := environment.Maze{}.Begin(record)
		if err != nil {
			t.Fatal(err)
		}
		rest, tokens, earned, over := line.Episode, 0, 0.0, false
		for n := 1; rest != ""; n++ {
			turns++
			said, behind, ended := strings.Cut(rest, "|")
			if tokens += len(said); !ended {
				break
			}
			tokens++
			s, err := walk.Act(t.Context(), said, chat.NoCalls)
			if err != nil {
				t.Fatal(err)
			}
			earned += s.Reward
			if over = s.Done || n == 3; over {
				if rest = behind; rest != "" || line.Answer != said {
					t.Errorf("behind the end of %s comes %q, and the answer is %q, expected %q", line.Episode, rest, line.Answer, said)
				}
				break
			}
			if behind == "" { // no room for another turn
				break
			}
			var ok bool
			if rest, ok = strings.CutPrefix(behind, "u:"+s.Seen[0].Content+"|a:"); !ok {
				t.Fatalf("behind %q comes %q, expected what is told: %q", said, behind, s.Seen[0].Content)
			}
		}
		if tokens != line.Tokens || earned != line.Reward || over != line.Ended {
			t.Errorf("%+v: %d tokens, reward %g, ended: %t", line, tokens, earned, over)
		}
	}
	if turns < 30*16*5/4 {
		t.Errorf("%d turns in %d episodes, expected more", turns, 30*16)
	}
}

// TestEpisodeOfOneTurn compares an environment that ends after a turn with prompts that are answered: the same model comes out.
func TestEpisodeOfOneTurn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := newWriter(t, dir)
	template := write(t, filepath.Join(dir, "ends.jinja"), strings.ReplaceAll(turnsTemplate, "|", "<|endoftext|>"))
	asked := write(t, filepath.Join(dir, "asked.jsonl"), strings.Repeat("{\"prompt\":[{\"role\":\"user\",\"content\":\"say a\"}],\"answer\":\"1\"}\n", 20))
	var models, samples []string
	for i, args := range [][]string{{"--reward=regex:[A-Z]"}, {"--environment=arithmetic", "--max-turns=1", "--reward=regex:[A-Z]", "--reward-weights=0,1"}} {
		run := filepath.Join(dir, fmt.Sprint(i))
		succeed(t, "", append([]string{"grpo", "--model", base, "--data", asked, "--chat-template", template, "--max-completion-length=4", "--batch-size=8", "--max-steps=6", "--learning-rate=1e-2", "--output-dir", run,
			"--sample-tokens=0", "--seq-len=100", "--validation-split=0", "--steps-per-generation=2"}, args...)...)
		models = append(models, read(t, filepath.Join(run, "model.safetensors")))
		samples = append(samples, read(t, filepath.Join(run, "rollouts.jsonl")))
	}
	if models[0] != models[1] || models[0] == read(t, filepath.Join(base, "model.safetensors")) {
		t.Error("the models differ, or nothing was learned")
	}
	if !strings.Contains(samples[1], `"rewards":{"environment":0,"regex":`) || strings.Contains(samples[0], "episode") {
		t.Errorf("kept are %s and %s", samples[0], samples[1])
	}
}

// TestKilledEpisodesAreExact kills a run that walks through mazes, and goes on with it.
func TestKilledEpisodesAreExact(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	model, mazes := newWalker(t, dir)
	of := func(to, threads string) []string {
		return []string{"grpo", "--model", model, "--data", mazes, "--environment=maze", "--max-turns=3", "--max-completion-length=60", "--output-dir", to, "--threads", threads, "--batch-size=4", "--num-generations=4",
			"--gradient-accumulation-steps=2", "--steps-per-generation=4", "--num-iterations=2", "--max-steps=40", "--save-steps=3", "--save-total-limit=3", "--eval-steps=8", "--logging-steps=1",
			"--learning-rate=3e-3", "--sample-tokens=0", "--seq-len=120", "--validation-split=0.2", "--beta=0.1", "--dropout=0.1"}
	}
	want := filepath.Join(dir, "want")
	succeed(t, "", of(want, "2")...)
	killed := killAfter(t, 9, func(attempt string) []string { return of(want+attempt, "2") })
	for _, threads := range []string{"1", "3"} {
		resumed := killed + threads
		if err := os.CopyFS(resumed, os.DirFS(killed)); err != nil {
			t.Fatal(err)
		}
		succeed(t, "", "resume", resumed, "--threads", threads)
		sameRun(t, "killed in episodes", resumed, want)
		if read(t, filepath.Join(resumed, "rollouts.jsonl")) != read(t, filepath.Join(want, "rollouts.jsonl")) {
			t.Error("the samples differ")
		}
	}
}

// TestWrongEnvironment asks for what can't be acted in.
func TestWrongEnvironment(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := newWriter(t, dir)
	template := write(t, filepath.Join(dir, "turns.jinja"), turnsTemplate)
	long := write(t, filepath.Join(dir, "long.jinja"), strings.ReplaceAll(turnsTemplate, "|", "<end>"))
	bare := write(t, filepath.Join(dir, "bare.jinja"), strings.ReplaceAll(turnsTemplate, "<tool_call>", ""))
	mazes := write(t, filepath.Join(dir, "mazes.jsonl"), "{\"maze\":[\"SG\"]}\n")
	sums := write(t, filepath.Join(dir, "sums.jsonl"), "{\"question\":\"a\",\"answer\":1}\n")
	for _, c := range []struct {
		template, data, want string
		args                 []string
	}{
		{template, mazes, "missing flags: --reward", nil},
		{template, mazes, "expected one of arithmetic, maze, retrieval:INDEX", []string{"--environment=mazes"}},
		{template, mazes, "retrieval:" + dir, []string{"--environment=retrieval:" + filepath.Join(dir, "none")}},
		{template, sums, `sums.jsonl:1: "maze": expected lines of text`, []string{"--environment=maze"}},
		{template, mazes, `mazes.jsonl:1: expected "question"`, []string{"--environment=arithmetic"}},
		{long, mazes, `ends a turn by "<end>", expected one token of the model`, []string{"--environment=maze"}},
		{bare, sums, "writes no calls of tools in a form that is known", []string{"--environment=arithmetic"}},
		{template, mazes, "--max-turns 0: expected", []string{"--environment=maze", "--max-turns=0"}},
		{template, mazes, "2 weights for 1 checkers", []string{"--environment=maze", "--reward-weights=1,2"}},
	} {
		out := filepath.Join(dir, "none")
		status, _, said := finetune(t, "", append([]string{"grpo", "--model", base, "--data", c.data, "--chat-template", c.template, "--output-dir", out, "--max-completion-length=8", "--max-steps=1", "--validation-split=0"}, c.args...)...)
		if status == 0 || !strings.Contains(said, c.want) || isDir(out) {
			t.Errorf("grpo %v: status %d, %s\nexpected %q, and no directory", c.args, status, said, c.want)
		}
	}
}
