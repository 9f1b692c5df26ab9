package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/seahorse-ml/seahorse/task"
)

// resolveEmbedding takes the width of the model from --embedding.
func (c *pretrainCommand) resolveEmbedding() error {
	if c.Embedding == "" {
		if c.FreezeEmbedding {
			return errors.New("--freeze-embedding leaves the vectors of --embedding as they are; give that too")
		}
		return nil
	}
	v, err := openVectors(c.Embedding)
	if err != nil {
		return err
	}
	setDefault(&c.NEmbd, v.Dim)
	if *c.NEmbd != v.Dim {
		return fmt.Errorf("--embedding %s: the vectors have %d dimensions, expected the --n-embd of %d", c.Embedding, v.Dim, *c.NEmbd)
	}
	return nil
}

// missingShown is how many of the tokens without a vector are listed.
const missingShown = 10

// tokenVectors returns what reads the vectors of --embedding, and says which tokens have none.
func (c *pretrainCommand) tokenVectors(s *streams) func(tokens []string, width int) ([][]float32, error) {
	return func(tokens []string, width int) ([][]float32, error) {
		v, err := openVectors(c.Embedding)
		if err != nil {
			return nil, err
		}
		if v.Dim != width {
			return nil, fmt.Errorf("--embedding %s: the vectors have %d dimensions, expected those of the model's table, %d", c.Embedding, v.Dim, width)
		}
		rows, missing := v.Rows(tokens)
		if len(missing) == len(tokens) {
			return nil, fmt.Errorf("--embedding %s: none of the %s has a vector there; words need a tokenizer of words or of large pieces", c.Embedding, plural(len(tokens), "token"))
		}
		told := fmt.Sprintf("embedding  %s of %s begin with their vectors", grouped(int64(len(tokens)-len(missing))), plural(len(tokens), "token"))
		if len(missing) > 0 {
			var some []string
			for _, i := range missing[:min(len(missing), missingShown)] {
				some = append(some, fmt.Sprintf("%q", tokens[i]))
			}
			told += fmt.Sprintf("; %s have none there and are drawn: %s", grouped(int64(len(missing))), strings.Join(some, " "))
			if len(missing) > missingShown {
				told += " …"
			}
		}
		s.say("%s", told)
		return rows, nil
	}
}

// frozen returns the pattern of what --freeze-embedding leaves as it is.
func (c *pretrainCommand) frozen(base task.New) (string, error) {
	if !c.FreezeEmbedding {
		return "", nil
	}
	m, err := base.Outline()
	if err != nil {
		return "", err
	}
	table, err := task.TokenTable(m)
	if err != nil {
		return "", err
	}
	return "^" + regexp.QuoteMeta(table.Weight.Name) + "$", nil
}
