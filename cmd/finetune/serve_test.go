//go:build unix

package main

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
)

// TestServe starts a server, asks it, ends it by a signal while it answers, and looks whether that answer comes whole.
func TestServe(t *testing.T) {
	t.Parallel()
	model := newTalker(t)
	for _, test := range []struct{ flag, want string }{
		{"--listen=0.0.0.0:0", "needs a token"}, {"--listen=8000", "HOST:PORT"}, {"--rows=0", "rows"}, {"--max-length=100000", "context"}, {"--timeout=-1s", "timeout"},
	} {
		if status, _, err := finetune(t, "", "serve", "--model", model, test.flag); status != exitFailure || !strings.Contains(err, test.want) {
			t.Errorf("%s: %d %s, expected %q", test.flag, status, err, test.want)
		}
	}
	server := process(t, "serve", "--model", model, "--listen", "127.0.0.1:0", "--name", "mine", "--rows", "2", "--threads", "1")
	server.Env = append(server.Env, "FINETUNE_TOKEN=secret")
	said, err := server.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer server.Process.Kill()
	lines := bufio.NewScanner(said)
	address := ""
	for address == "" && lines.Scan() {
		_, address, _ = strings.Cut(lines.Text(), "mine at ")
	}
	ask := func(token string) *http.Response {
		r, _ := http.NewRequest(http.MethodPost, address+"/chat/completions", strings.NewReader(`{"model": "mine", "stream": true, "max_tokens": 20, "messages": [{"role": "user", "content": "Hi"}]}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	refused := ask("guess")
	refused.Body.Close()
	if refused.StatusCode != http.StatusUnauthorized {
		t.Errorf("status %d without the token", refused.StatusCode)
	}
	answer := ask("secret")
	defer answer.Body.Close()
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(answer.Body)
	if err != nil || !strings.HasSuffix(string(data), "data: [DONE]\n\n") {
		t.Errorf("the answer under way: %q, %v", data, err)
	}
	rest, _ := io.ReadAll(said)
	if err := server.Wait(); err != nil {
		t.Errorf("%v\n%s", err, rest)
	}
}
