package adapt

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// fileConfig is what adapter_config.json says.
type fileConfig struct {
	lora    *LoRAConfig   // or
	prompt  *PromptConfig // one of both
	base    string        // base_model_name_or_path; empty for none
	targets Targets       // as they are stored
	ranks   []Pattern     // as they are stored
	alphas  []Pattern     // as they are stored
	inOut   bool          // a projection with an adapter is stored [In, Out]
	width   int           // of a prompt's vectors
	head    *Head         // that the adapter brings along; nil for none

	parameters []string // target_parameters, which unstack turns into targets
}

// replaced returns the modules that are trained whole, in copies.
func (c fileConfig) replaced() []string {
	if c.prompt != nil {
		return savedNames(c.prompt.SavedModules, c.prompt.Task)
	}
	return savedNames(c.lora.SavedModules, c.lora.Task)
}

// Types of adapters, in peft's words.
const (
	typeLoRA   = "LORA"
	typePrompt = "PROMPT_TUNING"
)

// peftVersion is the version of peft whose format is written.
const peftVersion = "0.21.2"

// storedTargets returns targets that peft resolves to the same layers: a keyword for all of them is resolved to their names.
func storedTargets(c LoRAConfig, all []layer, targets map[string]bool) Targets {
	if !c.Targets.All {
		return c.Targets
	}
	var t Targets
	for _, l := range all {
		if !targets[l.name] {
			continue
		}
		name := l.name[strings.LastIndexByte(l.name, '.')+1:]
		if slices.ContainsFunc(all, func(o layer) bool { return endsIn(o.name, name) && !targets[o.name] }) {
			name = l.name
		}
		if !slices.Contains(t.Names, name) {
			t.Names = append(t.Names, name)
		}
	}
	return t
}

// encode returns the file's content.
func (c fileConfig) encode() []byte {
	o := orderedjson.NewObject()
	set := o.Set
	set("auto_mapping", nil)
	set("base_model_name_or_path", orNull(c.base))
	set("inference_mode", true)
	set("peft_version", peftVersion)
	set("revision", nil)
	if p := c.prompt; p != nil {
		set("peft_type", typePrompt)
		set("task_type", orNull(string(p.Task)))
		set("num_virtual_tokens", int64(p.Tokens))
		set("token_dim", int64(c.width))
		set("num_transformer_submodules", int64(1))
		set("prompt_tuning_init", "RANDOM")
		set("modules_to_save", texts(savedNames(p.SavedModules, p.Task)))
	} else {
		c.encodeLoRA(set)
	}
	slices.Sort(o.Keys) // not those of patterns, of which the first that matches counts
	indent := "  "
	return append(orderedjson.Append(nil, o, orderedjson.Format{Indent: &indent}), '\n')
}

func (c fileConfig) encodeLoRA(set func(key string, value any)) {
	l := c.lora
	set("peft_type", typeLoRA)
	set("task_type", orNull(string(l.Task)))
	set("r", int64(l.Rank))
	set("lora_alpha", number(l.Alpha))
	set("lora_dropout", l.Dropout)
	set("target_modules", c.targets.encode())
	set("exclude_modules", l.Exclude.encode())
	set("modules_to_save", texts(savedNames(l.SavedModules, l.Task)))
	set("rank_pattern", patterns(c.ranks))
	set("alpha_pattern", patterns(c.alphas))
	set("use_rslora", l.RankStabilized)
	set("use_dora", l.DoRA)
	set("lora_bias", l.Bias)
	set("bias", "none")
	set("fan_in_fan_out", c.inOut)
	set("init_lora_weights", true)
	set("layers_to_transform", nil)
	set("layers_pattern", nil)
	set("ensure_weight_tying", false)
	var tokens any
	if len(l.TrainedTokens) > 0 {
		byTable := orderedjson.NewObject()
		for _, name := range slices.Sorted(maps.Keys(l.TrainedTokens)) {
			var list []any
			for _, id := range l.TrainedTokens[name] {
				list = append(list, int64(id))
			}
			byTable.Set(name, list)
		}
		tokens = byTable
	}
	set("trainable_token_indices", tokens)
}

// encode returns the targets as peft writes them.
func (t Targets) encode() any {
	switch {
	case t.All:
		return allLinear
	case t.Regex != "":
		return t.Regex
	}
	return texts(t.Names)
}

// texts returns a list, or nothing for an empty one.
func texts(names []string) any {
	if len(names) == 0 {
		return nil
	}
	var list []any
	for _, n := range names {
		list = append(list, n)
	}
	return list
}

// patterns returns an object in the order of the patterns. Python's reader keeps it too, and the first that matches counts.
func patterns(all []Pattern) any {
	o := orderedjson.NewObject()
	for _, p := range all {
		o.Set(p.Regex, number(p.Value))
	}
	return o
}

// number returns a whole number as one.
func number(v float64) any {
	if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
		return int64(v)
	}
	return v
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// parseConfig reads the file's content.
func parseConfig(data []byte) (fileConfig, error) {
	o, err := orderedjson.DecodeObject(data)
	if err != nil {
		return fileConfig{}, err
	}
	r := &configReader{o: o}
	c := fileConfig{base: r.text("base_model_name_or_path")}
	task := Task(r.text("task_type"))
	switch kind := r.text("peft_type"); kind {
	case typeLoRA:
		c.lora = r.lora(task)
		c.targets, c.parameters = c.lora.Targets, r.texts("target_parameters")
	case typePrompt:
		c.prompt = &PromptConfig{Tokens: r.count("num_virtual_tokens", 0), SavedModules: r.texts("modules_to_save"), Task: task}
		c.width = r.count("token_dim", 0)
		if n := r.number("num_transformer_submodules", 1); n != 1 {
			r.fail("num_transformer_submodules is %g, expected 1", n)
		}
	default:
		return c, fmt.Errorf("peft_type is %q, expected %s or %s", kind, typeLoRA, typePrompt)
	}
	return c, r.err
}

// configReader takes values out of the configuration and keeps the first error.
type configReader struct {
	o   *orderedjson.Object
	err error
}

func (r *configReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

func (r *configReader) lora(task Task) *LoRAConfig {
	for _, key := range []string{"layers_to_transform", "layers_pattern", "layer_replication", "alora_invocation_tokens", "megatron_config",
		"arrow_config", "kasa_config", "monteclora_config", "velora_config", "use_bdlora", "lora_ga_config", "corda_config"} {
		if v, _ := r.o.Get(key); !empty(v) {
			r.fail("%s is set, which isn't known here", key)
		}
	}
	for _, key := range []string{"use_qalora", "ensure_weight_tying"} {
		if r.flag(key) {
			r.fail("%s is true, which isn't known here", key)
		}
	}
	if bias := r.text("bias"); bias != "none" && bias != "" {
		r.fail("bias is %q, expected \"none\": trained biases of the model itself aren't known here", bias)
	}
	if v, ok := r.o.Get("init_lora_weights"); ok {
		name, _ := v.(string)
		for _, changes := range []string{"pissa", "olora", "corda", "loftq", "lora_ga", "mica"} {
			if strings.HasPrefix(strings.ToLower(name), changes) {
				r.fail("init_lora_weights is %q, which changes the weights of the model too", name)
			}
		}
	}
	return &LoRAConfig{
		Rank: r.count("r", 8), Alpha: r.number("lora_alpha", 8), Dropout: r.number("lora_dropout", 0),
		Targets: r.targets("target_modules"), Exclude: r.targets("exclude_modules"),
		RankStabilized: r.flag("use_rslora"), DoRA: r.flag("use_dora"), Bias: r.flag("lora_bias"),
		Ranks: r.patterns("rank_pattern"), Alphas: r.patterns("alpha_pattern"),
		SavedModules: r.texts("modules_to_save"), TrainedTokens: r.tokens(), Task: task,
	}
}

// empty tells whether a value says nothing.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case []any:
		return len(v) == 0
	case *orderedjson.Object:
		return v.Len() == 0
	}
	return false
}

func (r *configReader) text(key string) string {
	v, _ := r.o.Get(key)
	text, ok := v.(string)
	if !ok && v != nil {
		r.fail("%s is %s, expected a text", key, orderedjson.Kind(v))
	}
	return text
}

func (r *configReader) flag(key string) bool {
	v, _ := r.o.Get(key)
	flag, ok := v.(bool)
	if !ok && v != nil {
		r.fail("%s is %s, expected true or false", key, orderedjson.Kind(v))
	}
	return flag
}

func (r *configReader) number(key string, fallback float64) float64 {
	v, ok := r.o.Get(key)
	if !ok || v == nil {
		return fallback
	}
	n, err := toNumber(v)
	if err != nil {
		r.fail("%s is %w", key, err)
	}
	return n
}

// count is number for whole numbers that arrays can have as a size.
func (r *configReader) count(key string, fallback int) int {
	n := r.number(key, float64(fallback))
	if n != math.Trunc(n) || math.Abs(n) > math.MaxInt32 {
		r.fail("%s is %g, expected a whole number", key, n)
		return 0
	}
	return int(n)
}

func toNumber(v any) (float64, error) {
	switch v := v.(type) {
	case int64:
		return float64(v), nil
	case float64:
		return v, nil
	case json.Number:
		return v.Float64()
	}
	return 0, fmt.Errorf("%s, expected a number", orderedjson.Kind(v))
}

func (r *configReader) texts(key string) []string {
	v, _ := r.o.Get(key)
	list, ok := v.([]any)
	if !ok && v != nil {
		r.fail("%s is %s, expected a list of texts", key, orderedjson.Kind(v))
	}
	var all []string
	for _, item := range list {
		text, ok := item.(string)
		if !ok {
			r.fail("%s holds %s, expected texts", key, orderedjson.Kind(item))
		}
		all = append(all, text)
	}
	return all
}

func (r *configReader) targets(key string) Targets {
	if v, _ := r.o.Get(key); v != nil {
		if text, ok := v.(string); ok {
			if strings.EqualFold(text, allLinear) {
				return AllLinear()
			}
			return Targets{Regex: text}
		}
	}
	return Targets{Names: r.texts(key)}
}

func (r *configReader) patterns(key string) []Pattern {
	v, _ := r.o.Get(key)
	o, ok := v.(*orderedjson.Object)
	if !ok && v != nil {
		r.fail("%s is %s, expected an object", key, orderedjson.Kind(v))
	}
	if !ok {
		return nil
	}
	var all []Pattern
	for _, name := range o.Keys {
		value, err := toNumber(o.Values[name])
		if err != nil {
			r.fail("%s: %s is %w", key, name, err)
		}
		all = append(all, Pattern{name, value})
	}
	return all
}

// anyTable stands for the table that tokens are looked up in, where ids have no name of one.
const anyTable = ""

func (r *configReader) tokens() map[string][]int {
	const key = "trainable_token_indices"
	ids := func(v any) []int {
		list, ok := v.([]any)
		if !ok {
			r.fail("%s is %s, expected a list of ids", key, orderedjson.Kind(v))
		}
		var all []int
		for _, item := range list {
			n, err := toNumber(item)
			if err != nil || n != math.Trunc(n) || math.Abs(n) > math.MaxInt32 {
				r.fail("%s holds %v, expected ids", key, item)
			}
			all = append(all, int(n))
		}
		return all
	}
	switch v, _ := r.o.Get(key); v := v.(type) {
	case nil:
		return nil
	case *orderedjson.Object:
		all := map[string][]int{}
		for _, name := range v.Keys {
			all[name] = ids(v.Values[name])
		}
		return all
	default:
		return map[string][]int{anyTable: ids(v)}
	}
}

var errNoConfig = errors.New("no adapter's directory: it has no " + ConfigName)
