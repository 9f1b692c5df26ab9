package serve

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/internal/web"
)

// TestAnswersSideBySide asks 32 questions at once, and each by itself afterwards: the answers must be the same.
func TestAnswersSideBySide(t *testing.T) {
	_, h := newTestServer(t, Config{Batch: generate.BatcherConfig{Rows: 8}})
	const clients = 32
	body := func(i int) string {
		switch i % 3 {
		case 0:
			return fmt.Sprintf(`{"model": "tiny", "temperature": 0, "max_tokens": %d, "messages": [{"role": "user", "content": %s}]}`, 10+i, quote(testText[:3*i+1]))
		case 1:
			return fmt.Sprintf(`{"model": "tiny", "temperature": 0.9, "seed": %d, "max_tokens": %d, "n": 2, "messages": [{"role": "user", "content": %s}]}`, i, 5+i, quote(testText[:2*i+1]))
		}
		return fmt.Sprintf(`{"model": "tiny", "temperature": 0, "frequency_penalty": 0.5, "max_tokens": 20, "messages": [{"role": "system", "content": "x"}, {"role": "user", "content": %s}]}`, quote(testText[i:]))
	}
	answers := make([]string, clients)
	text := func(answer any) string { return fmt.Sprint(at(answer, "choices"), at(answer, "usage")) }
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			_, answer, _ := asked(t, h.URL+"/v1/chat/completions", body(i))
			answers[i] = text(answer)
		})
	}
	all.Wait()
	for i := range clients {
		status, answer, raw := asked(t, h.URL+"/v1/chat/completions", body(i))
		if status != 200 || text(answer) != answers[i] {
			t.Errorf("question %d: %d %s alone, side by side %s", i, status, raw, answers[i])
		}
	}
}

// TestStreams compares what is streamed with what is answered at once.
func TestStreams(t *testing.T) {
	_, h := newTestServer(t, Config{})
	for _, test := range []struct{ path, kind, body string }{
		{"/v1/chat/completions", "chat.completion.chunk", `{"model": "tiny", "temperature": 0.7, "seed": 5, "n": 2, "max_tokens": 30, "messages": [{"role": "user", "content": "The quick"}]`},
		{"/v1/chat/completions", "chat.completion.chunk", `{"model": "tiny", "temperature": 0, "max_completion_tokens": 30, "stop": ["e"], "logprobs": true, "top_logprobs": 2, "messages": [{"role": "user", "content": "fox"}]`},
		{"/v1/completions", "text_completion", `{"model": "tiny", "temperature": 0, "max_tokens": 25, "echo": true, "prompt": ["The lazy", "dog"]`},
		{"/v1/completions", "text_completion", `{"model": "tiny", "temperature": 1, "seed": 2, "n": 2, "max_tokens": 25, "stop": ["o", " t"], "logprobs": 1, "prompt": [1, 2, 3]`},
	} {
		_, whole, raw := asked(t, h.URL+test.path, test.body+"}")
		_, _, stream := asked(t, h.URL+test.path, test.body+`, "stream": true, "stream_options": {"include_usage": true}}`)
		choices, _ := at(whole, "choices").([]any)
		if len(choices) == 0 {
			t.Fatalf("%s: %s", test.body, raw)
		}
		for i, choice := range choices {
			want, _ := at(choice, "text").(string)
			if test.kind != "text_completion" {
				want, _ = at(choice, "message", "content").(string)
			}
			text, finish, events := streamed(t, stream, test.kind, i)
			if text != want || finish != at(choice, "finish_reason") || events < 3 {
				t.Errorf("%s: choice %d: %q, %s in %d events, expected %q, %v", test.body, i, text, finish, events, want, at(choice, "finish_reason"))
			}
		}
		if !strings.Contains(stream, `"usage":{"prompt_tokens"`) {
			t.Error("no usage in the stream")
		}
	}
}

// TestStopsAndLogProbs looks at where answers end, and at what is told of tokens.
func TestStopsAndLogProbs(t *testing.T) {
	_, h := newTestServer(t, Config{})
	_, free, _ := asked(t, h.URL+"/v1/completions", `{"model": "tiny", "temperature": 0, "max_tokens": 40, "prompt": "The", "logprobs": 3}`)
	text, _ := at(free, "choices", 0, "text").(string)
	if len(text) < 10 || at(free, "choices", 0, "finish_reason") != "length" || at(free, "usage", "completion_tokens") != 40.0 {
		t.Fatalf("%v", free)
	}
	tokens, _ := at(free, "choices", 0, "logprobs", "tokens").([]any)
	joined := ""
	for i, token := range tokens {
		s := token.(string)
		joined += s
		if p, _ := at(free, "choices", 0, "logprobs", "top_logprobs", i, s).(float64); p != at(free, "choices", 0, "logprobs", "token_logprobs", i) {
			t.Errorf("token %d: %g among the best, which it is", i, p)
		}
	}
	if joined != text {
		t.Errorf("tokens %q of the text %q", joined, text)
	}
	stop := text[5:8]
	_, cut, _ := asked(t, h.URL+"/v1/completions", fmt.Sprintf(`{"model": "tiny", "temperature": 0, "max_tokens": 40, "prompt": "The", "stop": %s}`, quote(stop)))
	want, _, _ := strings.Cut(text, stop)
	if at(cut, "choices", 0, "text") != want || at(cut, "choices", 0, "finish_reason") != "stop" || at(cut, "usage", "completion_tokens").(float64) >= 40 {
		t.Errorf("%v, expected %q", cut, want)
	}
}

func TestEmbeddings(t *testing.T) {
	_, h := newTestServer(t, Config{})
	url := h.URL + "/v1/embeddings"
	_, one, raw := asked(t, url, `{"model": "tiny", "input": "The fox"}`)
	_, all, _ := asked(t, url, `{"model": "tiny", "input": ["dog", "The fox"], "encoding_format": "float"}`)
	_, coded, _ := asked(t, url, `{"model": "tiny", "input": "The fox", "encoding_format": "base64"}`)
	vector, _ := at(one, "data", 0, "embedding").([]any)
	if len(vector) != 64 || fmt.Sprint(vector) != fmt.Sprint(at(all, "data", 1, "embedding")) || at(all, "usage", "prompt_tokens").(float64) < 2 {
		t.Fatalf("%s", raw)
	}
	data, err := base64.StdEncoding.DecodeString(at(coded, "data", 0, "embedding").(string))
	if err != nil || len(data) != 4*64 {
		t.Fatalf("%d bytes, %v", len(data), err)
	}
	for i, x := range vector {
		if y := math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:])); y != float32(x.(float64)) {
			t.Errorf("element %d is %v, in base64 %g", i, x, y)
		}
	}
}

// TestClientsThatGoAway cuts streams, and asks whether their places are free again.
func TestClientsThatGoAway(t *testing.T) {
	s, h := newTestServer(t, Config{Batch: generate.BatcherConfig{Rows: 2}})
	for i := range 6 {
		ctx, cancel := context.WithCancel(t.Context())
		body := `{"model": "tiny", "max_tokens": 200, "logit_bias": {"0": -100}, "stream": true, "prompt": "The", "n": 2}`
		r, _ := http.NewRequestWithContext(ctx, http.MethodPost, h.URL+"/v1/completions", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			bufio.NewReader(answer.Body).ReadString('\n')
		}
		cancel()
		answer.Body.Close()
	}
	for range 100 {
		if writing, waiting := s.batcher.Load(); writing+waiting == 0 && s.busy.Load() == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	writing, waiting := s.batcher.Load()
	t.Errorf("%d texts are written and %d wait for clients that are gone", writing, waiting)
}

// TestShutdown ends a server while an answer is written, which comes whole, and asks again.
func TestShutdown(t *testing.T) {
	trained, err := tiny()
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(trained, Config{Batch: generate.BatcherConfig{Rows: 2}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	l, err := web.Listen("127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- web.Serve(ctx, l, s, web.Limits{}, 30*time.Second, s.End) }()
	body := `{"model": "tiny", "temperature": 0, "max_tokens": 150, "stream": true, "prompt": "The"}`
	answer, err := http.Post("http://"+l.Addr().String()+"/v1/completions", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	in := bufio.NewReader(answer.Body)
	first, _ := in.ReadString('\n')
	cancel()
	raw := first
	for {
		line, err := in.ReadString('\n')
		if raw += line; err != nil {
			break
		}
	}
	if _, finish, _ := streamed(t, raw, "text_completion", 0); finish != "length" {
		t.Errorf("the answer under way ended by %q", finish)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if c, err := net.Dial("tcp", l.Addr().String()); err == nil {
		c.Close()
		t.Error("the server still listens")
	}
}

// TestBusy fills a server and asks once more.
func TestBusy(t *testing.T) {
	s, h := newTestServer(t, Config{Batch: generate.BatcherConfig{Rows: 1}, Waiting: 1})
	s.busy.Store(2)
	status, answer, _ := asked(t, h.URL+"/v1/completions", `{"model": "tiny", "prompt": "The"}`)
	if status != http.StatusTooManyRequests || at(answer, "error", "code") != "rate_limit_exceeded" {
		t.Errorf("%d %v", status, answer)
	}
	s.busy.Store(0)
	s.End()
	if status, _, _ := asked(t, h.URL+"/v1/completions", `{"model": "tiny", "prompt": "The"}`); status != http.StatusServiceUnavailable {
		t.Errorf("status %d of a server that ends", status)
	}
}

func TestTimeout(t *testing.T) {
	_, h := newTestServer(t, Config{Time: time.Nanosecond})
	if status, answer, _ := asked(t, h.URL+"/v1/completions", `{"model": "tiny", "prompt": "The"}`); status != http.StatusGatewayTimeout || at(answer, "error", "code") != "timeout" {
		t.Errorf("%d %v", status, answer)
	}
}
