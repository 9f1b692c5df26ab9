package pretrained

import (
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/decode"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pattern"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/postprocess"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pretok"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tokenizerjson"
)

const endOfText = "<|endoftext|>"

var gpt2 = class{
	name: "GPT2Tokenizer", file: "vocab.json", build: buildGPT2,
	defaults: map[string]string{"unk_token": endOfText, "bos_token": endOfText, "eos_token": endOfText},
}

var neox = class{
	name: "GPTNeoXTokenizer", file: "vocab.json",
	defaults: map[string]string{"unk_token": endOfText, "bos_token": endOfText, "eos_token": endOfText, "pad_token": "<|padding|>"},
	build: func(b *builder) (*tokenizerjson.File, error) {
		file, err := buildGPT2(b)
		file.Normalizer = normalize.NFC
		return file, err
	},
	frame: (*builder).frameByFlags,
}

var roberta = class{
	name: "RobertaTokenizer", file: "vocab.json", build: buildGPT2,
	defaults: map[string]string{
		"bos_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "cls_token": "<s>", "unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>",
	},
	frame: func(b *builder) error {
		cls, err := b.token("cls_token")
		if err != nil {
			return err
		}
		sep, err := b.token("sep_token")
		b.file.PostProcessor = postprocess.Roberta{
			Cls: cls, Sep: sep, TrimOffsets: flag(b.settings, "trim_offsets", true), AddPrefixSpace: flag(b.settings, "add_prefix_space", false),
		}
		return err
	},
}

var qwen2 = class{
	name: "Qwen2Tokenizer", file: "vocab.json",
	defaults: map[string]string{"unk_token": endOfText, "eos_token": endOfText, "pad_token": endOfText},
	build: func(b *builder) (*tokenizerjson.File, error) {
		p, err := pattern.Regex(pretok.QwenPattern)
		if err != nil {
			return nil, err
		}
		file, err := buildGPT2(b)
		file.Normalizer = normalize.NFC
		file.PreTokenizer = pretok.Sequence{
			pretok.Split{Pattern: p, Behavior: pretok.Isolated},
			pretok.ByteLevel{AddPrefixSpace: flag(b.settings, "add_prefix_space", false), TrimOffsets: true},
		}
		return file, err
	},
}

// buildGPT2 makes a byte-level BPE as GPT-2 has it.
func buildGPT2(b *builder) (*tokenizerjson.File, error) {
	return &tokenizerjson.File{
		PreTokenizer: pretok.ByteLevel{AddPrefixSpace: flag(b.settings, "add_prefix_space", false), TrimOffsets: true, UseRegex: true},
		Decoder:      decode.ByteLevel{AddPrefixSpace: true, TrimOffsets: true, UseRegex: true},
		Model:        model.BPEConfig{Vocab: b.vocab, Merges: b.merges},
	}, nil
}
