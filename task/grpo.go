package task

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"github.com/seahorse-ml/seahorse/agent/environment"
	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/prefer"
	"github.com/seahorse-ml/seahorse/reward"
)

// GRPO is learning from samples of the model itself, by what checkers say of them.
type GRPO struct {
	Config  prefer.GRPOConfig // whose MaxLength is the most tokens of a sample
	Rewards reward.Weighted
	// Group is how many samples are drawn for a prompt, > 1.
	Group int
	// Updates is how many steps are made of what is sampled together, each of a part of it, ≥ 1, and Iterations how often all of it is gone through, ≥ 1.
	Updates, Iterations int
	Scaling             prefer.Scaling // of advantages
	// Sampling says how tokens are drawn: Temperature, TopK, TopP and MinP. The rest of it is left out of account.
	Sampling generate.Config
	// MaskTruncated learns nothing of samples that the model hasn't ended; default false.
	MaskTruncated bool
	// Reference is the directory of the model that the policy is held to where Config.Beta isn't 0. Default: the model of the run as it is before training.
	Reference string
	// Environment is what the model acts in by turns, all of which are one sample; nil for answers of one turn. Config.MaxLength then bounds its tokens together with
	// those that it is told, and Turns its turns, ≥ 1.
	Environment environment.Environment
	Turns       int
	// Conversations says how prompts that are messages are written.
	Conversations Conversations
}

// Name is "grpo".
func (GRPO) Name() string { return "grpo" }

// reads returns the file of the chat template and the directory of the reference.
func (o GRPO) reads() []string { return []string{o.Conversations.file(), o.Reference} }

// Fits is true of decoders.
func (GRPO) Fits(m models.Model) bool {
	_, tempered := m.(temperedModel)
	_, writes := m.(generate.Model)
	return tempered && writes && Causal{}.Fits(m)
}

// Head returns none: a decoder has its own.
func (GRPO) Head(data.Labels) (models.Head, bool) { return models.Head{}, false }

// Vocabulary is any.
func (GRPO) Vocabulary() (string, []string) { return "", nil }

// Labels returns none.
func (GRPO) Labels(*data.Source) (data.Labels, error) { return data.Labels{}, nil }

// Validate tells what is wrong with the settings, or nil.
func (o GRPO) Validate() error {
	switch {
	case o.Group < 2 || o.Updates < 1 || o.Iterations < 1:
		return fmt.Errorf("task: grpo: groups of %d samples, %d updates and %d iterations, expected at least 2, 1 and 1", o.Group, o.Updates, o.Iterations)
	case o.Config.MaxLength < 1:
		return fmt.Errorf("task: grpo: samples of at most %d tokens, expected at least 1", o.Config.MaxLength)
	case !(o.Sampling.Temperature > 0) || math.IsInf(o.Sampling.Temperature, 0):
		return fmt.Errorf("task: grpo: a temperature of %g, expected more than 0: samples of a group are to differ", o.Sampling.Temperature)
	}
	if o.Environment != nil && o.Turns < 1 {
		return fmt.Errorf("task: grpo: episodes of %d turns, expected at least 1", o.Turns)
	}
	if _, err := prefer.Advantages([]float64{0}, 1, o.Scaling); err != nil {
		return err
	}
	return errors.Join(o.Config.Validate(), o.Rewards.Validate())
}

// temperedModel is a model whose losses of tokens are known at a temperature.
type temperedModel interface {
	prefer.Model
	TemperedLosses(g *graph.Graph, ids, targets, segments *graph.Node, temperature float64) *graph.Node
}

// tempered is a model at a temperature.
type tempered struct {
	temperedModel
	temperature float64
}

// TokenLosses are those at the temperature.
func (t tempered) TokenLosses(g *graph.Graph, ids, targets, segments *graph.Node) *graph.Node {
	return t.TemperedLosses(g, ids, targets, segments, t.temperature)
}

// at returns a model at the temperature of samples.
func (o GRPO) at(m any) (prefer.Model, error) {
	t, ok := m.(temperedModel)
	if !ok {
		return nil, fmt.Errorf("task: objective grpo: a %T, expected a decoder", m)
	}
	return tempered{t, o.Sampling.Temperature}, nil
}

// learner returns what learns from samples: a model with the parameters of m, which is saved as m is.
func (o GRPO) learner(m Model) (Model, error) {
	policy, err := o.at(m)
	if err != nil {
		return nil, err
	}
	return taught{m, prefer.GRPO{Policy: policy, Config: o.Config}}, o.Validate()
}

// promptsName returns the file beside a token file of prompts that holds their records.
func promptsName(tokens string) string {
	return strings.TrimSuffix(tokens, filepath.Ext(tokens)) + ".prompts.jsonl"
}

// promptEncoder turns records into prompts.
type promptEncoder struct {
	turns       *turns
	expects     bool                    // records need an "answer"
	environment environment.Environment // nil for prompts of the records
	stage       *stage                  // of the environment, once there was a record
	unfit       error                   // why no episode can be written by the template
}

// encode returns the tokens of a record's prompt and its text.
func (e *promptEncoder) encode(o *orderedjson.Object) (ids []int32, text string, err error) {
	if answer, _ := o.Get("answer"); e.expects && (answer == nil || answer == "") {
		return nil, "", errors.New(`no "answer", which the rewards compare with`)
	}
	if e.environment != nil {
		episode, err := e.environment.Begin(orderedjson.Append(nil, o, orderedjson.Format{}))
		if err != nil {
			return nil, "", err
		}
		return e.begin(episode.Talk())
	}
	prompt, _ := o.Get("prompt")
	switch prompt := prompt.(type) {
	case string:
		return promptIDs(e.turns.tokenizer, prompt), prompt, nil
	case []any:
		record := o.Clone()
		record.Set("messages", prompt)
		c, err := chat.FromRecord(record)
		if err != nil {
			return nil, "", err
		}
		return e.talk(c)
	}
	return nil, "", fmt.Errorf(`"prompt": expected a text or a list of messages, got %s`, orderedjson.Kind(prompt))
}

// begin returns the tokens of what an environment says first, and their text.
func (e *promptEncoder) begin(c chat.Conversation) (ids []int32, text string, err error) {
	if e.stage == nil {
		t, err := e.turns.template(len(c.Tools) > 0)
		if err != nil {
			return nil, "", err
		}
		if e.stage, e.unfit = newStage(t, e.turns.tokenizer, len(c.Tools) > 0); e.unfit != nil {
			return nil, "", e.unfit
		}
	}
	return e.talk(c)
}

// talk returns the tokens of a conversation up to an answer, and their text.
func (e *promptEncoder) talk(c chat.Conversation) (ids []int32, text string, err error) {
	t, err := e.turns.template(len(c.Tools) > 0)
	if err != nil {
		return nil, "", err
	}
	return t.Encoding(e.turns.tokenizer).Prompt(c)
}

// promptIDs returns the tokens of a text that is to be continued.
func promptIDs(t *tokenizer.Tokenizer, text string) []int32 {
	return t.AppendPart(nil, []byte(text), true, false, true)
}

// Encode makes a document of each prompt, and keeps the records beside the tokens. Prompts that leave no room for a sample are left out.
func (o GRPO) Encode(ctx context.Context, s *data.Source, c Encoding) (*data.Tokens, Report, error) {
	var report Report
	if c.Path == "" {
		return nil, report, errors.New("task: grpo: prompts are encoded into a file only")
	}
	w, err := data.NewTokenWriter(c.Path, c.Tokenizer.VocabSize())
	if err != nil {
		return nil, report, err
	}
	defer w.Abort()
	e := &promptEncoder{turns: newTurns(o.Conversations, c.Tokenizer), expects: o.Rewards.Expects(), environment: o.Environment}
	most, read, full := c.Length-o.Config.MaxLength, 0, 0
	var records []promptRecord
	for r, err := range s.Records(o.shapes()...) {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return nil, report, err
		}
		read++
		ids, text, err := e.encode(r.Object)
		if e.unfit != nil {
			return nil, report, e.unfit
		}
		if err == nil && len(ids) == 0 {
			err = errors.New("the prompt has no tokens")
		}
		if err != nil {
			if err = r.Fail(err); s.Skip(err) {
				continue
			}
			return nil, report, err
		}
		if len(ids) > most {
			if full++; full <= fullShown {
				report.Full = append(report.Full, r.Fail(fmt.Errorf("the prompt has %d tokens, expected at most %d beside a sample of %d", len(ids), most, o.Config.MaxLength)))
			}
			continue
		}
		if err := errors.Join(w.Append(ids, true), w.EndDocument()); err != nil {
			return nil, report, err
		}
		records = append(records, newPromptRecord(r.Object, text))
	}
	if full > fullShown {
		report.Full = append(report.Full, fmt.Errorf("and %d more", full-fullShown))
	}
	if e.turns.used != nil {
		report.Template, report.Borrowed = e.turns.used.Where, e.turns.used.Borrowed
	}
	if len(records) == 0 && full > 0 {
		return nil, report, fmt.Errorf("task: nothing is left of %d prompts: %w", read, report.Full[0])
	}
	if err = w.Commit(); err == nil {
		err = writePrompts(promptsName(c.Path), records)
	}
	if err == nil {
		err = e.turns.save(filepath.Dir(c.Path))
	}
	return nil, report, err
}

// shapes returns those of records: an environment makes the prompt of any.
func (o GRPO) shapes() []data.Shape {
	if o.Environment != nil {
		return nil
	}
	return []data.Shape{data.PromptShape}
}

// EvalRows is an error: what is measured is what the model writes, in the run itself.
func (GRPO) EvalRows(RowsConfig) (data.Dataset, []Cut, error) {
	return nil, nil, errors.New("task: objective grpo: nothing is measured of a text; validation prompts of the run are")
}

// Rows makes the layout of samples, and keeps prompts apart for validation.
func (o GRPO) Rows(c RowsConfig) (Rows, error) {
	r := Rows{Documents: true, Text: c.Tokens}
	if err := o.Validate(); err != nil {
		return r, err
	}
	p := &promptRows{}
	var err error
	if p.train, err = readPrompts(c.Tokens, filepath.Join(c.Dir, tokensName)); err != nil {
		return r, err
	}
	switch {
	case c.Held != nil:
		if p.held, err = readPrompts(c.Held, filepath.Join(c.Dir, validationName)); err != nil {
			return r, err
		}
	case c.Split > 0:
		n := int(math.Round(c.Split * float64(len(p.train))))
		if n == 0 || n == len(p.train) {
			return r, splitError{fmt.Errorf("task: %d of %d prompts to validate on", n, len(p.train))}
		}
		p.train, p.held = apart(p.train, n, c.Seed)
	}
	for _, x := range append(p.train[:len(p.train):len(p.train)], p.held...) {
		p.longest = max(p.longest, len(x.ids))
	}
	p.samples = o.samples(p.longest + o.Config.MaxLength - 1)
	p.epoch = len(p.train) * o.Group * o.Iterations
	if context := c.Model.ContextLength(); p.longest+o.Config.MaxLength > context {
		return r, fmt.Errorf("task: grpo: prompts of up to %d tokens and samples of %d, and the model's context is %d", p.longest, o.Config.MaxLength, context)
	}
	r.Train = p
	return r, nil
}

// samples returns what rows of a length have.
func (o GRPO) samples(length int) prefer.SamplesConfig {
	c := prefer.SamplesConfig{Length: length, Old: o.Updates*o.Iterations > 1, Reference: o.Config.Beta != 0}
	if o.Updates > 1 && (o.Config.LossType == "dapo" || o.Config.LossType == "cispo") {
		c.Sampled = 1
	}
	return c
}
