// Extraction writes sentences about payments and the JSON that says the same, to teach a small model by: see docs/first-model.md.
//
//	go run ./examples/extraction -dir extraction
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
)

func main() {
	log.SetFlags(0)
	dir := flag.String("dir", "extraction", "directory that is made, if need be, and written into")
	train := flag.Int("train", 1600, "sentences to learn from, of train.jsonl")
	test := flag.Int("test", 200, "sentences to be examined by, of test.jsonl, with names and towns that none of the others has")
	seed := flag.Uint64("seed", 1, "decides which sentences there are")
	flag.Parse()
	if err := write(*dir, *train, *test, *seed); err != nil {
		log.Fatal("extraction: ", err)
	}
}

// instruction is what the system says in every conversation.
const instruction = "Write the payment as JSON."

// exam is task.yaml. Its question is the conversation as ChatML has it, up to where the answer begins.
const exam = `data: test.jsonl
question: "<|im_start|>system\n` + instruction + `<|im_end|>\n<|im_start|>user\n{{.text}}<|im_end|>\n<|im_start|>assistant\n"
answer: answer
delimiter: ""
stop: ["<|im_end|>"]
metrics: [exact_match]
max_new_tokens: 96
`

// write writes train.jsonl, conversations; test.jsonl, sentences with their answers; and task.yaml, which asks for those.
func write(dir string, train, test int, seed uint64) error {
	if train < 1 || test < 1 {
		return errors.New("expected at least one sentence to learn from and one to be examined by")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	chance := rand.New(rand.NewPCG(seed, 0))
	return errors.Join(
		writeLines(filepath.Join(dir, "train.jsonl"), train, func() any {
			p := newPayment(chance, learnedNames)
			return map[string]any{"messages": []message{{"system", instruction}, {"user", p.sentence(chance)}, {"assistant", p.json()}}}
		}),
		writeLines(filepath.Join(dir, "test.jsonl"), test, func() any {
			p := newPayment(chance, heldOutNames)
			return map[string]string{"text": p.sentence(chance), "answer": p.json()}
		}),
		os.WriteFile(filepath.Join(dir, "task.yaml"), []byte(exam), 0o644),
	)
}

type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// writeLines writes so many records as JSON lines.
func writeLines(path string, n int, record func() any) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	for range n {
		if err = lines.Encode(record()); err != nil {
			break
		}
	}
	return errors.Join(err, w.Flush(), f.Close())
}
