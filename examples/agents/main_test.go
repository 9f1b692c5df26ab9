package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/agent/tool"
)

// TestWrite holds that no problem is in two files, that what calls are told is right, and that the texts are those of the messages.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	if err := write(dir, counts{seed: 1, answers: 50, shown: 60, practice: 70, held: 80}); err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for name, want := range map[string]int{"held": 80, "practice": 70} {
		lines := read[map[string]string](t, filepath.Join(dir, name+".jsonl"))
		for _, line := range lines {
			if answer, err := tool.Calculate(line["question"]); err != nil || answer != line["answer"] {
				t.Errorf("%v: the calculator says %s, %v", line, answer, err)
			}
			if other, ok := seen[line["question"]]; ok {
				t.Errorf("%s is in %s and in %s", line["question"], name, other)
			}
			seen[line["question"]] = name
		}
		if len(lines) != want {
			t.Errorf("%d problems in %s, expected %d", len(lines), name, want)
		}
	}
	texts := read[map[string]string](t, filepath.Join(dir, "text.jsonl"))
	worked := read[conversation](t, filepath.Join(dir, "worked.jsonl"))
	if len(worked) != 50+4*60 || len(texts) != len(worked) {
		t.Fatalf("%d texts and %d conversations, expected %d", len(texts), len(worked), 50+4*60)
	}
	for i, c := range worked {
		if texts[i]["text"] != c.text() {
			t.Errorf("text %d is %s, expected %s", i, texts[i]["text"], c.text())
		}
		if other, ok := seen[c.Messages[0].Content]; ok {
			t.Errorf("%s is solved, and in %s", c.Messages[0].Content, other)
		}
		for k, m := range c.Messages {
			for _, call := range m.Calls {
				for _, expression := range call.Function.Arguments {
					if result, err := tool.Calculate(expression); err != nil || result != c.Messages[k+1].Content {
						t.Errorf("%s is %s, %v, expected %s", expression, c.Messages[k+1].Content, err, result)
					}
				}
			}
		}
	}
	const want = `<|tools|>computer<|im_end|><|user|>20*30+40<|im_end|><|assistant|><tool_call>{"name": "computer", "arguments": {"task": "20*30"}}</tool_call><|im_end|><|tool|>600<|im_end|>` +
		`<|assistant|><tool_call>{"name": "computer", "arguments": {"task": "600+40"}}</tool_call><|im_end|><|tool|>640<|im_end|><|assistant|>640<|im_end|>`
	if got := (problem{20, 30, 40}).solved()[1].text(); got != want {
		t.Errorf("a planner's conversation is %s, expected %s", got, want)
	}
	if err := write(dir, counts{answers: 1, shown: 1, practice: 1}); err == nil || !strings.Contains(err.Error(), "1, 1, 1 and 0 problems") {
		t.Errorf("error %v", err)
	}
}

// read reads a file of an object a line.
func read[T any](t *testing.T, path string) (all []T) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		var x T
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all = append(all, x)
	}
	return all
}
