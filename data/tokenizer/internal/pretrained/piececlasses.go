package pretrained

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/decode"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pattern"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/postprocess"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pretok"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tokenizerjson"
)

// mark stands for a space in SentencePiece's vocabularies.
const mark = "▁"

var llama = class{
	name: "LlamaTokenizer", file: "tokenizer.model",
	defaults: map[string]string{"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"},
	build: func(b *builder) (*tokenizerjson.File, error) {
		scheme := pretok.First
		prefix := flag(b.settings, "add_prefix_space", true)
		if flag(b.settings, "legacy", false) {
			scheme = pretok.Always
		}
		d := decode.Sequence{decode.Replace{Pattern: pattern.Literal(mark), Content: " "}, decode.ByteFallback{}, decode.Fuse{}}
		if prefix {
			d = append(d, decode.Strip{Content: " ", Begin: 1})
		} else {
			scheme = pretok.Never
		}
		return &tokenizerjson.File{
			PreTokenizer: pretok.Metaspace{Replacement: mark, PrependScheme: scheme}, Decoder: d,
			Model: model.BPEConfig{Vocab: b.vocab, Merges: b.merges, FuseUnknown: true, ByteFallback: true},
		}, nil
	},
}

var gemma = class{
	name:     "GemmaTokenizer",
	defaults: map[string]string{"unk_token": "<unk>", "bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "mask_token": "<mask>"},
	build: func(b *builder) (*tokenizerjson.File, error) {
		space := pattern.Literal(" ")
		return &tokenizerjson.File{
			Normalizer:   normalize.Replace{Pattern: space, Content: mark},
			PreTokenizer: pretok.Split{Pattern: space, Behavior: pretok.MergedWithPrevious},
			Decoder:      decode.Sequence{decode.Replace{Pattern: pattern.Literal(mark), Content: " "}, decode.ByteFallback{}, decode.Fuse{}},
			Model:        model.BPEConfig{Vocab: b.vocab, Merges: b.merges, Unknown: b.content("unk_token"), FuseUnknown: true, ByteFallback: true},
		}, nil
	},
}

var t5 = class{
	name: "T5Tokenizer", file: "spiece.model", kind: unigram,
	defaults: map[string]string{"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"},
	build: func(b *builder) (*tokenizerjson.File, error) {
		if err := b.addSentinels(); err != nil {
			return nil, err
		}
		return b.unigram(2, pretok.Always)
	},
	frame: func(b *builder) error {
		id, ok := b.file.TokenID(b.content("eos_token"))
		if !ok {
			return fmt.Errorf("texts end with the eos_token, and %.80q is not in the vocabulary", b.content("eos_token"))
		}
		const name = "</s>"
		end := postprocess.TemplatePiece{SpecialToken: &postprocess.TemplateRef{ID: name}}
		text := func(id string) postprocess.TemplatePiece {
			return postprocess.TemplatePiece{Sequence: &postprocess.TemplateRef{ID: id}}
		}
		b.file.PostProcessor = postprocess.Template{
			Single: []postprocess.TemplatePiece{text("A"), end}, Pair: []postprocess.TemplatePiece{text("A"), end, text("B"), end},
			SpecialTokens: map[string]postprocess.TemplateSpecial{name: {ID: name, IDs: []int32{id}, Tokens: []string{name}}},
		}
		return nil
	},
}

// maxSentinels bounds the extra_ids of a T5 tokenizer.
const maxSentinels = 1 << 16

// addSentinels adds T5's tokens for gaps in a text, <extra_id_0> and so on: the last of a SentencePiece vocabulary, the first the highest.
func (b *builder) addSentinels() error {
	n := 100
	if v, ok := setting[int](b.settings, "extra_ids"); ok {
		n = v
	}
	if n < 0 || n > maxSentinels {
		return fmt.Errorf("extra_ids is %d, expected 0 to %d", n, maxSentinels)
	}
	if b.json == nil {
		for i := n - 1; i >= 0; i-- {
			b.pieces = append(b.pieces, model.Piece{Token: sentinel(i)})
		}
	}
	given := 0
	for _, s := range b.additional {
		if strings.Contains(s.Content, "<extra_id_") {
			given++
		}
	}
	switch {
	case given == 0:
		for i := range n {
			b.additional = append(b.additional, named(sentinel(i)))
		}
	case n > 0 && given != n:
		return fmt.Errorf("extra_ids is %d, and %d of the additional_special_tokens are such", n, given)
	}
	return nil
}

func sentinel(i int) string { return fmt.Sprintf("<extra_id_%d>", i) }

var albert = class{
	name: "AlbertTokenizer", file: "spiece.model", kind: unigram,
	defaults: map[string]string{
		"bos_token": "[CLS]", "eos_token": "[SEP]", "unk_token": "<unk>", "sep_token": "[SEP]", "pad_token": "<pad>", "cls_token": "[CLS]", "mask_token": "[MASK]",
	},
	build: func(b *builder) (*tokenizerjson.File, error) {
		n := normalize.Sequence{
			normalize.Replace{Pattern: pattern.Literal("``"), Content: `"`}, normalize.Replace{Pattern: pattern.Literal("''"), Content: `"`},
		}
		if !flag(b.settings, "keep_accents", false) {
			n = append(n, normalize.NFKD, normalize.StripAccents{})
		}
		if flag(b.settings, "do_lower_case", true) {
			n = append(n, normalize.Lowercase{})
		}
		file, err := b.unigram(1, b.prefixScheme())
		if err != nil {
			return nil, err
		}
		if file.Normalizer != nil {
			n = append(n, file.Normalizer)
		}
		file.Normalizer = n
		return file, nil
	},
	frame: func(b *builder) error {
		cls, err := b.token("cls_token")
		if err != nil {
			return err
		}
		sep, err := b.token("sep_token")
		b.file.PostProcessor = postprocess.Bert{Cls: cls, Sep: sep}
		return err
	},
}

var xlmRoberta = class{
	name: "XLMRobertaTokenizer", file: "sentencepiece.bpe.model", kind: unigram,
	defaults: map[string]string{
		"bos_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "cls_token": "<s>", "unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>",
	},
	build: func(b *builder) (*tokenizerjson.File, error) {
		if b.json == nil {
			// fairseq's order: its own first tokens in the place of SentencePiece's three.
			var pieces []model.Piece
			for _, role := range []string{"bos_token", "pad_token", "eos_token", "unk_token"} {
				pieces = append(pieces, model.Piece{Token: b.content(role)})
			}
			pieces = append(pieces, b.pieces[min(3, len(b.pieces)):]...)
			b.pieces = append(pieces, model.Piece{Token: b.content("mask_token")})
		}
		return b.unigram(3, b.prefixScheme())
	},
	frame: func(b *builder) error {
		bos, eos := b.content("bos_token"), b.content("eos_token")
		t := postprocess.Template{SpecialTokens: map[string]postprocess.TemplateSpecial{}}
		var err error
		if t.Single, err = b.template(&t, []string{bos}, "A", []string{eos}, 0); err != nil {
			return err
		}
		second, err := b.template(&t, []string{eos}, "B", []string{eos}, 0)
		t.Pair = append(slices.Clone(t.Single), second...)
		b.file.PostProcessor = t
		return err
	},
}

// prefixScheme returns when a text gets a mark, by add_prefix_space.
func (b *builder) prefixScheme() pretok.Scheme {
	if flag(b.settings, "add_prefix_space", true) {
		return pretok.Always
	}
	return pretok.Never
}

// unigram makes a tokenizer of the pieces, which splits at white space and marks the beginnings of words.
func (b *builder) unigram(unknown int32, scheme pretok.Scheme) (*tokenizerjson.File, error) {
	file := &tokenizerjson.File{
		PreTokenizer: pretok.Sequence{pretok.WhitespaceSplit{}, pretok.Metaspace{Replacement: mark, PrependScheme: scheme, Split: true}},
		Decoder:      decode.Metaspace{Replacement: mark, PrependScheme: string(scheme), Split: true},
		Model:        model.UnigramConfig{Pieces: b.pieces, Unknown: unknown},
	}
	if len(b.charsmap) > 0 {
		n, err := normalize.NewPrecompiled(b.charsmap)
		if err != nil {
			return nil, err
		}
		file.Normalizer = n
	}
	return file, nil
}

// charsmapOf returns the table of a normalizer, or of the first part of a sequence that has one; nil if none has.
func charsmapOf(n normalize.Normalizer) []byte {
	switch n := n.(type) {
	case *normalize.Precompiled:
		return n.Charsmap
	case normalize.Sequence:
		for _, m := range n {
			if table := charsmapOf(m); table != nil {
				return table
			}
		}
	}
	return nil
}
