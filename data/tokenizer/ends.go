package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// endNames lists names for the token that ends a text, the likeliest first.
var endNames = []string{"<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "[SEP]", "<|im_end|>"}

// EndOfText returns the id of the token that ends a text, which is the one to learn: the eos_token of the tokenizer's settings; or
// else the first of what generation_config.json or config.json beside it name; or else an added token with one of the usual names.
func (t *Tokenizer) EndOfText() (id int32, ok bool) { return max(t.end, 0), t.end >= 0 }

// EndsOfText returns the ids of all tokens that end a text which a model writes: EndOfText and all that generation_config.json and
// config.json name.
func (t *Tokenizer) EndsOfText() []int32 { return slices.Clone(t.stops) }

// setEnds sets the ends of texts, of which the files of a model name some, or where they speak of none its family has some.
func (t *Tokenizer) setEnds(named, family []int32) {
	t.end, t.endNamed = -1, false
	if name, ok := namedToken(t.settings, "eos_token"); ok {
		if id, ok := t.ID(name); ok {
			t.end = id
		}
	}
	for _, id := range named {
		if _, ok := t.Token(id); ok && t.end < 0 {
			t.end = id
			_, t.endNamed = t.added.byID[id]
		}
	}
	for _, id := range family {
		if _, ok := t.added.byID[id]; ok && t.end < 0 {
			t.end = id
		}
	}
	if _, isNamed := t.settings["eos_token"]; t.end < 0 && !isNamed {
		for _, name := range endNames {
			if id, ok := t.added.ids[name]; ok {
				t.end = id
				break
			}
		}
	}
	t.stops = nil
	if t.end >= 0 {
		t.stops = append(t.stops, t.end)
	}
	for _, role := range []string{"eot_token", "eom_token"} { // of GGUF files
		if id, ok := t.Special(role); ok {
			named = append(named[:len(named):len(named)], id)
		}
	}
	for _, id := range slices.Concat(named, family) {
		if !slices.Contains(t.stops, id) {
			t.stops = append(t.stops, id)
		}
	}
}

// familyEnds lists what ends a text in families whose config.json need not say it, as transformers has it.
var familyEnds = []struct {
	types string
	ends  []int32
}{
	{"llama mistral mixtral gpt_neox granite phi opt bart", []int32{2}}, {"gpt2 gpt_neo gptj starcoder2", []int32{50256}},
	{"gemma gemma2 gemma3_text t5 mt5 umt5", []int32{1}}, {"phi3", []int32{32000}}, {"olmo olmo2 olmo3", []int32{50279}},
	{"stablelm", []int32{0}}, {"glm glm4", []int32{151329, 151336, 151338}},
}

// readEnds reads what the files of a model in the tokenizer's directory name as ends of a text.
func (t *Tokenizer) readEnds(dir string) error {
	var named, family []int32
	said := false // of a generation_config.json, even that it names none
	for _, name := range []string{"generation_config.json", "config.json"} {
		c, err := readEndConfig(filepath.Join(dir, name))
		if err != nil {
			return fmt.Errorf("tokenizer: %s: %w", filepath.Join(dir, name), err)
		}
		named = append(append(named, c.End.ids...), c.Text.End.ids...)
		said = said || c.End.said || c.Text.End.said || name == "generation_config.json" && c.there
		for _, f := range familyEnds {
			if !said && slices.Contains(strings.Fields(f.types), c.ModelType) {
				family = f.ends
			}
		}
	}
	if len(named) > 0 {
		family = nil
	}
	if name, ok := namedToken(t.settings, "eos_token"); ok && len(named) > 0 {
		if id, ok := t.ID(name); ok && !slices.Contains(named, id) {
			t.warnings = append(t.warnings, fmt.Sprintf("the tokenizer ends texts with %q, token %d, and the model with %v: the first is learned, all of them end what is written", name, id, named))
		}
	}
	t.setEnds(named, family)
	return nil
}

// endConfig is what a file of a model says of the ends of texts.
type endConfig struct {
	ModelType string `json:"model_type"`
	End       ids    `json:"eos_token_id"`
	Text      struct {
		End ids `json:"eos_token_id"`
	} `json:"text_config"`

	there bool // the file is
}

// maxConfig bounds the files that are searched for ends.
const maxConfig = 16 << 20

// readEndConfig reads a file if it is there.
func readEndConfig(path string) (c endConfig, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	if info.Size() > maxConfig {
		return c, fmt.Errorf("a file of %d MiB, expected at most %d", info.Size()>>20, maxConfig>>20)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return c, err
	}
	c.there = true
	err = json.Unmarshal(trimMark(b), &c)
	return c, err
}

// ids is a list of ids, or one, or none. Negative ones stand for none.
type ids struct {
	ids  []int32
	said bool // even that there are none
}

// UnmarshalJSON reads a number, a list of numbers or null.
func (l *ids) UnmarshalJSON(b []byte) error {
	var all []*int32
	if json.Unmarshal(b, &all) != nil {
		var one *int32
		if err := json.Unmarshal(b, &one); err != nil {
			return fmt.Errorf("eos_token_id: expected an id, a list of ids or null, got %.80s", b)
		}
		all = []*int32{one}
	}
	l.said = true
	for _, id := range all {
		if id != nil && *id >= 0 {
			l.ids = append(l.ids, *id)
		}
	}
	return nil
}
