package pretrained

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/postprocess"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/spm"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tokenizerjson"
)

// builder makes a tokenizer of what a directory holds.
type builder struct {
	*directory
	*tokens
	class *class
	file  *tokenizerjson.File // what is made

	json     *tokenizerjson.File // tokenizer.json; nil where there is none
	vocab    *model.Vocab        // of a BPE or WordPiece
	merges   [][2]string
	pieces   []model.Piece // of a Unigram
	charsmap []byte        // of a SentencePiece model's normalizer
}

// errNoFile says that a directory lacks the file of its class.
var errNoFile = errors.New("the file of the class isn't there")

// readVocabulary reads the vocabulary: that of tokenizer.json, or of the file that the class has for it.
func (b *builder) readVocabulary() error {
	if b.json != nil {
		return b.fromJSON()
	}
	for _, name := range []string{b.class.file, "tokenizer.model"} {
		if name == "" || !b.has(name) {
			continue
		}
		content, err := os.ReadFile(filepath.Join(b.path, name))
		if err != nil {
			return err
		}
		switch {
		case filepath.Ext(name) == ".model":
			err = b.fromSentencePiece(content)
		case b.class.kind == wordPiece:
			b.vocab = wordList(content)
		default:
			err = b.fromVocabulary(content)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Join(b.path, name), err)
		}
		return nil
	}
	return errNoFile
}

// errOtherKind says that a tokenizer.json has another model than its class.
var errOtherKind = errors.New("the model is of another kind than the class")

// fromJSON takes the vocabulary of tokenizer.json, and the table of its normalizer.
func (b *builder) fromJSON() error {
	switch m := b.json.Model.(type) {
	case model.BPEConfig:
		b.vocab, b.merges = m.Vocab, m.Merges
		if b.class.kind != bpe {
			return errOtherKind
		}
	case model.WordPieceConfig:
		b.vocab = m.Vocab
		if b.class.kind != wordPiece {
			return errOtherKind
		}
	case model.UnigramConfig:
		b.pieces = m.Pieces
		if b.class.kind != unigram {
			return errOtherKind
		}
	default:
		return errOtherKind
	}
	b.charsmap = charsmapOf(b.json.Normalizer)
	return nil
}

// fromVocabulary reads a vocab.json and the merges beside it.
func (b *builder) fromVocabulary(content []byte) (err error) {
	if b.vocab, err = tokenizerjson.ParseVocab(content); err != nil {
		return err
	}
	lines, err := os.ReadFile(filepath.Join(b.path, "merges.txt"))
	if err != nil {
		return fmt.Errorf("a vocabulary without its merges: %w", err)
	}
	if b.merges, err = tokenizerjson.ParseMergeLines(textLines(lines)); err != nil {
		return fmt.Errorf("merges: %w", err)
	}
	return nil
}

// fromSentencePiece takes the pieces of a SentencePiece model; those that stand for themselves are added tokens.
func (b *builder) fromSentencePiece(content []byte) error {
	m, err := spm.Parse(content)
	if err != nil {
		return err
	}
	b.additional = []special{}
	for _, p := range m.Pieces {
		if p.Type == spm.Control || p.Type == spm.UserDefined {
			b.additional = append(b.additional, piece(p))
		}
	}
	b.charsmap = m.Charsmap
	if b.class.kind == unigram {
		for _, p := range m.Pieces {
			b.pieces = append(b.pieces, model.Piece{Token: p.Text, Score: float64(p.Score)})
		}
		return nil
	}
	texts := make([]string, len(m.Pieces))
	for i, p := range m.Pieces {
		texts[i] = p.Text
	}
	b.vocab, b.merges = model.NewVocabList(texts), mergesByID(texts)
	return nil
}

// piece returns the token that a piece of a SentencePiece model is, which stands for itself.
func piece(p spm.Piece) special {
	return special{tokenizerjson.AddedToken{ID: tokenizerjson.NoID, Content: p.Text, Special: p.Type == spm.Control}, false}
}

// setFrame sets what frames a text: as the class says, or as tokenizer.json does, or by add_bos_token and add_eos_token.
func (b *builder) setFrame() error {
	switch {
	case b.class != nil && b.class.frame != nil:
		return b.class.frame(b)
	case b.json != nil && b.json.PostProcessor != nil:
		b.file.PostProcessor = b.json.PostProcessor
		return nil
	}
	return b.frameByFlags()
}

// frameByFlags puts the tokens around texts that add_bos_token and add_eos_token ask for, which count only without a tokenizer.json.
func (b *builder) frameByFlags() error {
	var before, behind []string
	if bos := b.content("bos_token"); bos != "" && b.json == nil && flag(b.settings, "add_bos_token", false) {
		before = []string{bos}
	}
	if eos := b.content("eos_token"); eos != "" && b.json == nil && flag(b.settings, "add_eos_token", false) {
		behind = []string{eos}
	}
	t := postprocess.Template{SpecialTokens: map[string]postprocess.TemplateSpecial{}}
	single, err := b.template(&t, before, "A", behind, 0)
	if err != nil {
		return err
	}
	second, err := b.template(&t, before, "B", behind, 1)
	t.Single, t.Pair = single, append(single[:len(single):len(single)], second...)
	b.file.PostProcessor = t
	return err
}

// template returns the pieces of a frame around a text, all of one type, and lists their tokens in t.
func (b *builder) template(t *postprocess.Template, before []string, text string, behind []string, typeID int32) (out []postprocess.TemplatePiece, err error) {
	add := func(tokens []string) {
		for _, token := range tokens {
			id, ok := b.file.TokenID(token)
			if !ok && err == nil {
				err = fmt.Errorf("the token %.80q that frames texts is not in the vocabulary", token)
			}
			t.SpecialTokens[token] = postprocess.TemplateSpecial{ID: token, IDs: []int32{id}, Tokens: []string{token}}
			out = append(out, postprocess.TemplatePiece{SpecialToken: &postprocess.TemplateRef{ID: token, TypeID: typeID}})
		}
	}
	add(before)
	out = append(out, postprocess.TemplatePiece{Sequence: &postprocess.TemplateRef{ID: text, TypeID: typeID}})
	add(behind)
	return out, err
}

// token returns the special token of a role, which must be in the vocabulary.
func (b *builder) token(role string) (postprocess.Special, error) {
	content := b.content(role)
	id, ok := b.file.TokenID(content)
	if content == "" || !ok {
		return postprocess.Special{}, fmt.Errorf("texts are framed by the %s, and %.80q is not in the vocabulary", role, content)
	}
	return postprocess.Special{Token: content, ID: id}, nil
}
