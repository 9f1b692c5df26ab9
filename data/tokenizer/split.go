package tokenizer

import (
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/decode"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pretok"
)

// Split returns by whose pattern a byte-level BPE takes text apart, as TrainConfig.Split names it, and "" if t is
// another tokenizer or splits in another way. Tokenizers with the same split, vocabulary and merges give the same ids.
func (t *Tokenizer) Split() string {
	if _, ok := t.file.Decoder.(decode.ByteLevel); !ok {
		return ""
	}
	if m, ok := t.file.Model.(model.BPEConfig); !ok || m.Prefix != "" || m.Suffix != "" || m.ByteFallback || m.IgnoreMerges {
		return ""
	}
	split := ""
	switch p := t.file.PreTokenizer.(type) {
	case pretok.ByteLevel:
		if p.UseRegex && !p.AddPrefixSpace {
			split = "gpt2"
		}
	case pretok.Sequence:
		split = sequenceSplit(p)
	}
	if composed := t.file.Normalizer == normalize.NFC; composed != (split == "qwen2") || !composed && t.file.Normalizer != nil {
		return ""
	}
	return split
}

// sequenceSplit returns the name of a pre-tokenizer that splits by a pattern and then spells bytes.
func sequenceSplit(p pretok.Sequence) string {
	if len(p) != 2 {
		return ""
	}
	by, ok := p[0].(pretok.Split)
	spell, spells := p[1].(pretok.ByteLevel)
	if !ok || !spells || by.Behavior != pretok.Isolated || by.Invert || spell.UseRegex || spell.AddPrefixSpace {
		return ""
	}
	switch by.Pattern.Regex {
	case pretok.CL100KPattern:
		return "cl100k"
	case pretok.QwenPattern:
		return "qwen2"
	}
	return ""
}
