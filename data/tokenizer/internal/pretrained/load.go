package pretrained

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/postprocess"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/spm"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tokenizerjson"
)

// fastClass is what a directory calls a tokenizer that is all in its tokenizer.json.
const fastClass = "PreTrainedTokenizerFast"

// Ranks makes a tokenizer.json of a tiktoken file.
type Ranks func(content []byte, name string) (file *tokenizerjson.File, err error)

// Load reads the tokenizer of a directory.
func Load(dir string, ranks Ranks) (*Result, error) {
	d, err := readDirectory(dir)
	if err != nil {
		return nil, err
	}
	b := &builder{directory: d}
	r := &Result{}
	content, err := os.ReadFile(filepath.Join(dir, jsonFile))
	switch {
	case err == nil:
		if b.json, err = tokenizerjson.Parse(bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(dir, jsonFile), err)
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	var given []tokenizerjson.AddedToken
	if b.json != nil {
		given = slices.Clone(b.json.AddedTokens)
	}
	if b.tokens, err = d.readTokens(given); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	if err := b.build(r, ranks); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	r.File = b.file
	r.Settings, err = b.saved()
	return r, err
}

// build makes the tokenizer by its class, or as tokenizer.json or a SentencePiece model says.
func (b *builder) build(r *Result, ranks Ranks) error {
	name, overruled := b.className()
	if overruled && isGeneric(b.directory.class()) && b.json != nil {
		name = generic // one that was made here, or by hand
	}
	b.class = classNamed(name)
	if b.class != nil {
		stated := maps.Clone(b.roles)
		b.setDefaults(b.class.defaults)
		err := b.byClass(r)
		switch {
		case errors.Is(err, errOtherKind):
			r.warn("the class %s has another kind of model than %s, which is taken as it stands", name, jsonFile)
		case errors.Is(err, errNoFile):
			if !b.hasOther() {
				return fmt.Errorf("no tokenizer found: no %s, and no %s, which a %s reads", jsonFile, b.class.file, name)
			}
			r.warn("a %s reads %s, which isn't there", name, b.class.file)
		default:
			return err
		}
		b.class, b.roles = nil, stated
	} else if b.json == nil && isForeign(name) {
		return fmt.Errorf("without a %s, a %s is not known here; save it with transformers once, which writes one", jsonFile, name)
	}
	return b.generic(r, ranks)
}

// byClass makes the tokenizer that the class makes of a vocabulary.
func (b *builder) byClass(r *Result) error {
	err := b.readVocabulary()
	if err != nil {
		return err
	}
	if b.file, err = b.class.build(b); err != nil {
		return err
	}
	if b.json != nil {
		b.file.Truncation, b.file.Padding = b.json.Truncation, b.json.Padding
	}
	r.Warnings = append(append(r.Warnings, b.told...), b.addTo(b.file)...)
	if err := b.setFrame(); err != nil {
		return err
	}
	b.warnOfContradiction(r)
	return nil
}

// otherFiles are vocabularies that are read where no class asks for them, and the class that they are mostly of.
var otherFiles = []struct {
	name  string
	class *class
}{
	{"tokenizer.model", nil}, {"spiece.model", nil}, {"sentencepiece.bpe.model", nil}, {"vocab.json", &gpt2}, {"vocab.txt", &bert},
}

// hasOther reports whether there is a vocabulary for another class.
func (b *builder) hasOther() bool {
	for _, f := range otherFiles {
		if b.has(f.name) {
			return true
		}
	}
	return false
}

// ErrNone says that a directory has no tokenizer of a form that this package reads.
var ErrNone = errors.New("no tokenizer found")

// generic takes tokenizer.json as it stands, or else the first vocabulary that there is.
func (b *builder) generic(r *Result, ranks Ranks) error {
	if b.json != nil {
		b.file = b.json
		r.Warnings = append(r.Warnings, b.file.Resolve()...)
		r.Warnings = append(r.Warnings, b.addTo(b.file)...)
		return nil
	}
	for _, f := range otherFiles {
		if !b.has(f.name) {
			continue
		}
		if f.class != nil {
			b.class = f.class
			b.keepKnown()
			return b.byClass(r)
		}
		path := filepath.Join(b.path, f.name)
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := b.fromModel(r, content, path, ranks); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	}
	return ErrNone
}

// keepKnown gives roles the tokens of a class that nothing but its vocabulary names, as far as that has them.
func (b *builder) keepKnown() {
	if err := b.readVocabulary(); err != nil || b.vocab == nil {
		return // which is told when it is read again
	}
	for role, content := range b.class.defaults {
		if _, ok := b.vocab.ID(content); ok {
			b.setDefaults(map[string]string{role: content})
		}
	}
}

// fromModel reads a SentencePiece model, or the tiktoken file that has its name in some directories.
func (b *builder) fromModel(r *Result, content []byte, path string, ranks Ranks) error {
	m, err := spm.Parse(content)
	if err == nil {
		b.file, err = b.buildPieces(m)
	} else if file, failed := ranks(content, filepath.Base(path)); failed == nil {
		b.file, err = file, nil
		b.rankTokens()
	}
	if err != nil {
		return err
	}
	r.Warnings = append(r.Warnings, b.addTo(b.file)...)
	_, bos := b.settings["add_bos_token"]
	_, eos := b.settings["add_eos_token"]
	if bos || eos || b.file.PostProcessor == nil {
		return b.frameByFlags()
	}
	return nil
}

// rankTokens adds the tokens that a tiktoken file doesn't hold: those of added_tokens_decoder behind it, with names for the gaps.
func (b *builder) rankTokens() {
	b.file.PostProcessor = postprocess.ByteLevel{AddPrefixSpace: true, UseRegex: true}
	size := b.vocabSize()
	last := int32(-1)
	for id := range b.decoder {
		last = max(last, id)
	}
	add := func(content string) {
		b.file.AddTokens(tokenizerjson.AddedToken{ID: tokenizerjson.NoID, Content: content, Special: true})
	}
	const most = 1 << 16
	for id := size; id <= last && id < size+most; id++ {
		if t, ok := b.decoder[id]; ok {
			add(t.Content)
		} else {
			add(fmt.Sprintf("<|reserved_token_%d|>", id))
		}
	}
	for _, s := range b.extra {
		add(s.Content)
	}
}

func (b *builder) vocabSize() int32 {
	probe := &tokenizerjson.File{Model: b.file.Model}
	probe.AddTokens(tokenizerjson.AddedToken{ID: tokenizerjson.NoID, Content: "\x00\x00"})
	return probe.AddedTokens[0].ID
}

func (r *Result) warn(format string, args ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}

// saved returns the settings that belong beside the tokenizer.json that was made: with the tokens of all roles, and with a class
// that makes the same of it. It is nil where there were none and none are needed.
func (b *builder) saved() (Settings, error) {
	if b.settings == nil && len(b.roles) == 0 {
		return nil, nil
	}
	out := Settings{}
	for key, value := range b.settings {
		out[key] = value
	}
	for role, s := range b.roles {
		if old, ok := out[role]; ok && !isNull(old) {
			if token, err := parseToken(old, false); err == nil && token.Content == s.Content {
				continue
			}
		}
		raw, err := json.Marshal(s.Content)
		if err != nil {
			return nil, err
		}
		out[role] = raw
	}
	if !b.decoderIsWhole() {
		delete(out, "added_tokens_decoder") // which would outweigh what tokenizer.json adds
	}
	name := b.directory.class()
	switch flags := b.json == nil && (flag(b.settings, "add_bos_token", false) || flag(b.settings, "add_eos_token", false)); {
	case b.class == &neox && flags, b.class == nil && (b.json == nil || classNamed(canonical(name)) != nil):
		name = fastClass // as the class would frame or make it anew
	case b.class != nil && canonical(name) != b.class.name:
		name = b.class.name
	default:
		if raw, ok := out["tokenizer_class"]; ok && !isNull(raw) {
			return out, nil
		}
		if name == "" {
			name = fastClass
		}
	}
	raw, err := json.Marshal(name)
	out["tokenizer_class"] = raw
	return out, err
}

// decoderIsWhole reports whether added_tokens_decoder has all added tokens as they are.
func (b *builder) decoderIsWhole() bool {
	raw, ok := b.settings["added_tokens_decoder"]
	if !ok {
		return true
	}
	t := &tokens{decoder: map[int32]tokenizerjson.AddedToken{}}
	if t.readDecoder(raw) != nil {
		return false
	}
	for _, a := range b.file.AddedTokens {
		if t.decoder[a.ID] != a {
			return false
		}
	}
	return true
}
