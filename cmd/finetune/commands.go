package main

import (
	"cmp"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/seahorse-ml/seahorse/data/curate"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/prefer"
)

// rootFlags are the flags of no command.
type rootFlags struct {
	Version versionFlag `help:"Show the version, the processor's instructions that are used, and the versions of what it is built from."`
}

// commands is the command line's grammar.
type commands struct {
	rootFlags

	Pretrain  pretrainCommand  `cmd:"" help:"Train a language model from scratch on a text corpus."`
	SFT       sftCommand       `cmd:"" name:"sft" help:"Fine-tune a model on texts or on pairs of prompt and completion."`
	DPO       dpoCommand       `cmd:"" name:"dpo" help:"Learn from pairs of answers which is the better one."`
	ORPO      orpoCommand      `cmd:"" name:"orpo" help:"Learn the better of two answers, and that it is better, without a reference."`
	CPO       cpoCommand       `cmd:"" name:"cpo" help:"Learn which of two answers is better, and the better one, without a reference."`
	SimPO     simpoCommand     `cmd:"" name:"simpo" help:"Learn which of two answers is better by their mean log-probabilities, without a reference."`
	KTO       ktoCommand       `cmd:"" name:"kto" help:"Learn from answers that are good or not."`
	GRPO      grpoCommand      `cmd:"" name:"grpo" help:"Learn from answers of the model itself, by what checkers say of them."`
	Plan      planCommand      `cmd:"" help:"Tell what a command that trains will take: memory, tokens, steps and time."`
	LRFind    lrFindCommand    `cmd:"" name:"lr-find" help:"Try learning rates for a command that trains, and suggest one."`
	Resume    resumeCommand    `cmd:"" help:"Go on with a run that was stopped or crashed."`
	Rerun     rerunCommand     `cmd:"" help:"Make a run again from its provenance.json, and compare what comes."`
	Verify    verifyCommand    `cmd:"" help:"Compare the files of a run or checkpoint with their checksums."`
	Report    reportCommand    `cmd:"" help:"Show runs as one page of charts, or as figures for papers."`
	Board     boardCommand     `cmd:"" help:"Watch the runs in a folder in a browser, while they go on."`
	Show      showCommand      `cmd:"" help:"Look at what a model does with a text, and at the loss around it."`
	Eval      evalCommand      `cmd:"" help:"Measure a model's loss on a text."`
	Classify  classifyCommand  `cmd:"" help:"Apply a classifier or a regression to texts."`
	Prompt    promptCommand    `cmd:"" help:"Look for an instruction and examples with which a model answers better."`
	Generate  generateCommand  `cmd:"" help:"Continue a prompt."`
	Data      dataCommand      `cmd:"" help:"Look at data as a model will see them, and prepare data to learn from."`
	Export    exportCommand    `cmd:"" help:"Write a model as GGUF or for Hugging Face, and compare it with its source."`
	Chat      chatCommand      `cmd:"" help:"Talk with a model in the terminal."`
	Agent     agentCommand     `cmd:"" help:"Answer questions by a model that calls tools, or by several that hand over to each other."`
	Serve     serveCommand     `cmd:"" help:"Answer requests over HTTP as OpenAI's API has them."`
	Merge     mergeCommand     `cmd:"" help:"Put an adapter's change into the model's own parameters."`
	Tokenizer tokenizerCommand `cmd:"" help:"Train a tokenizer, or turn text into ids and back."`
	Bench     benchCommand     `cmd:"" help:"Time training steps on fixed work that PyTorch can do too."`
	Info      infoCommand      `cmd:"" help:"Show what is in a model or run directory."`
	Words     wordsCommand     `cmd:"" help:"Learn vectors for words, and find what is near in them."`
	Embed     embedCommand     `cmd:"" help:"Make vectors of texts, and teach models to make them."`
	Search    searchCommand    `cmd:"" help:"Put documents into an index, and find passages in it."`
	Ask       askCommand       `cmd:"" help:"Answer a question from the passages of an index."`
}

const description = `Train transformer language models and run them, on one machine, from a text file to a Hugging Face directory.

    finetune pretrain --data corpus.txt --output-dir runs/mine
    finetune generate --model runs/mine --prompt "Once"

A model may be given by its name too: org/name[@revision] is looked for in Hugging Face's cache and fetched into it, ollama:name[:tag] opens
what Ollama keeps. Files and data are hf://[datasets/]org/name/FILE.`

// named returns the command that args begin with, and its help; nil where they begin with something else.
func (c *commands) named(args []string) (command any, help string) {
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if _, is := f.Tag.Lookup("cmd"); is && len(args) > 0 && args[0] == cmp.Or(f.Tag.Get("name"), strings.ToLower(f.Name)) {
			return v.Field(i).Addr().Interface(), f.Tag.Get("help")
		}
	}
	return nil, ""
}

// newParser returns a parser that fills c. Where args begin with a command it knows that one only: to read the grammar of all takes 30 ms.
func newParser(c *commands, s *streams, args ...string) (*kong.Kong, error) {
	if command, help := c.named(args); command != nil {
		return newKong(&c.rootFlags, s, kong.DynamicCommand(args[0], help, "", command))
	}
	return newKong(c, s)
}

func newKong(grammar any, s *streams, more ...kong.Option) (*kong.Kong, error) {
	return kong.New(grammar, append(more,
		kong.Name("finetune"),
		kong.Description(description),
		kong.Writers(s.out, s.err),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, FlagsLast: true, WrapUpperBound: 120}),
		kong.ExplicitGroups([]kong.Group{
			{Key: "data", Title: "Data:"},
			{Key: "model", Title: "Model:"},
			{Key: "optimization", Title: "Optimization:"},
			{Key: "teacher", Title: "Teacher:"},
			{Key: "reward", Title: "Rewards:"},
			{Key: "sampling", Title: "Sampling:"},
			{Key: "adapter", Title: "Adapter:"},
			{Key: "run", Title: "Run:"},
		}),
		kong.Vars{
			"nearsimilarity": fmt.Sprint(curate.DefaultSimilarity), "augmentcopies": fmt.Sprint(curate.DefaultCopies), "augmentrate": fmt.Sprint(curate.DefaultRate),
			"preparetops": fmt.Sprint(usualTops), "preparelength": fmt.Sprint(usualLength),
			"presets": strings.Join(presetNames(), ","), "dpolosses": strings.Join(prefer.LossTypes(), ","), "divergences": strings.Join(prefer.Divergences(), ","), "grpolosses": strings.Join(prefer.GRPOLossTypes(), ","), "cpolosses": strings.Join(prefer.CPOLossTypes(), ","), "arches": strings.Join(models.Arches(), ", "), "quantizations": strings.Join(models.Quantizations(), ", "),
		},
	)...)
}

// arguments returns the arguments with '_' in the names of flags turned into '-', so that --learning_rate and --learning-rate are
// one flag, and with a negative number joined to the flag before it, whose value it can only be. Other values are left as they are, and
// so is all behind "--".
func arguments(args []string) []string {
	var out []string
	for i, arg := range args {
		if arg == "--" {
			return append(out, args[i:]...)
		}
		if last := len(out) - 1; last >= 0 && isNegative(arg) && strings.HasPrefix(out[last], "--") && !strings.Contains(out[last], "=") {
			out[last] += "=" + arg
			continue
		}
		if strings.HasPrefix(arg, "--") {
			name, value, given := strings.Cut(arg, "=")
			arg = flagName(name)
			if given {
				arg += "=" + value
			}
		}
		out = append(out, arg)
	}
	return out
}

// isNegative tells whether an argument is a negative number.
func isNegative(arg string) bool {
	number, negative := strings.CutPrefix(arg, "-")
	_, err := strconv.ParseFloat(number, 64)
	return negative && err == nil
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
