package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// generatedRecord is what the tests look at.
type generatedRecord struct {
	Prompt, Completion string
	Messages           []struct{ Role, Content string }
	Provenance         struct {
		Prompt, Sample, Votes int
		Reward                float64
		Model, URL            string
	}
}

func readGenerated(t *testing.T, path string) (all []generatedRecord) {
	t.Helper()
	for line := range strings.Lines(read(t, path)) {
		var r generatedRecord
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// TestGeneratedByAServer asks a server that fails at times for sums, half of whose answers are wrong, and keeps the right ones by a checker and by votes.
func TestGeneratedByAServer(t *testing.T) {
	t.Parallel() // it waits a second for each fault
	var asked, failed atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		var q struct {
			Messages []struct{ Role, Content string }
			Seed     int
			Model    string
		}
		if err := json.Unmarshal(raw, &q); err != nil || r.URL.Path != "/v1/chat/completions" || r.Header.Get("Authorization") != "Bearer secret" || q.Model != "large" || q.Messages[0].Role != "system" {
			http.Error(w, "wrong request", http.StatusBadRequest)
			return
		}
		if n := asked.Add(1); n%7 == 3 {
			failed.Add(1)
			http.Error(w, "busy", http.StatusTooManyRequests)
			return
		}
		var a, b int
		fmt.Sscanf(q.Messages[1].Content, "%d+%d", &a, &b)
		answer := fmt.Sprintf("It is %d.", a+b+q.Seed%5/3) // three of five are right
		json.NewEncoder(w).Encode(map[string]any{"choices": []any{map[string]any{"message": map[string]any{"content": answer}, "finish_reason": "stop"}}, "usage": map[string]any{"completion_tokens": 4}})
	}))
	defer server.Close()
	dir := t.TempDir()
	prompts := ""
	for i := range 12 {
		prompts += fmt.Sprintf("{\"prompt\":\"%d+%d\",\"answer\":\"%d\"}\n", i, 2*i, 3*i)
	}
	path := write(t, filepath.Join(dir, "sums.jsonl"), prompts)
	common := []string{"data", "generate", "--data", path, "--base-url", server.URL + "/v1", "--remote-model=large", "--api-key-env=SUMS_KEY", "--chat", "--system=Add.", "--num-samples=6", "--rows=4"}
	checked := filepath.Join(dir, "checked.jsonl")
	succeed(t, "", append(common, "--reward=numeric", "--keep=1", "--output", checked)...)
	all := readGenerated(t, checked)
	for _, r := range all {
		if want := fmt.Sprintf("It is %d.", 3*r.Provenance.Prompt); len(r.Messages) != 3 || r.Messages[2].Content != want || r.Messages[2].Role != "assistant" || r.Provenance.Reward != 1 || r.Provenance.URL == "" {
			t.Errorf("%+v, expected %q", r, want)
		}
	}
	if len(all) < 11 || failed.Load() == 0 {
		t.Errorf("%d records, %d faults", len(all), failed.Load())
	}
	voted := filepath.Join(dir, "voted.jsonl")
	succeed(t, "", append(common, "--vote=number", "--vote-share=0.6", "--keep-repeated", "--output", voted)...)
	for _, r := range readGenerated(t, voted) {
		if r.Provenance.Votes < 4 {
			t.Errorf("%+v has too few votes", r)
		}
	}
	if strings.Contains(read(t, voted+".answers.jsonl")+read(t, voted), "secret") {
		t.Error("the key is kept")
	}
	fails(t, "wrong request", append(common, "--system=", "--retries=0", "--output", filepath.Join(dir, "never.jsonl"))...)
	fails(t, "is already there", append(common, "--output", voted)...)
}

// TestGeneratedIsExact kills a command that writes answers, and goes on with it: the records are those of one that was left in peace, and sft learns from them.
func TestGeneratedIsExact(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := newWriter(t, dir)
	texts, talks := promptData(t, dir)
	for name, args := range map[string][]string{
		"texts": {"--data", texts, "--rows=3", "--num-samples=4", "--keep-truncated"},
		"talks": {"--data", talks, "--rows=8", "--chat-template=chatml", "--keep-truncated", "--max-length=40"},
	} {
		t.Run(name, func(t *testing.T) {
			of := func(to string) []string {
				return append([]string{"data", "generate", "--model", base, "--max-new-tokens=12", "--output", to}, args...)
			}
			want, killed := filepath.Join(dir, name+".jsonl"), filepath.Join(dir, name+"-killed.jsonl")
			succeed(t, "", of(want)...)
			for attempt := 0; ; attempt++ {
				if attempt == 5 {
					t.Fatal("no command was killed before it ended")
				}
				os.Remove(killed)
				os.Remove(killed + ".answers.jsonl")
				if signalWhen(t, process(t, of(killed)...), os.Kill, func() bool {
					raw, _ := os.ReadFile(killed + ".answers.jsonl")
					return strings.Count(string(raw), "\n") > 3
				}) {
					break
				}
			}
			fails(t, "has answers of other settings or prompts", append(of(killed), "--seed=2")...)
			succeed(t, "", of(killed)...)
			if got, wanted := read(t, killed), read(t, want); got != wanted || got == "" {
				t.Errorf("got %d bytes, expected %d", len(got), len(wanted))
			}
			succeed(t, "", "sft", "--model", base, "--data", want, "--output-dir", filepath.Join(dir, name), "--max-steps=1", "--chat-template=chatml", "--validation-split=0", "--sample-tokens=0")
		})
	}
}

// TestGenerateRefuses what can't be meant.
func TestGenerateRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	texts, _ := promptData(t, dir)
	for want, args := range map[string][]string{
		"expected one of both":                      {"--model=.", "--base-url=http://localhost/v1"},
		"--remote-model is the model of --base-url": {"--base-url=http://localhost/v1"},
		"expected http://HOST/v1":                   {"--base-url=localhost", "--remote-model=m"},
		"--system is for --chat":                    {"--model=.", "--system=x"},
		"a vote of one answer":                      {"--model=.", "--vote=number"},
		"expected number, text or a regular":        {"--model=.", "--vote=(", "--num-samples=2"},
		"--match [: error parsing regexp":           {"--model=.", "--match=["},
		"are for --model; the server has its own":   {"--base-url=http://localhost/v1", "--remote-model=m", "--top-k=3"},
		"expected [0, 1]":                           {"--model=.", "--vote=number", "--num-samples=2", "--vote-share=2"},
		"--vote-share is for --vote":                {"--model=.", "--vote-share=1"},
		"--min-reward is for --reward":              {"--model=.", "--min-reward=NaN"},
		"--rows 65537: expected 65536 at most":      {"--model=.", "--rows=65537"},
		"expected times, such as 30s or 5m":         {"--model=.", "--timeout=0s"},
	} {
		fails(t, want, append([]string{"data", "generate", "--data", texts, "--output", filepath.Join(dir, "never.jsonl")}, args...)...)
	}
}
