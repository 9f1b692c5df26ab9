package main

import (
	"fmt"
	"io"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/models"
)

// warnOfJob is warnOfTokenizer for the model that a job makes.
func warnOfJob(s *streams, j job, t *tokenizer.Tokenizer) error {
	kind, err := j.modelType()
	if err == nil {
		warnOfTokenizer(s.err, kind, t)
	}
	return err
}

// warnOfTokenizer tells of a tokenizer that transformers would replace by another one beside a model of a model_type, and what
// the user can do.
func warnOfTokenizer(out io.Writer, modelType string, t *tokenizer.Tokenizer) {
	f, err := models.FamilyNamed(modelType)
	if err != nil || !f.Rebuilds || t.Split() == f.Split {
		return
	}
	fmt.Fprintf(out, `warning    transformers takes the tokenizer of any %[1]s model for byte-level BPE that splits text by %[1]s's pattern. This one is
           not, so the model works here, but gets other ids there, without a word. To have both, make the model with a tokenizer
           that fits (finetune pretrain --tokenizer bpe, or finetune tokenizer train --split %[2]s) or with --arch qwen3 or llama.
`, modelType, f.Split)
}
