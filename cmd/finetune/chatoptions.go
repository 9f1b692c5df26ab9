package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/task"
)

// chatOptions are the options that say how conversations and long records are learned, and whether they share rows.
type chatOptions struct {
	lossOptions

	Packing bool `group:"data" default:"true" negatable:"" help:"Let documents share rows, where none sees another (on)."`
}

// lossOptions are those of chatOptions that don't depend on rows.
type lossOptions struct {
	ChatTemplate       string `group:"data" placeholder:"FILE|NAME" help:"Chat template for conversations: a Jinja file or one of alpaca, chatml, gemma, llama2, llama3, mistral, phi3, zephyr. Default: the model's own, or chatml where it has none."`
	InstructionFormat  string `group:"data" enum:",chat,alpaca" default:"" placeholder:"chat|alpaca" help:"How records of instruction, input and output are written: as a conversation by the chat template, or by the prompt of Stanford's Alpaca. Default: chat where the model has a template or --chat-template names one, else alpaca."`
	AssistantOnlyLoss  bool   `group:"data" help:"Learn all that the assistant says in a conversation. That is the default."`
	CompletionOnlyLoss bool   `group:"data" help:"Learn the last answer of a conversation only."`
	TrainOnPrompt      bool   `group:"data" help:"Learn prompts and what others than the assistant say too."`
	EOS                bool   `name:"eos" group:"data" default:"true" negatable:"" help:"End texts and completions by the token that ends a text, where they don't (on). To conversations nothing is added."`
	Truncation         string `group:"data" enum:",drop,left,right,error" default:"" placeholder:"drop|left|right|error" help:"What becomes of a record of more tokens than --seq-len: it is left out, cut at one side, or an error. Default: drop for conversations; others are learned in pieces."`
}

// resolve checks the options for an objective.
func (c *chatOptions) resolve(objective string) error {
	own := *c
	if objective == (task.Reward{}).Name() {
		own.ChatTemplate = ""
	}
	if own != (chatOptions{lossOptions: lossOptions{EOS: true}, Packing: true}) && objective != (task.Causal{}).Name() {
		return fmt.Errorf("--chat-template, --instruction-format, --assistant-only-loss, --completion-only-loss, --train-on-prompt, --no-eos, --no-packing and --truncation are for the objective causal, not for %s", objective)
	}
	return c.lossOptions.resolve()
}

// resolve checks the template that is named, and makes its path hold elsewhere too.
func (c *lossOptions) resolve() error {
	ways := 0
	for _, set := range []bool{c.AssistantOnlyLoss, c.CompletionOnlyLoss, c.TrainOnPrompt} {
		if set {
			ways++
		}
	}
	if ways > 1 {
		return errors.New("--assistant-only-loss, --completion-only-loss and --train-on-prompt can't be used together")
	}
	if info, err := os.Stat(c.ChatTemplate); err == nil && info.Mode().IsRegular() {
		c.ChatTemplate, err = filepath.Abs(c.ChatTemplate)
		return err
	}
	if c.ChatTemplate != "" {
		if _, err := chat.BuiltinTemplate(c.ChatTemplate); err != nil {
			return fmt.Errorf("--chat-template: %w", err)
		}
	}
	return nil
}

// learn returns what of a conversation is learned.
func (c *lossOptions) learn() chat.Learn {
	switch {
	case c.CompletionOnlyLoss:
		return chat.LearnLastAnswer
	case c.TrainOnPrompt:
		return chat.LearnAll
	}
	return chat.LearnAnswers
}

// causal returns the objective that the options say, for the model in a directory.
func (c *chatOptions) causal(dir string) task.Causal {
	return task.Causal{
		Conversations: task.Conversations{Dir: dir, Template: c.ChatTemplate, Learn: c.learn(), Instructions: c.InstructionFormat},
		Truncation:    data.Truncation(c.Truncation), LearnPrompts: c.TrainOnPrompt, Unpacked: !c.Packing, Unended: !c.EOS,
	}
}

// tellConversations says by which template conversations are learned, and how many records were too long.
func (s *streams) tellConversations(r task.Report, length int) {
	switch {
	case r.Borrowed:
		s.say("template   %s, as the model has none of its own (--chat-template)", r.Template)
	case r.Template != "":
		s.say("template   %s", r.Template)
	}
	if r.Alpaca {
		s.say("alpaca     instructions are written by the prompt of Stanford's Alpaca, not as conversations (--instruction-format)")
	}
	if n := r.Blank.Count; n > 0 {
		s.say("empty      %s without text left out", plural(n, "record"))
		for _, err := range r.Blank.First {
			s.say("           %v", err)
		}
		if more := n - len(r.Blank.First); more > 0 {
			s.say("           and %s more", grouped(int64(more)))
		}
	}
	if r.Long.Dropped > 0 {
		why := "more than"
		if r.Long.Unlearned > 0 {
			why = "nothing to learn when cut to"
		}
		s.say("dropped    %s of %s %d tokens (--truncation, --seq-len)", plural(r.Long.Dropped, "record"), why, length)
	}
	if r.Long.Cut > 0 {
		s.say("cut        %s to %d tokens (--truncation, --seq-len)", plural(r.Long.Cut, "record"), length)
	}
	for _, err := range r.Long.First {
		s.say("           %v", err)
	}
	if more := r.Long.Dropped + r.Long.Cut - len(r.Long.First); more > 0 {
		s.say("           and %s more", grouped(int64(more)))
	}
}
