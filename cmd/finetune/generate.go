package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/models"
)

// generateCommand is `finetune generate`.
type generateCommand struct {
	Model             string  `required:"" placeholder:"DIR" help:"A model or run directory."`
	Prompt            string  `required:"" placeholder:"TEXT" help:"Text to continue. An empty one starts a new text."`
	MaxNewTokens      int     `default:"200" placeholder:"N" help:"Tokens to generate at most (${default})."`
	Temperature       float64 `default:"0.8" placeholder:"X" help:"What logits are divided by (${default}). 0 takes the best token each time."`
	TopK              int     `default:"0" placeholder:"K" help:"Draw from the K best tokens only. 0 draws from all."`
	TopP              float64 `default:"1" placeholder:"P" help:"Draw from the best tokens that have this probability together (${default})."`
	MinP              float64 `default:"0" placeholder:"P" help:"Draw only from tokens with this part of the best one's probability (${default})."`
	RepetitionPenalty float64 `default:"1" placeholder:"X" help:"Make tokens that are in the text already less likely, if above 1 (${default})."`
	Seed              uint64  `default:"1337" placeholder:"N" help:"Seed of what is drawn (${default})."`
	JSON              bool    `name:"json" help:"Print an object at the end instead: prompt_ids, and ids and text of the continuation."`
	Threads           int     `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores."`
}

// Help is shown below the command's summary.
func (generateCommand) Help() string {
	return `The text ends after --max-new-tokens or where the model ends it.

Examples:

    finetune generate --model runs/opticks --prompt "The Rays of Light"
    finetune generate --model runs/opticks --prompt "Light" --temperature 0 --max-new-tokens 50`
}

// generated is what --json prints.
type generated struct {
	PromptIDs []int32 `json:"prompt_ids"`
	IDs       []int32 `json:"ids"`
	Text      string  `json:"text"`
}

// Run continues the prompt.
func (c *generateCommand) Run(ctx context.Context, s *streams) error {
	if err := atLeast("threads", &c.Threads, 0); err != nil {
		return err
	}
	config := models.GenerateConfig{
		MaxNewTokens: c.MaxNewTokens, Temperature: c.Temperature, TopK: c.TopK, TopP: c.TopP, MinP: c.MinP,
		RepetitionPenalty: c.RepetitionPenalty, Seed: c.Seed,
	}
	if err := config.Validate(); err != nil {
		return err
	}
	useThreads(c.Threads)
	m, t, err := loadModel(c.Model)
	if err != nil {
		return err
	}
	w := writer{model: m, tokenizer: t, config: config}
	prompt, err := w.encode(c.Prompt)
	if err != nil {
		return err
	}
	if !c.JSON {
		fmt.Fprint(s.out, c.Prompt)
		_, err := w.write(ctx, s.out, prompt)
		fmt.Fprintln(s.out)
		return err
	}
	ids, err := w.write(ctx, io.Discard, prompt)
	if err != nil {
		return err
	}
	printer := json.NewEncoder(s.out)
	printer.SetEscapeHTML(false)
	return printer.Encode(generated{prompt, append([]int32{}, ids...), string(t.Decode(ids, true))})
}

// writer writes texts by a model.
type writer struct {
	model     models.CausalLM
	tokenizer *tokenizer.Tokenizer
	config    models.GenerateConfig
}

// encode returns the ids of a prompt; an empty one becomes the token that ends the text before.
func (w *writer) encode(prompt string) ([]int32, error) {
	end, ok := w.tokenizer.EndOfText()
	if prompt == "" {
		if !ok {
			return nil, errors.New("the prompt is empty, and the tokenizer has no end-of-text token to start from")
		}
		return []int32{end}, nil
	}
	ids := w.tokenizer.AppendIDs(nil, []byte(prompt), true)
	if len(ids) == 0 {
		return nil, fmt.Errorf("the tokenizer knows nothing of the prompt %q", prompt)
	}
	for _, id := range ids {
		if int(id) >= w.model.VocabSize() {
			return nil, fmt.Errorf("the tokenizer gives token %d, and the model's vocabulary has %d: they don't belong together", id, w.model.VocabSize())
		}
	}
	return ids, nil
}

// write continues a prompt and writes the text as it comes. It returns the new ids.
func (w *writer) write(ctx context.Context, out io.Writer, prompt []int32) ([]int32, error) {
	config := w.config
	if end, ok := w.tokenizer.EndOfText(); ok {
		config.Stop = append(config.Stop, end)
	}
	text := w.tokenizer.NewDecodeStream(true)
	var ids []int32
	for id, err := range models.Generate(ctx, w.model, prompt, config) {
		if err != nil {
			return ids, interrupted(ctx, err)
		}
		ids = append(ids, id)
		if _, err := out.Write(text.Push(id)); err != nil {
			return ids, err
		}
	}
	_, err := out.Write(text.Flush())
	return ids, err
}

// loadModel reads the model and the tokenizer of a directory.
func loadModel(dir string) (models.CausalLM, *tokenizer.Tokenizer, error) {
	m, err := models.Load(dir)
	if err != nil {
		return nil, nil, err
	}
	t, err := tokenizer.Load(dir)
	return m, t, err
}
