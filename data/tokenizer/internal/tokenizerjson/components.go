package tokenizerjson

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/decode"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/postprocess"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pretok"
)

func parseNormalizer(b unread, depth int) (normalize.Normalizer, error) {
	kind, err := typeOf(b)
	if err != nil || kind == "" {
		return nil, err
	}
	switch kind {
	case "Sequence":
		members, err := list(b, "normalizers", depth, parseNormalizer)
		return normalize.Sequence(members), err
	case "NFC":
		return normalize.NFC, nil
	case "NFD":
		return normalize.NFD, nil
	case "NFKC":
		return normalize.NFKC, nil
	case "NFKD":
		return normalize.NFKD, nil
	case "Lowercase":
		return normalize.Lowercase{}, nil
	case "Strip":
		return read(b, normalize.Strip{Left: true, Right: true})
	case "StripAccents":
		return normalize.StripAccents{}, nil
	case "Prepend":
		return read(b, normalize.Prepend{})
	case "Replace":
		return read(b, normalize.Replace{})
	case "Nmt":
		return normalize.Nmt{}, nil
	case "BertNormalizer":
		return read(b, normalize.Bert{CleanText: true, HandleChineseChars: true, Lowercase: true})
	case "Precompiled":
		return read(b, &normalize.Precompiled{})
	}
	return nil, fmt.Errorf("unknown type %.80q", kind)
}

func parsePreTokenizer(b unread, depth int) (pretok.PreTokenizer, error) {
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
	case "BertPreTokenizer":
		return pretok.Bert{}, nil
	case "Chinese":
		return pretok.Chinese{}, nil
	case "Whitespace":
		return pretok.Whitespace{}, nil
	case "WhitespaceSplit":
		return pretok.WhitespaceSplit{}, nil
	case "Metaspace":
		return read(b, pretok.Metaspace{Replacement: "▁", PrependScheme: pretok.Always, Split: true})
	case "Digits":
		return read(b, pretok.Digits{})
	case "Punctuation":
		p, err := read(b, pretok.Punctuation{Behavior: pretok.Isolated})
		if err == nil {
			err = p.Behavior.Validate()
		}
		return p, err
	case "Split":
		p, err := read(b, pretok.Split{})
		if err == nil {
			err = p.Behavior.Validate()
		}
		return p, err
	case "CharDelimiterSplit":
		return read(b, pretok.CharDelimiterSplit{})
	}
	return nil, fmt.Errorf("unknown type %.80q", kind)
}

func parsePostProcessor(b unread, depth int) (postprocess.Processor, error) {
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
	return nil, fmt.Errorf("unknown type %.80q", kind)
}

func parseDecoder(b unread, depth int) (decode.Decoder, error) {
	kind, err := typeOf(b)
	if err != nil || kind == "" {
		return nil, err
	}
	switch kind {
	case "Sequence":
		members, err := list(b, "decoders", depth, parseDecoder)
		if err != nil {
			return nil, err
		}
		return decode.Sequence(members), decode.Sequence(members).Validate()
	case "ByteLevel":
		return read(b, decode.ByteLevel{AddPrefixSpace: true, TrimOffsets: true, UseRegex: true})
	case "WordPiece":
		return read(b, decode.WordPiece{Prefix: "##", Cleanup: true})
	case "Metaspace":
		return read(b, decode.Metaspace{Replacement: "▁", PrependScheme: "always", Split: true})
	case "BPEDecoder":
		d, err := read(b, decode.BPE{Suffix: "</w>"})
		if err == nil {
			err = d.Validate()
		}
		return d, err
	case "Replace":
		return read(b, decode.Replace{})
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
	return nil, fmt.Errorf("unknown type %.80q", kind)
}
