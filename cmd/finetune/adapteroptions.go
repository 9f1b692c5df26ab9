package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/seahorse-ml/seahorse/adapt"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/task"
)

// adapterFlag are the options of commands that take a model with an adapter on it.
type adapterFlag struct {
	Adapter string `placeholder:"DIR|FILE.gguf" help:"An adapter of the model, as sft and peft write them, or llama.cpp's."`
	AnyBase bool   `help:"Take the adapter even if it was trained on another model, as far as the shapes fit."`
}

// opening returns how the model of a directory is read.
func (f adapterFlag) opening(storage models.Storage) task.OpenConfig {
	return task.OpenConfig{Storage: storage, Adapter: f.Adapter, AnyBase: f.AnyBase}
}

// Defaults of adapters, those of trl.
const (
	defaultRank    = 16
	defaultAlpha   = 32
	defaultDropout = 0.05
)

// adapterOptions are the options of commands that can train an adapter in place of the model.
type adapterOptions struct {
	UsePEFT           bool     `group:"adapter" name:"use-peft" help:"Train a low-rank adapter (LoRA) rather than the model; the options below imply it. The directory of the run is then one of peft."`
	LoraR             *int     `group:"adapter" name:"lora-r" placeholder:"R" help:"Rank of the change of a matrix. Default: 16."`
	LoraAlpha         *float64 `group:"adapter" placeholder:"X" help:"The change is multiplied by this over its rank. Default: 32."`
	LoraDropout       *float64 `group:"adapter" placeholder:"X" help:"Dropout of what goes into the change. Default: 0.05."`
	LoraTargetModules string   `group:"adapter" placeholder:"all-linear|NAMES|REGEX" help:"Layers that get an adapter: all projections but the head, names or ends of names with commas between them, or a regular expression for whole names. Default: all-linear."`
	LoraModulesToSave string   `group:"adapter" placeholder:"NAMES" help:"Layers that are trained whole, in a copy. A new head is in any case."`
	UseRslora         bool     `group:"adapter" help:"Multiply the change by alpha over the root of its rank."`
	UseDora           bool     `group:"adapter" help:"Train the lengths of the matrices' rows apart from their directions (DoRA)."`
	RankPattern       []string `group:"adapter" sep:"none" placeholder:"REGEX=R" help:"Another rank for layers: those whose names, or the ends of them behind a dot, the expression matches. May be given several times; the first that matches counts."`
	AlphaPattern      []string `group:"adapter" sep:"none" placeholder:"REGEX=X" help:"Another alpha for layers, likewise."`
	TrainableTokens   string   `group:"adapter" name:"trainable-token-indices" placeholder:"IDS" help:"Train the rows of these tokens too, such as ones that the model hasn't learned yet: ids with commas between them. A head that is tied to the table scores by them."`
	PromptTuning      *int     `group:"adapter" placeholder:"N" help:"Train the vectors of N virtual tokens before each text, and nothing of the model. Documents then have rows of their own."`
	Freeze            string   `group:"adapter" placeholder:"PATTERN" help:"Without an adapter: leave the parameters as they are in whose names this regular expression is found."`
}

// adapter returns the adapter that is trained, or nil for the whole model.
func (o *adapterOptions) adapter(f adapterFlag, model string, seed uint64) (*task.Adaptation, error) {
	fresh := o.fresh()
	if o.PromptTuning != nil {
		switch {
		case fresh != "" && fresh != "--lora-modules-to-save":
			return nil, fmt.Errorf("%s is for low-rank adapters, not for --prompt-tuning", fresh)
		case f.Adapter != "" || o.Freeze != "":
			return nil, errors.New("--prompt-tuning is a new adapter, of a model that stays as it is; --adapter and --freeze don't go with it")
		}
		c := adapt.PromptConfig{Tokens: *o.PromptTuning, SavedModules: o.saved()}
		return &task.Adaptation{Prompt: &c, Name: publicName(model), Seed: seed}, c.Validate()
	}
	switch {
	case f.Adapter != "" && fresh != "":
		return nil, fmt.Errorf("%s is for a new adapter; that of --adapter is trained further as it is", fresh)
	case f.Adapter == "" && f.AnyBase:
		return nil, errors.New("--any-base is for an --adapter")
	case o.Freeze != "" && (f.Adapter != "" || fresh != "" || o.UsePEFT):
		return nil, errors.New("--freeze is for runs without an adapter; with one, the model itself stays as it is")
	case f.Adapter != "":
		if _, err := adapt.ReadBase(f.Adapter); err != nil {
			return nil, err
		}
		return &task.Adaptation{Dir: f.Adapter, AnyBase: f.AnyBase, Name: publicName(model)}, nil
	case fresh == "" && !o.UsePEFT:
		return nil, nil
	}
	c := adapt.LoRAConfig{Rank: defaultRank, Alpha: defaultAlpha, Dropout: defaultDropout, Targets: adapt.AllLinear(), RankStabilized: o.UseRslora, DoRA: o.UseDora}
	if o.LoraR != nil {
		c.Rank = *o.LoraR
	}
	if o.LoraAlpha != nil {
		c.Alpha = *o.LoraAlpha
	}
	if o.LoraDropout != nil {
		c.Dropout = *o.LoraDropout
	}
	if o.LoraTargetModules != "" {
		c.Targets = adapt.ParseTargets(o.LoraTargetModules)
	}
	c.SavedModules = o.saved()
	if err := o.patterns(&c); err != nil {
		return nil, err
	}
	return &task.Adaptation{LoRA: &c, Name: publicName(model), Seed: seed}, c.Validate()
}

// fresh returns the first flag that is set of those of new low-rank adapters, or "".
func (o *adapterOptions) fresh() string {
	for _, f := range []struct {
		flag string
		set  bool
	}{
		{"--lora-r", o.LoraR != nil}, {"--lora-alpha", o.LoraAlpha != nil}, {"--lora-dropout", o.LoraDropout != nil}, {"--lora-target-modules", o.LoraTargetModules != ""},
		{"--use-rslora", o.UseRslora}, {"--use-dora", o.UseDora}, {"--rank-pattern", len(o.RankPattern) > 0}, {"--alpha-pattern", len(o.AlphaPattern) > 0},
		{"--trainable-token-indices", o.TrainableTokens != ""}, {"--lora-modules-to-save", o.LoraModulesToSave != ""},
	} {
		if f.set {
			return f.flag
		}
	}
	return ""
}

// patterns sets what some layers have otherwise, and the tokens that are trained.
func (o *adapterOptions) patterns(c *adapt.LoRAConfig) error {
	for _, p := range []struct {
		flag  string
		given []string
		to    *[]adapt.Pattern
	}{{"rank-pattern", o.RankPattern, &c.Ranks}, {"alpha-pattern", o.AlphaPattern, &c.Alphas}} {
		for _, text := range p.given {
			i := strings.LastIndexByte(text, '=')
			value, err := strconv.ParseFloat(text[i+1:], 64)
			if i <= 0 || err != nil {
				return fmt.Errorf("--%s %s: expected a regular expression, = and a number", p.flag, text)
			}
			*p.to = append(*p.to, adapt.Pattern{Regex: text[:i], Value: value})
		}
	}
	if o.TrainableTokens == "" {
		return nil
	}
	var ids []int
	for text := range strings.SplitSeq(o.TrainableTokens, ",") {
		id, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			return fmt.Errorf("--trainable-token-indices %s: expected ids of tokens with commas between them", o.TrainableTokens)
		}
		ids = append(ids, id)
	}
	c.TrainedTokens = map[string][]int{"": ids}
	return nil
}

// saved returns the layers that are trained whole.
func (o *adapterOptions) saved() []string {
	var names []string
	for name := range strings.SplitSeq(o.LoraModulesToSave, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// lighter returns the options with an adapter.
func (o adapterOptions) lighter(peft bool) adapterOptions {
	if peft {
		o.UsePEFT, o.Freeze = true, ""
	}
	return o
}
