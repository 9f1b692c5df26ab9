package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/task"
)

// teach writes what a teacher holds probable behind each token of prepared records.
func (c *dataPrepareCommand) teach(ctx context.Context, s *streams, ranks team, names []string) (err error) {
	if err := modelFolder(&c.Teacher); err != nil {
		return err
	}
	path := filepath.Clean(c.OutputDir) + "-teacher.bin"
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s is already there", path)
	}
	from := c.Tokenizer
	if from == "" {
		from = c.Teacher
	}
	t, err := tokenizer.Load(from)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp(filepath.Dir(path), ".teacher-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	o := task.Causal{Conversations: task.Conversations{Dir: from, Template: c.ChatTemplate}}
	var tokens []*data.Tokens
	for i, name := range names {
		f, err := encodeFor(ctx, o, name, task.Encoding{Tokenizer: t, Length: c.SeqLen, Path: filepath.Join(scratch, fmt.Sprintf("%d.bin", i))})
		if err != nil {
			return err
		}
		defer f.Close()
		tokens = append(tokens, f.Tokens)
	}
	config, err := c.asking(ranks)
	if err != nil {
		return err
	}
	m := newMeter(s.err, "asking the teacher")
	defer m.done()
	config.Progress = func(done, total int) { m.show(int64(done), int64(total)) }
	return task.WriteTops(ctx, path, config, tokens...)
}

// asking returns how the teacher is asked.
func (c *dataPrepareCommand) asking(ranks team) (task.TopsConfig, error) {
	storage, err := storageFlags{}.storage(c.Teacher)
	return task.TopsConfig{Teacher: c.Teacher, Storage: storage, Top: c.TopK, Length: c.SeqLen, Ranks: ranks}, err
}

// serve reads for the teacher as one of the ranks behind the first.
func (c *dataPrepareCommand) serve(ctx context.Context, ranks team) error {
	if c.Teacher == "" {
		return nil
	}
	if err := modelFolder(&c.Teacher); err != nil {
		return err
	}
	config, err := c.asking(ranks)
	if err != nil {
		return err
	}
	return interrupted(ctx, task.ServeTops(ctx, config))
}

// encodeFor makes tokens of a file as an objective has them.
func encodeFor(ctx context.Context, o task.Objective, name string, e task.Encoding) (*data.TokenFile, error) {
	s, err := data.OpenSource(name, nil)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if _, _, err := o.Encode(ctx, s, e); err != nil {
		return nil, err
	}
	return data.OpenTokens(e.Path)
}
