package main

import (
	"strings"

	"github.com/alecthomas/kong"
	"github.com/seahorse-ml/seahorse/models"
)

// commands is the command line's grammar.
type commands struct {
	Pretrain  pretrainCommand  `cmd:"" help:"Train a language model from scratch on a text corpus."`
	SFT       sftCommand       `cmd:"" name:"sft" help:"Fine-tune a model on texts or on pairs of prompt and completion."`
	Resume    resumeCommand    `cmd:"" help:"Go on with a run that was stopped or crashed."`
	Eval      evalCommand      `cmd:"" help:"Measure a model's loss on a text."`
	Classify  classifyCommand  `cmd:"" help:"Apply a classifier or a regression to texts."`
	Generate  generateCommand  `cmd:"" help:"Continue a prompt."`
	Tokenizer tokenizerCommand `cmd:"" help:"Train a tokenizer, or turn text into ids and back."`
	Bench     benchCommand     `cmd:"" help:"Time training steps on fixed work that PyTorch can do too."`
	Info      infoCommand      `cmd:"" help:"Show what is in a model or run directory."`
}

const description = `Train transformer language models and run them, on one machine, from a text file to a Hugging Face directory.

    finetune pretrain --data corpus.txt --output-dir runs/mine
    finetune generate --model runs/mine --prompt "Once"`

// newParser returns a parser that fills c.
func newParser(c *commands, s *streams) (*kong.Kong, error) {
	return kong.New(c,
		kong.Name("finetune"),
		kong.Description(description),
		kong.Writers(s.out, s.err),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, FlagsLast: true, WrapUpperBound: 120}),
		kong.ExplicitGroups([]kong.Group{
			{Key: "data", Title: "Data:"},
			{Key: "model", Title: "Model:"},
			{Key: "optimization", Title: "Optimization:"},
			{Key: "run", Title: "Run:"},
		}),
		kong.Vars{"presets": strings.Join(presetNames(), ","), "arches": strings.Join(models.Arches(), ", ")},
	)
}

// dashes returns the arguments with '_' in the names of flags turned into '-', so that --learning_rate and --learning-rate are
// one flag. Values are left as they are, and so is all behind "--".
func dashes(args []string) []string {
	out := make([]string, len(args))
	for i, arg := range args {
		if arg == "--" {
			copy(out[i:], args[i:])
			break
		}
		if strings.HasPrefix(arg, "--") {
			name, value, given := strings.Cut(arg, "=")
			arg = flagName(name)
			if given {
				arg += "=" + value
			}
		}
		out[i] = arg
	}
	return out
}

// flagName returns the flag's way of writing a name, and keyName the YAML file's.
func flagName(name string) string { return strings.ReplaceAll(name, "_", "-") }

func keyName(name string) string { return strings.ReplaceAll(name, "-", "_") }

// shellQuote returns s in a form that can be pasted into a shell.
func shellQuote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+=:,@%", r) || r > 127
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
