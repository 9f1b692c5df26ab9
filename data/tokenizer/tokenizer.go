package tokenizer

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/decode"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/postprocess"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pretok"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tokenizerjson"
)

// Tokenizer turns text into ids and ids into text. Its methods may be called
// from several goroutines at once.
type Tokenizer struct {
	file     *tokenizerjson.File
	settings settings // of tokenizer_config.json

	normalizer normalize.Normalizer // nil: none
	splitter   pretok.PreTokenizer  // nil: none
	model      model.Model          // turns words into tokens
	plan       postprocess.Plan     // special tokens around a text
	decoder    decode.Decoder       // turns tokens into text
	added      *addedTokens         // tokens found before the model sees the text
	scanner    pretok.Scanner       // set where words are runs of bytes that it finds
	prefix     bool                 // the scanner wants a space before the text
	cut        cut                  // how a text can be taken apart before anything else
	inner      normalize.Normalizer // for parts of a text that don't begin it
	tracks     bool                 // ids depend on where a text stood before it was normalized
	end        int32                // the token that ends a text; -1: none
	endNamed   bool                 // by the files of a model, not by the settings
	stops      []int32              // all that do
	warnings   []string             // what the files contradict themselves in

	mu    sync.Mutex
	spare []*encoder // encoders that nobody uses at the moment
}

// Parse makes a tokenizer of a tokenizer.json that is in memory, taken as it stands, and of the tokenizer_config.json that belongs to
// it, which names special tokens and may be nil.
func Parse(file, settings []byte) (*Tokenizer, error) {
	parsed, err := tokenizerjson.Parse(trimMark(file))
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	var s map[string]json.RawMessage
	if settings != nil {
		if err := json.Unmarshal(trimMark(settings), &s); err != nil {
			return nil, fmt.Errorf("tokenizer: %s: %w", settingsFile, err)
		}
	}
	return newTokenizer(parsed, s)
}

// newTokenizer makes a tokenizer of the parts of a tokenizer.json. The settings are
// those of its tokenizer_config.json and may be nil.
func newTokenizer(file *tokenizerjson.File, settings map[string]json.RawMessage) (*Tokenizer, error) {
	t := &Tokenizer{file: file, settings: settings, normalizer: file.Normalizer, splitter: file.PreTokenizer, plan: postprocess.Plain}
	var err error
	switch c := file.Model.(type) {
	case model.BPEConfig:
		t.splitter, c.Bytes = rawBytes(file.PreTokenizer, c)
		t.model, err = model.NewBPE(c)
	case model.WordPieceConfig:
		t.model, err = model.NewWordPiece(c)
	case model.UnigramConfig:
		t.model, err = model.NewUnigram(c)
	case model.WordLevelConfig:
		t.model = model.NewWordLevel(c)
	default:
		err = fmt.Errorf("tokenizer: no model of type %T", c)
	}
	if err != nil {
		return nil, err
	}
	own := *file // the ids of added tokens are those that the library tokenizers gives them
	own.AddedTokens = slices.Clone(file.AddedTokens)
	t.warnings = own.Resolve()
	file, t.file = &own, &own
	if err := validTokens(t.model.Vocab(), file.AddedTokens); err != nil {
		return nil, err
	}
	if file.PostProcessor != nil {
		if t.plan, err = file.PostProcessor.Plan(); err != nil {
			return nil, err
		}
	}
	if t.decoder = file.Decoder; t.decoder == nil {
		t.decoder = decode.Spaced{}
	}
	if t.added, err = newAddedTokens(file.AddedTokens, file.Normalizer, setting[bool](settings, "split_special_tokens")); err != nil {
		return nil, err
	}
	t.findShortcut()
	t.setEnds(nil, nil)
	return t, nil
}

// Warnings tells, in words, what the files of the tokenizer contradict themselves in.
func (t *Tokenizer) Warnings() []string { return t.warnings }

// validTokens refuses tokens that are no UTF-8: tokenizer.json could not hold them.
func validTokens(v *model.Vocab, added []tokenizerjson.AddedToken) error {
	for id := range int32(v.Len()) {
		if token, _ := v.Token(id); !utf8.ValidString(token) {
			return fmt.Errorf("tokenizer: token %d is not UTF-8: %.80q", id, token)
		}
	}
	for _, a := range added {
		if !utf8.ValidString(a.Content) {
			return fmt.Errorf("tokenizer: added token %d is not UTF-8: %.80q", a.ID, a.Content)
		}
	}
	return nil
}

// rawBytes lets a byte-level model take the bytes of words as they are, where
// the last thing that happens to them is that they are spelled in its alphabet.
func rawBytes(p pretok.PreTokenizer, c model.BPEConfig) (pretok.PreTokenizer, bool) {
	if c.Prefix != "" || c.Suffix != "" || c.ByteFallback || c.FuseUnknown {
		return p, false
	}
	switch p := p.(type) {
	case pretok.ByteLevel:
		p.Raw = true
		return p, true
	case pretok.Sequence:
		for i, member := range p {
			b, ok := member.(pretok.ByteLevel)
			if !ok {
				continue
			}
			if i < len(p)-1 {
				return p, false
			}
			b.Raw = true
			return append(append(pretok.Sequence{}, p[:i]...), b), true
		}
	}
	return p, false
}

// VocabSize returns one more than the largest id.
func (t *Tokenizer) VocabSize() int { return max(t.model.Vocab().Len(), t.added.top+1) }

// Token returns the token with the given id, as the vocabulary spells it.
func (t *Tokenizer) Token(id int32) (string, bool) {
	if a, ok := t.added.byID[id]; ok {
		return a.Content, true
	}
	return t.model.Vocab().Token(id)
}

// ID returns the id of a token, as the vocabulary spells it.
func (t *Tokenizer) ID(token string) (int32, bool) {
	if id, ok := t.added.ids[token]; ok {
		return id, true
	}
	return t.model.Vocab().ID(token)
}

// Special returns the id of the token that the tokenizer's settings give a role: bos_token, eos_token,
// unk_token, pad_token, cls_token, sep_token or mask_token.
func (t *Tokenizer) Special(role string) (int32, bool) {
	if role == "pad_token" {
		id, _, ok := t.padToken()
		return id, ok
	}
	name, ok := namedToken(t.settings, role)
	if !ok {
		return 0, false
	}
	return t.ID(name)
}

// namedToken returns a token that the settings name: a string, or an object with its content.
func namedToken(s settings, key string) (string, bool) {
	if name := setting[string](s, key); name != "" {
		return name, true
	}
	token := setting[tokenizerjson.AddedToken](s, key)
	return token.Content, token.Content != ""
}

// ChatTemplate returns the template that chats are written by, in Jinja; "" where there is none.
func (t *Tokenizer) ChatTemplate() string {
	return setting[string](t.settings, "chat_template")
}
