package serve

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/generate"
)

// chatWith and textWith are requests with something more in them.
func chatWith(more string) string {
	return `{"model": "tiny", "max_tokens": 3, "messages": [{"role": "user", "content": "fox"}], ` + more + `}`
}

func textWith(more string) string {
	return `{"model": "tiny", "max_tokens": 3, "prompt": "fox", ` + more + `}`
}

// TestBadRequests asks what can't be answered: each gets one error as OpenAI writes it, and the server goes on.
func TestBadRequests(t *testing.T) {
	_, h := newTestServer(t, Config{Body: 20_000})
	for _, test := range []struct {
		path, body string
		status     int
		message    string // what the error says
	}{
		{"chat/completions", ``, 400, "no JSON object"},
		{"chat/completions", `{`, 400, "no JSON object"},
		{"chat/completions", `[]`, 400, "no JSON object"},
		{"chat/completions", `null`, 400, "no JSON object"},
		{"chat/completions", strings.Repeat("[", 10_000), 400, "no JSON object"},
		{"chat/completions", "{\"model\": \"ti\xffny\"}", 400, "no JSON object"},
		{"chat/completions", `{"model": "tiny", "model": "tiny"}`, 400, "no JSON object"},
		{"chat/completions", strings.Repeat(" ", 30_000), 413, "more than 20000 bytes"},
		{"chat/completions", `{"model": "gpt-4o", "messages": []}`, 404, `no model "gpt-4o"`},
		{"chat/completions", `{"messages": [{"role": "user", "content": "fox"}]}`, 404, "no model"},
		{"chat/completions", `{"model": 7}`, 400, "model: expected a string"},
		{"chat/completions", `{"model": "tiny"}`, 400, "messages"},
		{"chat/completions", `{"model": "tiny", "messages": "fox"}`, 400, "messages: expected a list"},
		{"chat/completions", `{"model": "tiny", "messages": []}`, 400, "empty list"},
		{"chat/completions", `{"model": "tiny", "messages": [7]}`, 400, "messages[0]"},
		{"chat/completions", `{"model": "tiny", "messages": [{"role": "king", "content": "fox"}]}`, 400, `role "king"`},
		{"chat/completions", `{"model": "tiny", "messages": [{"role": "user"}]}`, 400, "content"},
		{"chat/completions", `{"model": "tiny", "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]}`, 400, "messages[0]"},
		{"chat/completions", `{"model": "tiny", "messages": [{"role": "user", "content": "` + strings.Repeat("fox ", 400) + `"}]}`, 400, "at most 256 tokens"},
		{"chat/completions", chatWith(`"temprature": 1`), 400, `unknown parameter "temprature"`},
		{"chat/completions", chatWith(`"temperature": "hot"`), 400, "temperature: expected a number"},
		{"chat/completions", chatWith(`"temperature": -0.1`), 400, "temperature"},
		{"chat/completions", chatWith(`"temperature": 1e999`), 400, ""},
		{"chat/completions", chatWith(`"top_p": 1.5`), 400, "top_p"},
		{"chat/completions", chatWith(`"n": 0`), 400, "n: 0"},
		{"chat/completions", chatWith(`"n": 5`), 400, "n: 5"},
		{"chat/completions", chatWith(`"n": 1.5`), 400, "n: expected an integer"},
		{"chat/completions", chatWith(`"max_completion_tokens": 0`), 400, "max_completion_tokens"},
		{"chat/completions", chatWith(`"max_completion_tokens": 7`), 400, "beside max_tokens"},
		{"chat/completions", `{"model": "tiny", "max_tokens": 256, "messages": [{"role": "user", "content": "fox"}]}`, 400, "256 tokens are asked for"},
		{"chat/completions", `{"model": "tiny", "max_tokens": 99999999999999999999, "messages": [{"role": "user", "content": "fox"}]}`, 400, "max_tokens"},
		{"chat/completions", chatWith(`"stop": [1]`), 400, "stop"},
		{"chat/completions", chatWith(`"stop": ""`), 400, "stop"},
		{"chat/completions", chatWith(`"stop": ["a","b","c","d","e","f","g","h","i","j","k","l","m","n","o","p","q"]`), 400, "at most 16"},
		{"chat/completions", chatWith(`"seed": "x"`), 400, "seed"},
		{"chat/completions", chatWith(`"stream": 1`), 400, "stream"},
		{"chat/completions", chatWith(`"stream_options": {"include_usage": true}`), 400, "stream_options"},
		{"chat/completions", chatWith(`"logit_bias": {"x": 1}`), 400, "logit_bias"},
		{"chat/completions", chatWith(`"logit_bias": {"1": 101}`), 400, "logit_bias"},
		{"chat/completions", chatWith(`"top_logprobs": 3`), 400, "without logprobs"},
		{"chat/completions", chatWith(`"logprobs": true, "top_logprobs": 21`), 400, "top_logprobs"},
		{"chat/completions", chatWith(`"response_format": {"type": "json_object"}`), 400, "response_format"},
		{"chat/completions", chatWith(`"tools": {}`), 400, "tools"},
		{"chat/completions", chatWith(`"tools": [1]`), 400, "tools"},
		{"chat/completions", chatWith(`"tool_choice": "required"`), 400, "tool_choice"},
		{"chat/completions", chatWith(`"presence_penalty": 3`), 400, "presence_penalty"},
		{"chat/completions", chatWith(`"chat_template_kwargs": 3`), 400, "chat_template_kwargs"},
		{"completions", `{"model": "tiny"}`, 400, "prompt"},
		{"completions", `{"model": "tiny", "prompt": 7}`, 400, "prompt"},
		{"completions", `{"model": "tiny", "prompt": []}`, 400, "prompt"},
		{"completions", `{"model": "tiny", "prompt": [[]]}`, 400, "empty list"},
		{"completions", `{"model": "tiny", "prompt": [1, "x"]}`, 400, "tokens are integers"},
		{"completions", `{"model": "tiny", "prompt": [100000]}`, 400, "tokens are integers"},
		{"completions", `{"model": "tiny", "prompt": [-1]}`, 400, "tokens are integers"},
		{"completions", textWith(`"suffix": "dog"`), 400, "suffix"},
		{"completions", textWith(`"best_of": 3`), 400, "best_of"},
		{"completions", textWith(`"echo": true, "logprobs": 1`), 400, "logprobs"},
		{"completions", textWith(`"messages": []`), 400, "unknown parameter"},
		{"embeddings", `{"model": "tiny"}`, 400, "input"},
		{"embeddings", `{"model": "tiny", "input": ["fox", 7]}`, 400, "input"},
		{"embeddings", `{"model": "tiny", "input": "fox", "encoding_format": "hex"}`, 400, "encoding_format"},
		{"embeddings", `{"model": "tiny", "input": "fox", "dimensions": 3}`, 400, "dimensions"},
		{"embeddings", `{"model": "tiny", "input": "` + strings.Repeat("fox ", 400) + `"}`, 400, "at most 256"},
		{"models", `{}`, 405, "expected GET"},
		{"models/gpt-4o", `{}`, 405, "expected GET"},
		{"images/generations", `{}`, 404, "unknown address"},
		{"", `{}`, 404, "unknown address"},
	} {
		status, answer, raw := asked(t, h.URL+"/v1/"+test.path, test.body)
		message, _ := at(answer, "error", "message").(string)
		if status != test.status || !strings.Contains(message, test.message) || at(answer, "error", "type") == nil {
			t.Errorf("%s %.120s: %d %s, expected %d with %q", test.path, test.body, status, raw, test.status, test.message)
		}
	}
	for name, change := range map[string]func(*http.Request){
		"host":         func(r *http.Request) { r.Host = "example.com" },
		"origin":       func(r *http.Request) { r.Header.Set("Origin", "https://example.com") },
		"null origin":  func(r *http.Request) { r.Header.Set("Origin", "null") },
		"content type": func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") },
	} {
		r, _ := http.NewRequest(http.MethodPost, h.URL+"/v1/completions", strings.NewReader(textWith(`"n": 1`)))
		r.Header.Set("Content-Type", "application/json")
		change(r)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != 403 && (answer.StatusCode != 415 || name != "content type") {
			t.Errorf("%s: %d", name, answer.StatusCode)
		}
	}
	if status, _, raw := asked(t, h.URL+"/v1/completions", textWith(`"n": 1`)); status != 200 {
		t.Errorf("a good request behind bad ones: %d %s", status, raw)
	}
}

// TestToken asks with and without the token.
func TestToken(t *testing.T) {
	_, h := newTestServer(t, Config{Token: "secret"})
	for header, want := range map[string]int{"": 401, "Bearer": 401, "Bearer wrong": 401, "Bearer secretly": 401, "Basic secret": 401, "Bearer secret": 200, "bearer secret": 200} {
		for _, path := range []string{"/v1/models", "/v1/models/tiny"} {
			r, _ := http.NewRequest(http.MethodGet, h.URL+path, nil)
			r.Host = "example.com"
			r.Header.Set("Authorization", header)
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if answer.StatusCode != want {
				t.Errorf("%q: %d, expected %d", header, answer.StatusCode, want)
			}
		}
	}
	for _, path := range []string{"/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/nothing", "/"} {
		if status, answer, _ := asked(t, h.URL+path, textWith(`"n": 1`)); status != 401 || at(answer, "error", "code") != "invalid_api_key" {
			t.Errorf("%s without the token: %d %v", path, status, answer)
		}
	}
}

// seeds are requests from which others are made.
var seeds = []string{
	chatWith(`"temperature": 0.5, "top_p": 0.9, "n": 2, "stop": ["a", "b"], "seed": 1, "logprobs": true, "top_logprobs": 2`),
	chatWith(`"stream": true, "stream_options": {"include_usage": true}, "logit_bias": {"5": -3}, "presence_penalty": 0.1`),
	chatWith(`"tools": [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}], "tool_choice": "auto"`),
	textWith(`"echo": true, "n": 2, "best_of": 2`),
	`{"model": "tiny", "max_tokens": 2, "prompt": [[1, 2], [3]], "logprobs": 2, "stream": true}`,
	`{"model": "tiny", "input": ["fox", "dog"], "encoding_format": "base64"}`,
}

// answers sends a request to a server, and tells what is wrong with the answer, or "".
func answers(s *Server, path, body string) string {
	r := httptest.NewRequest(http.MethodPost, "http://localhost"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	data, _ := io.ReadAll(w.Result().Body)
	if w.Code == 200 {
		return ""
	}
	var e struct {
		Error struct{ Message, Type string }
	}
	if w.Code < 400 || w.Code >= 500 || json.Unmarshal(data, &e) != nil || e.Error.Message == "" || e.Error.Type == "" {
		return fmt.Sprintf("%d %s", w.Code, data)
	}
	return ""
}

var paths = []string{"/v1/chat/completions", "/v1/completions", "/v1/embeddings"}

func FuzzRequests(f *testing.F) {
	trained, err := tiny()
	if err != nil {
		f.Fatal(err)
	}
	s, err := New(trained, Config{Batch: generate.BatcherConfig{Rows: 4, Length: 48}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(s.Close)
	for i, seed := range seeds {
		f.Add(uint8(i), seed)
	}
	f.Fuzz(func(t *testing.T, path uint8, body string) {
		if wrong := answers(s, paths[int(path)%len(paths)], body); wrong != "" {
			t.Errorf("%q: %s", body, wrong)
		}
	})
}
