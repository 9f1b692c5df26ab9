package tokenizerjson

import (
	"encoding/json"
	"fmt"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/decode"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/postprocess"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pretok"
)

// marshalPart writes a component with its type.
func marshalPart(c any) (json.RawMessage, error) {
	switch c := c.(type) {
	case nil:
		return json.RawMessage("null"), nil
	case normalize.Sequence:
		return sequence("normalizers", c)
	case pretok.Sequence:
		return sequence("pretokenizers", c)
	case postprocess.Sequence:
		return sequence("processors", c)
	case decode.Sequence:
		return sequence("decoders", c)
	case pretok.ByteLevel, postprocess.ByteLevel, decode.ByteLevel:
		return tagged("ByteLevel", c)
	case normalize.Form:
		return tagged(c.String(), struct{}{})
	case normalize.Lowercase:
		return tagged("Lowercase", c)
	case normalize.Strip:
		return tagged("Strip", c)
	case normalize.StripAccents:
		return tagged("StripAccents", c)
	case normalize.Prepend:
		return tagged("Prepend", c)
	case normalize.Replace:
		return tagged("Replace", c)
	case normalize.Nmt:
		return tagged("Nmt", c)
	case normalize.Bert:
		return tagged("BertNormalizer", c)
	case *normalize.Precompiled:
		return tagged("Precompiled", c)
	case pretok.Bert:
		return tagged("BertPreTokenizer", c)
	case pretok.Chinese:
		return tagged("Chinese", c)
	case pretok.Whitespace:
		return tagged("Whitespace", c)
	case pretok.WhitespaceSplit:
		return tagged("WhitespaceSplit", c)
	case pretok.Metaspace:
		return tagged("Metaspace", c)
	case pretok.Digits:
		return tagged("Digits", c)
	case pretok.Punctuation:
		return tagged("Punctuation", c)
	case pretok.Split:
		return tagged("Split", c)
	case pretok.CharDelimiterSplit:
		return tagged("CharDelimiterSplit", c)
	case postprocess.Bert:
		return tagged("BertProcessing", c)
	case postprocess.Roberta:
		return tagged("RobertaProcessing", c)
	case postprocess.Template:
		return tagged("TemplateProcessing", c)
	case decode.WordPiece:
		return tagged("WordPiece", c)
	case decode.Metaspace:
		return tagged("Metaspace", c)
	case decode.BPE:
		return tagged("BPEDecoder", c)
	case decode.Replace:
		return tagged("Replace", c)
	case decode.ByteFallback:
		return tagged("ByteFallback", c)
	case decode.Fuse:
		return tagged("Fuse", c)
	case decode.Strip:
		return tagged("Strip", c)
	}
	return marshalModel(c)
}

// tagged writes the fields of c after its type.
func tagged(kind string, c any) (json.RawMessage, error) {
	b, err := marshal(c)
	if err != nil {
		return nil, err
	}
	head := fmt.Sprintf(`{"type":%q`, kind)
	if string(b) == "{}" {
		return json.RawMessage(head + "}"), nil
	}
	return append(json.RawMessage(head+","), b[1:]...), nil
}

func sequence[T any](key string, members []T) (json.RawMessage, error) {
	parts := make([]json.RawMessage, len(members))
	for i, m := range members {
		var err error
		if parts[i], err = marshalPart(m); err != nil {
			return nil, err
		}
	}
	return tagged("Sequence", map[string]any{key: parts})
}
