package main

import (
	"context"
	"encoding/json"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// newTalker makes a model with a chat template.
func newTalker(t *testing.T) string {
	t.Helper()
	from := fixed(t, "talker", func(dir string) {
		base, letters := filepath.Join(dir, "base"), write(t, filepath.Join(dir, "letters.txt"), strings.Repeat("abcdefghijklmnopqrstuvwxyz. <>|_\n", 40))
		succeed(t, "", "pretrain", "--data", letters, "--output-dir", base, "--n-layer=1", "--n-head=2", "--n-embd=32", "--seq-len=256", "--batch-size=2", "--max-steps=4",
			"--warmup-steps=0", "--tokenizer=char", "--validation-split=0")
		write(t, filepath.Join(base, "chat_template.jinja"),
			"{% for m in messages %}<{{ m.role }}>{{ m.content }}{% if m.role == 'assistant' %}.{% endif %}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}")
	})
	return copied(t, from, t.TempDir(), "base")
}

// TestChat holds what is answered in a conversation to what generate answers to the same messages.
func TestChat(t *testing.T) {
	t.Parallel()
	base := newTalker(t)
	dir := t.TempDir()
	flags := []string{"--model", base, "--max-new-tokens=9", "--temperature=0"}
	talk := func(stdin string, more ...string) (string, string) {
		return succeed(t, stdin, append(append([]string{"chat"}, flags...), more...)...)
	}
	saved := filepath.Join(dir, "talk.jsonl")
	out, said := talk("abc\n\ndef ghi\n/save " + saved + "\n/rest\n/reset\nabc\n/system be\nabc\n/quit\nnever\n")
	answers := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if !strings.Contains(said, `/rest is not known; did you mean "/reset"?`) {
		t.Errorf("said %s", said)
	}
	want := func(messages string) string {
		file := write(t, filepath.Join(dir, "asked.jsonl"), `{"messages": [`+messages+"]}\n")
		all := objects(t, append(flags, "--messages", file, "--stop=.")...)
		return all[0].Text
	}
	first := want(`{"role": "user", "content": "abc"}`)
	if answers[0] != first || !strings.Contains(read(t, saved), `"content": "abc"}`) {
		t.Errorf("the first answer is %q, expected %q", answers[0], first)
	}
	other := filepath.Join(dir, "edited.jsonl")
	edited, said := talk("/edit\n/edit abc\nxyz\n/edit abc\n/save " + other + "\n")
	if !strings.HasSuffix(edited, first+"\n") || !strings.Contains(said, "/edit TEXT\nnothing was said yet") || strings.Count(read(t, other), `"role"`) != 2 || strings.Contains(read(t, other), "xyz") {
		t.Errorf("edited, %q was answered, expected %q; said %s; saved %s", edited, first, said, read(t, other))
	}
	lines, _ := talk("abc\nabc\n", "--system=be", "--json")
	var x replied
	for i, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		if err := json.Unmarshal([]byte(line), &x); err != nil || x.Prompt != "abc" || x.Written <= 0 || speedOf(x) <= 0 {
			t.Errorf("line %d is %s, %v", i, line, err)
		}
	}
	if again, _ := talk("xyz\n", "--messages", saved, "--json"); !strings.Contains(again, `"prompt":"xyz"`) {
		t.Errorf("going on from a file gave %s", again)
	}
	if _, said := talk("/load " + saved + "\n/load\n/save\n/load none\n/help\n"); !strings.Contains(said, "loaded     4 messages of ") || !strings.Contains(said, "\n/load FILE\n/save FILE\n") ||
		!strings.Contains(said, "no such file") || !strings.Contains(said, "    /system TEXT    begin anew") {
		t.Errorf("said %s", said)
	}
	if out, _ := talk("abc\n", "--stop", first[1:2]); first != "" && !strings.HasPrefix(first, strings.TrimSuffix(out, "\n")) || len(out) > 2 {
		t.Errorf("the answer %q before %q is %q", first, first[1:2], out)
	}
	if _, said := talk("日本\n"); !strings.Contains(said, "2 of 2 characters are unknown") {
		t.Errorf("said %s", said)
	}
	if _, said := talk("abcabcabc\nabcabcabc\nabcabcabc\n", "--max-length=60"); !strings.Contains(said, "2 messages, the oldest") {
		t.Errorf("said %s", said)
	}
	for want, args := range map[string][]string{
		"context is 256":          {"--max-length=257"},
		"expected 2 or more":      {"--max-length=1"},
		"temperature":             {"--temperature=-1"},
		"no such file":            {"--messages", filepath.Join(dir, "none")},
		"expected a file or one":  {"--chat-template=none"},
		"the conversation may be": {"--max-length=20", "--prompts-file", write(t, filepath.Join(dir, "long.txt"), strings.Repeat("abc", 20)+"\n")},
	} {
		if status, _, said := finetune(t, "a\n", append(append([]string{"chat"}, flags...), args...)...); status != exitFailure || !strings.Contains(said, want) {
			t.Errorf("%v: %q, expected %q", args, said, want)
		}
	}
}

func speedOf(x replied) float64 { return x.speeds.Prompt }

// TestInterruptEndsAnAnswer ends what is written, and goes on with the conversation.
func TestInterruptEndsAnAnswer(t *testing.T) {
	base := newTalker(t)
	var out strings.Builder
	s := &streams{in: strings.NewReader("abc\nabc\n"), out: &out, err: &strings.Builder{}}
	go func() {
		for {
			if end := s.answer.Swap(nil); end != nil {
				(*end)()
				return
			}
			runtime.Gosched() // an answer takes less than a millisecond
		}
	}()
	status := execute(context.Background(), []string{"chat", "--model", base, "--json", "--max-new-tokens=200", "--temperature=2"}, s)
	if status != 0 || strings.Count(out.String(), `"cut":true`) != 1 || strings.Count(out.String(), "\n") != 2 {
		t.Errorf("status %d, %s", status, out.String())
	}
}
