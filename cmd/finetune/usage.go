package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// synonyms are what other tools call a flag or a command of ours.
var synonyms = map[string][]string{
	"--learning-rate":               {"--lr", "--eta"},
	"--min-learning-rate":           {"--min-lr"},
	"--num-train-epochs":            {"--epochs", "--epoch", "--num-epochs", "--n-epochs"},
	"--max-steps":                   {"--steps", "--iters", "--max-iters", "--num-steps", "--iterations", "--total-steps"},
	"--batch-size":                  {"--bs", "--batch", "--per-device-train-batch-size", "--train-batch-size", "--micro-batch-size"},
	"--gradient-accumulation-steps": {"--accumulation", "--grad-accum", "--accumulate", "--gradient-accumulation"},
	"--seq-len":                     {"--max-seq-length", "--max-seq-len", "--block-size", "--context", "--context-length", "--ctx-size", "--sequence-length"},
	"--output-dir":                  {"--out", "--output", "--out-dir", "--save-dir", "--adapter-path"},
	"--data":                        {"--dataset", "--train-file", "--train", "--train-data", "--input", "--corpus", "--file", "--dataset-name"},
	"--validation-data":             {"--validation-file", "--eval-file", "--valid", "--val-data", "--eval-data"},
	"--model":                       {"--model-name-or-path", "--model-path", "--base-model", "--checkpoint", "--pretrained"},
	"--lr-scheduler-type":           {"--scheduler", "--lr-scheduler", "--schedule", "--lr-schedule"},
	"--warmup-steps":                {"--warmup", "--warmup-iters"},
	"--max-grad-norm":               {"--grad-clip", "--clip", "--clip-grad-norm", "--gradient-clipping"},
	"--eval-steps":                  {"--eval-interval", "--steps-per-eval", "--eval-every"},
	"--save-steps":                  {"--save-every", "--save-interval", "--checkpoint-interval"},
	"--logging-steps":               {"--log-interval", "--log-every", "--steps-per-report"},
	"--max-new-tokens":              {"--max-tokens", "--n-predict", "--num-tokens", "--length"},
	"--temperature":                 {"--temp"},
	"--n-layer":                     {"--layers", "--num-layers", "--n-layers", "--depth", "--num-hidden-layers"},
	"--n-head":                      {"--heads", "--num-heads", "--n-heads", "--num-attention-heads"},
	"--n-embd":                      {"--width", "--d-model", "--hidden-size", "--dim", "--embed-dim"},
	"--threads":                     {"--num-threads", "--n-threads", "--workers", "--cores"},
	"--weight-decay":                {"--wd"},
	"--prompt":                      {"--text"},
	"--text":                        {"--prompt"},
	"pretrain":                      {"train", "fit", "new"},
	"sft":                           {"finetune", "fine-tune", "tune", "lora"},
	"generate":                      {"run", "complete", "sample", "infer"},
	"eval":                          {"evaluate", "test", "perplexity"},
	"classify":                      {"predict"},
	"info":                          {"show", "inspect"},
}

// inEnum matches kong's way of listing what a flag may be.
var inEnum = regexp.MustCompile(`^(--[^ ]+) must be one of (.*) but got "(.*)"$`)

// usageError says what is wrong with a command line, and where to read about the command that was meant.
func usageError(err error) error {
	var parse *kong.ParseError
	if !errors.As(err, &parse) {
		return err
	}
	command, what := "finetune", err.Error()
	node := parse.Context.Selected()
	if node != nil {
		command = node.FullPath()
	}
	var flags []string
	for _, f := range parse.Context.Flags() {
		flags = append(flags, "--"+f.Name)
	}
	if rest, ok := strings.CutPrefix(what, "unknown flag "); ok {
		name, _, _ := strings.Cut(rest, ",")
		what = fmt.Sprintf("unknown flag %s%s", name, nameSuggestion(name, flags))
	}
	if name, ok := strings.CutPrefix(what, "unexpected argument "); ok && (node == nil || len(node.Children) > 0) {
		name, _, _ = strings.Cut(name, ",")
		what = fmt.Sprintf("unknown command %s%s", name, nameSuggestion(name, childNames(parse.Context)))
	}
	if m := inEnum.FindStringSubmatch(what); m != nil {
		allowed := strings.Split(strings.ReplaceAll(m[2], `"`, ""), ",")
		allowed = slices.DeleteFunc(allowed, func(a string) bool { return a == "" })
		what = fmt.Sprintf("%s %q: expected %s%s", m[1], m[3], oneOf(allowed), suggestion(m[3], allowed))
	}
	what = strings.Replace(what, `got "EOL" (<EOL>)`, "got nothing", 1)
	return fmt.Errorf("%s (see %q)", what, command+" --help")
}

// nameSuggestion is suggestion for the name of a flag or command, which other tools may call otherwise.
func nameSuggestion(name string, known []string) string {
	for _, k := range known {
		if slices.Contains(synonyms[k], name) {
			return fmt.Sprintf("; did you mean %q?", k)
		}
	}
	return suggestion(name, known)
}

// childNames returns the names of the commands that could have stood where the parser stopped.
func childNames(c *kong.Context) []string {
	node := c.Selected()
	if node == nil {
		node = c.Model.Node
	}
	var names []string
	for _, child := range node.Children {
		names = append(names, child.Name)
	}
	return names
}

// oneOf lists names as "a, b or c".
func oneOf(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
