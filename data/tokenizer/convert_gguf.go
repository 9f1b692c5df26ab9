package tokenizer

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/decode"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/postprocess"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pretok"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/spm"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tokenizerjson"
	"github.com/seahorse-ml/seahorse/internal/gguf"
)

// splitsByPre maps what a GGUF file calls its pre-tokenizer to the ways that byteLevel knows.
var splitsByPre = map[string]string{
	"gpt-2": "gpt2", "smollm": "smollm", "qwen2": "qwen2", "llama-bpe": "cl100k", "llama3": "cl100k", "llama-v3": "cl100k", "gpt-4o": "o200k",
}

// fromGGUF makes a tokenizer.json, and its settings, of the metadata of a GGUF file.
func fromGGUF(v gguf.Meta) (*tokenizerjson.File, map[string]json.RawMessage, error) {
	tokens := v.Texts("tokenizer.ggml.tokens")
	types := v.Ints("tokenizer.ggml.token_type")
	if len(tokens) == 0 || len(types) != 0 && len(types) != len(tokens) {
		return nil, nil, fmt.Errorf("gguf: %d tokens with %d types", len(tokens), len(types))
	}
	var file *tokenizerjson.File
	var err error
	switch kind := v.Text("tokenizer.ggml.model"); kind {
	case "gpt2":
		pre := v.Text("tokenizer.ggml.pre")
		split, ok := splitsByPre[pre]
		if !ok {
			return nil, nil, fmt.Errorf("gguf: unknown pre-tokenizer %.80q", pre)
		}
		c := model.BPEConfig{Vocab: model.NewVocabList(tokens), IgnoreMerges: split == "cl100k"}
		if c.Merges, err = tokenizerjson.ParseMergeLines(v.Texts("tokenizer.ggml.merges")); err == nil {
			file, err = byteLevel(c, split)
		}
	case "llama", "t5":
		file, err = ggufPieces(v, kind, tokens, types)
	case "bert":
		file = ggufBert(tokens)
	default:
		return nil, nil, fmt.Errorf("gguf: unknown tokenizer %.80q", kind)
	}
	if err != nil {
		return nil, nil, err
	}
	for id, kind := range types {
		if kind == spm.Control || kind == spm.UserDefined {
			file.AddedTokens = append(file.AddedTokens, tokenizerjson.AddedToken{ID: int32(id), Content: tokens[id], Special: kind == spm.Control})
		}
	}
	settings := map[string]json.RawMessage{"tokenizer_class": json.RawMessage(`"PreTrainedTokenizerFast"`)}
	token := map[string]string{}
	for role, key := range map[string]string{
		"bos_token": "bos_token_id", "eos_token": "eos_token_id", "unk_token": "unknown_token_id", "pad_token": "padding_token_id",
		"sep_token": "seperator_token_id", "cls_token": "cls_token_id", "mask_token": "mask_token_id",
		"eot_token": "eot_token_id", "eom_token": "eom_token_id", // of a turn and of a message, which end what is written too
	} {
		id, ok := v.Int("tokenizer.ggml." + key)
		if ok && id >= 0 && id < len(tokens) {
			token[role] = tokens[id]
			settings[role], _ = json.Marshal(tokens[id])
		}
	}
	if s := v.Text("tokenizer.chat_template"); s != "" {
		settings["chat_template"], _ = json.Marshal(s)
	}
	bos, said := v.Bool("tokenizer.ggml.add_bos_token")
	if kind := v.Text("tokenizer.ggml.model"); !said { // as llama.cpp has it
		bos = kind == "llama" || kind == "gpt2" && slices.Contains([]string{"llama3", "llama-v3", "llama-bpe"}, v.Text("tokenizer.ggml.pre"))
	}
	eos, said := v.Bool("tokenizer.ggml.add_eos_token")
	if !said {
		eos = v.Text("tokenizer.ggml.model") == "t5"
	}
	if _, bert := file.Model.(model.WordPieceConfig); !bert {
		addFrame(file, token["bos_token"], token["eos_token"], bos, eos)
	}
	return file, settings, nil
}

func ggufPieces(v gguf.Meta, kind string, tokens []string, types []int) (*tokenizerjson.File, error) {
	scores := v.Floats("tokenizer.ggml.scores")
	if len(scores) != len(tokens) || len(types) != len(tokens) {
		return nil, fmt.Errorf("gguf: %d tokens with %d scores and %d types", len(tokens), len(scores), len(types))
	}
	m := &spm.Model{Type: spm.BPE, AddDummyPrefix: true, ByteFallback: kind == "llama"}
	if kind == "t5" {
		m.Type, m.RemoveExtraWhitespace = spm.Unigram, true
		if set, ok := v.Bool("tokenizer.ggml.remove_extra_whitespaces"); ok {
			m.RemoveExtraWhitespace = set
		}
		for _, b := range v.Ints("tokenizer.ggml.precompiled_charsmap") {
			m.Charsmap = append(m.Charsmap, byte(b))
		}
	}
	if add, ok := v.Bool("tokenizer.ggml.add_space_prefix"); ok {
		m.AddDummyPrefix = add
	}
	for id, t := range tokens {
		p := spm.Piece{Text: t, Score: float32(scores[id]), Type: types[id]}
		if p.Type == spm.Control || p.Type == spm.UserDefined {
			p.Type = spm.Normal // they are added for all kinds of tokenizers alike
		}
		m.Pieces = append(m.Pieces, p)
	}
	return fromSPM(m)
}

// ggufBert undoes what llama.cpp does to a WordPiece vocabulary: it has marks
// before tokens that begin a word in the place of ## before those that don't.
func ggufBert(tokens []string) *tokenizerjson.File {
	names := make([]string, len(tokens))
	for id, t := range tokens {
		switch word, ok := strings.CutPrefix(t, metaMark); {
		case ok:
			names[id] = word
		case strings.HasPrefix(t, "[") && strings.HasSuffix(t, "]"):
			names[id] = t
		default:
			names[id] = "##" + t
		}
	}
	return bertFile(model.NewVocabList(names), normalize.Bert{CleanText: true, HandleChineseChars: true, Lowercase: true})
}

// bertFile makes a tokenizer.json of a WordPiece vocabulary with BERT's special tokens.
func bertFile(v *model.Vocab, n normalize.Bert) *tokenizerjson.File {
	file := &tokenizerjson.File{
		Normalizer:   n,
		PreTokenizer: pretok.Bert{},
		Decoder:      decode.WordPiece{Prefix: "##", Cleanup: true},
		Model:        model.WordPieceConfig{Vocab: v, Unknown: "[UNK]", Prefix: "##", MaxChars: 100},
	}
	for _, name := range bertSpecial {
		if id, ok := v.ID(name); ok {
			file.AddedTokens = append(file.AddedTokens, tokenizerjson.AddedToken{ID: id, Content: name, Special: true})
		}
	}
	cls, ok1 := v.ID("[CLS]")
	sep, ok2 := v.ID("[SEP]")
	if ok1 && ok2 {
		file.PostProcessor = postprocess.Bert{Cls: postprocess.Special{Token: "[CLS]", ID: cls}, Sep: postprocess.Special{Token: "[SEP]", ID: sep}}
	}
	return file
}

// addFrame puts the tokens bos and eos around texts, as far as asked for.
func addFrame(file *tokenizerjson.File, bos, eos string, addBOS, addEOS bool) {
	t := postprocess.Template{SpecialTokens: map[string]postprocess.TemplateSpecial{}}
	special := func(name string, typeID int32) []postprocess.TemplatePiece {
		for _, a := range file.AddedTokens {
			if a.Content == name {
				t.SpecialTokens[name] = postprocess.TemplateSpecial{ID: name, IDs: []int32{a.ID}, Tokens: []string{name}}
				return []postprocess.TemplatePiece{{SpecialToken: &postprocess.TemplateRef{ID: name, TypeID: typeID}}}
			}
		}
		return nil
	}
	frame := func(text string, typeID int32) (out []postprocess.TemplatePiece) {
		if addBOS {
			out = append(out, special(bos, typeID)...)
		}
		out = append(out, postprocess.TemplatePiece{Sequence: &postprocess.TemplateRef{ID: text, TypeID: typeID}})
		if addEOS {
			out = append(out, special(eos, typeID)...)
		}
		return out
	}
	t.Single = frame("A", 0)
	t.Pair = append(frame("A", 0), frame("B", 1)...)
	if len(t.SpecialTokens) == 0 {
		return
	}
	if file.PostProcessor == nil {
		file.PostProcessor = t
	} else {
		file.PostProcessor = postprocess.Sequence{file.PostProcessor, t}
	}
}
