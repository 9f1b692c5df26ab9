package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// TestAgentInAPipe asks a model that can't do it several questions, alone and as two agents.
func TestAgentInAPipe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := newWriter(t, dir)
	kept := filepath.Join(dir, "kept.jsonl")
	short := write(t, filepath.Join(dir, "short.jinja"), "{# calls are <tool_call> #}{% for m in messages %}{{ m.role[0] }}:{{ m.content }}~{% endfor %}{% if add_generation_prompt %}a:{% endif %}")
	team := write(t, filepath.Join(dir, "team.yaml"), "agents:\n  - name: planner\n    tools: [agent:computer]\n  - name: computer\n    tools: [calculator]\n")
	for _, args := range [][]string{{"--tool=calculator", "--tool=starlark", "--system=Be brief."}, {"--agents", team}} {
		out, _ := succeed(t, "{\"question\": \"What is 2+2?\", \"answer\": 4}\nWhat is 3+3?\n", append([]string{"agent", "--model", base, "--chat-template", short, "--questions=-", "--json", "--save", kept,
			"--max-new-tokens=20", "--seed=3"}, args...)...)
		n := 0
		for line := range strings.Lines(out) {
			var l agentLine
			if err := json.Unmarshal([]byte(line), &l); err != nil || l.Question == "" || l.End == "" || l.Tokens == 0 {
				t.Errorf("%s: %v", line, err)
			}
			n++
		}
		if n != 2 {
			t.Errorf("%d lines: %s", n, out)
		}
	}
}

// TestWrongAgent asks for what isn't there.
func TestWrongAgent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := newWriter(t, dir)
	bad := write(t, filepath.Join(dir, "bad.yaml"), "agents:\n  - name: a\n    tools: [agent:b]\n")
	for want, args := range map[string][]string{
		"expected a question":            {},
		"expected calculator, starlark":  {"--tool=calculater", "q"},
		"no agent is called \"b\"":       {"--agents", bad, "q"},
		"not found":                      {"--tool=mcp:no-such-program", "q"},
		"--save-reward is for --save":    {"--save-reward=1", "q"},
		"expected one of exact":          {"--reward=best", "q"},
		"the question has no \"answer\"": {"--reward=exact", "--max-new-tokens=2", "q"},
		"--max-turns":                    {"--max-turns=0", "q"},
	} {
		status, _, said := finetune(t, "", append([]string{"agent", "--model", base, "--chat-template=chatml"}, args...)...)
		if status == 0 || !strings.Contains(said, want) {
			t.Errorf("%v: status %d, %s, expected %s", args, status, said, want)
		}
	}
}
