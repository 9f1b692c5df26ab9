package pretrained

import (
	"strings"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/decode"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/postprocess"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pretok"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tokenizerjson"
)

var bert = class{
	name: "BertTokenizer", file: "vocab.txt", kind: wordPiece, build: buildBert,
	defaults: map[string]string{"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"},
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

var mpnet = class{
	name: "MPNetTokenizer", file: "vocab.txt", kind: wordPiece,
	defaults: map[string]string{
		"bos_token": "<s>", "eos_token": "</s>", "unk_token": "[UNK]", "sep_token": "</s>", "pad_token": "<pad>", "cls_token": "<s>", "mask_token": "<mask>",
	},
	build: func(b *builder) (*tokenizerjson.File, error) {
		for role, s := range b.roles {
			if s.plain {
				s.plain, s.Normalized, s.Special, s.LStrip = false, true, false, role == "mask_token"
				b.roles[role] = s
			}
		}
		return buildBert(b)
	},
	frame: func(b *builder) error {
		cls, err := b.token("cls_token")
		if err != nil {
			return err
		}
		sep, err := b.token("sep_token")
		b.file.PostProcessor = postprocess.Roberta{Cls: cls, Sep: sep, TrimOffsets: true}
		return err
	},
}

// buildBert makes a WordPiece tokenizer as BERT has it.
func buildBert(b *builder) (*tokenizerjson.File, error) {
	n := normalize.Bert{
		CleanText: true, HandleChineseChars: flag(b.settings, "tokenize_chinese_chars", true), Lowercase: flag(b.settings, "do_lower_case", true),
	}
	if strip, ok := setting[bool](b.settings, "strip_accents"); ok {
		n.StripAccents = &strip
	}
	return &tokenizerjson.File{
		Normalizer: n, PreTokenizer: pretok.Bert{}, Decoder: decode.WordPiece{Prefix: "##", Cleanup: true},
		Model: model.WordPieceConfig{Vocab: b.vocab, Unknown: b.content("unk_token"), Prefix: "##", MaxChars: 100},
	}, nil
}

// wordList reads a vocab.txt: a token on each line.
func wordList(content []byte) *model.Vocab {
	lines := textLines(content)
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t\r")
	}
	return model.NewVocabList(lines)
}
