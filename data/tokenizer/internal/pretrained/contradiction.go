package pretrained

import (
	"slices"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/postprocess"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pretok"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tokenizerjson"
)

// probes are texts that classes and files mostly differ on, if they do.
var probes = []string{"Hello Wörld", "it's 2024!", "two  spaces ", "你好 world", "``quoted''"}

// warnOfContradiction says where the class of a tokenizer overrules its tokenizer.json: in how it takes texts apart, or how it frames them.
func (b *builder) warnOfContradiction(r *Result) {
	if b.json == nil {
		return
	}
	for _, text := range probes {
		file, ok := apart(b.json, text)
		class, found := apart(b.file, text)
		if ok && found && !slices.Equal(file, class) {
			r.warn("%s takes %q apart as %q, and a %s with these settings, which counts, as %q", jsonFile, text, file, b.class.name, class)
			break
		}
	}
	if b.json.PostProcessor == nil {
		return
	}
	file, err := b.json.PostProcessor.Plan()
	class, failed := b.file.PostProcessor.Plan()
	if err == nil && failed == nil && !slices.EqualFunc(file.Single, class.Single, samePiece) {
		r.warn("%s frames texts as %s, and a %s, which counts, as %s", jsonFile, shown(file.Single), b.class.name, shown(class.Single))
	}
}

// apart returns the words that a text is taken apart into.
func apart(file *tokenizerjson.File, text string) ([]string, bool) {
	t := normalize.NewText([]byte(text), true)
	if file.Normalizer != nil && file.Normalizer.Normalize(&t) != nil {
		return nil, false
	}
	pieces := []pretok.Piece{{Text: t, ID: -1}}
	if file.PreTokenizer != nil {
		var err error
		if pieces, err = file.PreTokenizer.PreTokenize(pieces); err != nil {
			return nil, false
		}
	}
	words := make([]string, len(pieces))
	for i := range pieces {
		words[i] = string(pieces[i].Text.Bytes)
	}
	return words, true
}

// samePiece reports whether pieces of two frames are the same token, or both a text.
func samePiece(a, b postprocess.Piece) bool {
	return a.Sequence == b.Sequence && (a.Sequence >= 0 || a.ID == b.ID)
}

// shown writes a frame out, with $ for the text.
func shown(frame []postprocess.Piece) string {
	out := ""
	for i, p := range frame {
		if i > 0 {
			out += " "
		}
		if p.Sequence >= 0 {
			out += "$"
		} else {
			out += p.Token
		}
	}
	return out
}
