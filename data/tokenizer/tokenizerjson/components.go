package tokenizerjson

import (
	"encoding/json"
	"fmt"

	"github.com/seahorse-ml/seahorse/data/tokenizer/decode"
	"github.com/seahorse-ml/seahorse/data/tokenizer/normalize"
	"github.com/seahorse-ml/seahorse/data/tokenizer/postprocess"
	"github.com/seahorse-ml/seahorse/data/tokenizer/pretok"
)

func parseNormalizer(b json.RawMessage, depth int) (normalize.Normalizer, error) {
	kind, err := typeOf(b)
	if err != nil || kind == "" {
		return nil, err
	}
	switch kind {
	case "Sequence":
		members, err := list(b, "normalizers", depth, parseNormalizer)
		return normalize.Sequence(members), err
	}
	return nil, fmt.Errorf("unknown type %q", kind)
}

func parsePreTokenizer(b json.RawMessage, depth int) (pretok.PreTokenizer, error) {
	kind, err := typeOf(b)
	if err != nil || kind == "" {
		return nil, err
	}
	switch kind {
	case "Sequence":
		members, err := list(b, "pretokenizers", depth, parsePreTokenizer)
		return pretok.Sequence(members), err
	case "ByteLevel":
		return read(b, pretok.ByteLevel{AddPrefixSpace: true, TrimOffsets: true, UseRegex: true})
	}
	return nil, fmt.Errorf("unknown type %q", kind)
}

func parsePostProcessor(b json.RawMessage, depth int) (postprocess.Processor, error) {
	kind, err := typeOf(b)
	if err != nil || kind == "" {
		return nil, err
	}
	switch kind {
	case "Sequence":
		members, err := list(b, "processors", depth, parsePostProcessor)
		return postprocess.Sequence(members), err
	case "ByteLevel":
		return read(b, postprocess.ByteLevel{AddPrefixSpace: true, TrimOffsets: true, UseRegex: true})
	case "BertProcessing":
		return read(b, postprocess.Bert{})
	case "RobertaProcessing":
		return read(b, postprocess.Roberta{TrimOffsets: true, AddPrefixSpace: true})
	case "TemplateProcessing":
		return read(b, postprocess.Template{})
	}
	return nil, fmt.Errorf("unknown type %q", kind)
}

func parseDecoder(b json.RawMessage, depth int) (decode.Decoder, error) {
	kind, err := typeOf(b)
	if err != nil || kind == "" {
		return nil, err
	}
	switch kind {
	case "Sequence":
		members, err := list(b, "decoders", depth, parseDecoder)
		return decode.Sequence(members), err
	case "ByteLevel":
		return read(b, decode.ByteLevel{AddPrefixSpace: true, TrimOffsets: true, UseRegex: true})
	case "WordPiece":
		return read(b, decode.WordPiece{Prefix: "##", Cleanup: true})
	case "Metaspace":
		return read(b, decode.Metaspace{Replacement: "▁", PrependScheme: "always", Split: true})
	case "BPEDecoder":
		return read(b, decode.BPE{Suffix: "</w>"})
	case "ByteFallback":
		return decode.ByteFallback{}, nil
	case "Fuse":
		return decode.Fuse{}, nil
	case "Strip":
		s, err := read(b, decode.Strip{})
		if err == nil {
			err = s.Validate()
		}
		return s, err
	}
	return nil, fmt.Errorf("unknown type %q", kind)
}

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
