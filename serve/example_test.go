package serve_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"
	"strings"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/serve"
	"github.com/seahorse-ml/seahorse/task"
	"gorgonia.org/tensor"
)

// A model on disk is opened by task.Open(dir, task.OpenConfig{}); untrained makes one that has learned nothing.
func untrained() (*task.Trained, error) {
	tok, err := tokenizer.Train(context.Background(), tokenizer.NewTrainConfig("char"), tokenizer.Texts("hello, world"))
	if err != nil {
		return nil, err
	}
	config, err := models.Size{Vocab: tok.VocabSize(), Context: 64, Layers: 1, Heads: 2, Width: 32}.Config("llama")
	if err != nil {
		return nil, err
	}
	m, err := models.New(config, graph.NewParams(tensor.Float32, 1))
	return &task.Trained{Dir: "untrained", Model: m, Objective: task.Causal{}, Tokenizer: tok}, err
}

func ExampleServer() {
	model, err := untrained()
	if err != nil {
		log.Fatal(err)
	}
	server, err := serve.New(model, serve.Config{Name: "mine"})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	// http.ListenAndServe("localhost:8080", server) would answer others; this asks once.
	request := httptest.NewRequest("POST", "http://localhost/v1/completions", strings.NewReader(`{"model": "mine", "prompt": "hello", "max_tokens": 5}`))
	request.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	server.ServeHTTP(answer, request)
	fmt.Println(answer.Code, strings.Contains(answer.Body.String(), `"completion_tokens"`))
	// Output: 200 true
}
