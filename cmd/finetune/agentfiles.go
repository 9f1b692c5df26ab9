package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/seahorse-ml/seahorse/agent"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// question is a question of a file.
type question struct {
	Question, Expected string
	record             json.RawMessage
	where              string
}

// questions returns those of the file, or the one that was given.
func (c *agentCommand) questions(s *streams) ([]question, error) {
	if c.Questions == "" {
		return []question{{Question: c.Question, where: "the question"}}, nil
	}
	in, closeFile, err := openText(c.Questions, s.in)
	if err != nil {
		return nil, err
	}
	defer closeFile()
	var all []question
	lines := bufio.NewReader(in)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if text := bytes.TrimSpace(line); len(text) > 0 {
			q, bad := readQuestion(text)
			if bad != nil {
				return nil, fmt.Errorf("%s:%d: %w", c.Questions, n, bad)
			}
			q.where = fmt.Sprintf("%s:%d", c.Questions, n)
			all = append(all, q)
		}
		if err != nil {
			break
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no questions in %s", c.Questions)
	}
	return all, nil
}

// readQuestion reads a line: an object with "question", or "prompt" as grpo has it, or else a text.
func readQuestion(line []byte) (q question, err error) {
	if line[0] != '{' {
		return question{Question: string(line)}, nil
	}
	o, err := orderedjson.DecodeObject(line)
	if err != nil {
		return q, err
	}
	value, ok := o.Get("question")
	if !ok {
		value, _ = o.Get("prompt")
	}
	if q.Question, ok = value.(string); !ok || q.Question == "" {
		return q, errors.New(`expected "question", a text`)
	}
	if answer, _ := o.Get("answer"); answer != nil {
		if q.Expected, ok = answer.(string); !ok {
			q.Expected = string(orderedjson.Append(nil, answer, orderedjson.Format{}))
		}
	}
	q.record = append(json.RawMessage(nil), line...)
	return q, nil
}

// keeper writes conversations into a file, each as soon as it has been held.
type keeper struct{ file *os.File }

// newKeeper begins a file; with no path it keeps nothing.
func newKeeper(path string) (*keeper, error) {
	if path == "" {
		return &keeper{}, nil
	}
	file, err := os.Create(path)
	return &keeper{file}, err
}

// add writes the conversations in which an assistant has said something.
func (k *keeper) add(all []agent.Kept) error {
	if k.file == nil {
		return nil
	}
	for _, x := range all {
		if _, err := k.file.Write(agent.Record(x.Conversation)); err != nil {
			return err
		}
	}
	return nil
}

func (k *keeper) close() error {
	if k.file == nil {
		return nil
	}
	return errors.Join(k.file.Sync(), k.file.Close())
}
