package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/task"
	"gorgonia.org/tensor"
)

// testText is what the tokenizer of the tests was trained on.
const testText = "The quick brown fox jumps over the lazy dog. <tool_call> {\"name\": \"weather\"} user assistant system\n"

// tiny returns a small Llama, which is made once.
var tiny = sync.OnceValues(func() (*task.Trained, error) {
	c := tokenizer.NewTrainConfig("bpe")
	c.VocabSize = 320
	tok, err := tokenizer.Train(context.Background(), c, tokenizer.Texts(strings.Repeat(testText, 30)))
	if err != nil {
		return nil, err
	}
	end, _ := tok.EndOfText()
	n := int(end)
	config, err := models.Size{Vocab: tok.VocabSize(), Context: 256, Layers: 2, Heads: 2, Width: 64, End: &n}.Config("llama")
	if err != nil {
		return nil, err
	}
	m, err := models.New(config, graph.NewParams(tensor.Float32, 3))
	if err != nil {
		return nil, err
	}
	return &task.Trained{Dir: "tiny", Model: m, Objective: task.Of(m), Tokenizer: tok}, nil
})

// newTestServer serves the small Llama.
func newTestServer(t *testing.T, c Config) (*Server, *httptest.Server) {
	t.Helper()
	trained, err := tiny()
	if err != nil {
		t.Fatal(err)
	}
	if c.Batch == (generate.BatcherConfig{}) {
		c.Batch = generate.BatcherConfig{Rows: 4}
	}
	c.Log = t.Logf
	s, err := New(trained, c)
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	t.Cleanup(func() {
		h.Close()
		s.Close()
	})
	return s, h
}

// asked sends a request and returns the answer.
func asked(t *testing.T, url, body string) (status int, answer map[string]any, raw string) {
	t.Helper()
	r, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return 0, nil, ""
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	if !bytes.HasPrefix(data, []byte("data:")) {
		if err := json.Unmarshal(data, &answer); err != nil {
			t.Errorf("%s answers %q: %v", body, data, err)
		}
	}
	return r.StatusCode, answer, string(data)
}

// at returns what is at a path of keys and indices in an answer, or nil.
func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

// streamed joins what a stream sends of one choice: its text, and why it ends.
func streamed(t *testing.T, raw, kind string, index int) (text, finish string, events int) {
	t.Helper()
	if !strings.HasSuffix(raw, "data: [DONE]\n\n") {
		t.Errorf("the stream ends without [DONE]: %q", raw[max(0, len(raw)-200):])
	}
	for event := range strings.SplitSeq(raw, "\n\n") {
		data, ok := strings.CutPrefix(event, "data: ")
		if !ok || data == "[DONE]" {
			continue
		}
		events++
		var chunk any
		if err := json.Unmarshal([]byte(data), &chunk); err != nil {
			t.Fatalf("event %q: %v", data, err)
		}
		choice := at(chunk, "choices", 0)
		if at(chunk, "object") != kind || choice != nil && at(choice, "index") != float64(index) {
			continue
		}
		part, _ := at(choice, "text").(string)
		if kind == "chat.completion.chunk" {
			part, _ = at(choice, "delta", "content").(string)
		}
		text += part
		if f, ok := at(choice, "finish_reason").(string); ok {
			finish = f
		}
	}
	return text, finish, events
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}
