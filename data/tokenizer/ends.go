package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// endNames lists names for the token that ends a text, the likeliest first.
var endNames = []string{"<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "[SEP]", "<|im_end|>"}

// EndOfText returns the id of the token that ends a text, which is the one to learn: the eos_token of the tokenizer's settings; or
// else the first of what generation_config.json or config.json beside it name; or else an added token with one of the usual names.
func (t *Tokenizer) EndOfText() (id int32, ok bool) { return max(t.end, 0), t.end >= 0 }

// EndsOfText returns the ids of all tokens that end a text which a model writes: EndOfText and all that generation_config.json and
// config.json name.
func (t *Tokenizer) EndsOfText() []int32 { return slices.Clone(t.stops) }

// setEnds sets the ends of texts, of which the files of a model name some.
func (t *Tokenizer) setEnds(named []int32) {
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
	for _, id := range named {
		if !slices.Contains(t.stops, id) {
			t.stops = append(t.stops, id)
		}
	}
}

// readEnds reads what the files of a model in the tokenizer's directory name as ends of a text.
func (t *Tokenizer) readEnds(dir string) error {
	var named []int32
	for _, name := range []string{"generation_config.json", "config.json"} {
		ids, err := endsIn(filepath.Join(dir, name))
		if err != nil {
			return fmt.Errorf("tokenizer: %s: %w", filepath.Join(dir, name), err)
		}
		named = append(named, ids...)
	}
	if name, ok := namedToken(t.settings, "eos_token"); ok && len(named) > 0 {
		if id, ok := t.ID(name); ok && !slices.Contains(named, id) {
			t.warnings = append(t.warnings, fmt.Sprintf("the tokenizer ends texts with %q, token %d, and the model with %v: the first is learned, all of them end what is written", name, id, named))
		}
	}
	t.setEnds(named)
	return nil
}

// maxConfig bounds the files that are searched for ends.
const maxConfig = 16 << 20

// endsIn returns the ids under eos_token_id in a file: one, a list, or none.
func endsIn(path string) ([]int32, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if info.Size() > maxConfig {
		return nil, fmt.Errorf("a file of %d MiB, expected at most %d", info.Size()>>20, maxConfig>>20)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var config struct {
		End  ids `json:"eos_token_id"`
		Text struct {
			End ids `json:"eos_token_id"`
		} `json:"text_config"`
	}
	if err := json.Unmarshal(trimMark(b), &config); err != nil {
		return nil, err
	}
	return append(config.End, config.Text.End...), nil
}

// ids is a list of ids, or one. Negative ones stand for none.
type ids []int32

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
	for _, id := range all {
		if id != nil && *id >= 0 {
			*l = append(*l, *id)
		}
	}
	return nil
}
