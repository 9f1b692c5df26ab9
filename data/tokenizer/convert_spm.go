package tokenizer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/decode"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pattern"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pretok"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/spm"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tokenizerjson"
)

// metaMark stands for a space in SentencePiece's vocabularies.
const metaMark = "▁"

// fromSPM makes a tokenizer.json of a SentencePiece model.
func fromSPM(m *spm.Model) (*tokenizerjson.File, error) {
	file := &tokenizerjson.File{}
	unknown := int32(-1)
	tokens := make([]string, len(m.Pieces))
	for id, p := range m.Pieces {
		tokens[id] = p.Text
		switch p.Type {
		case spm.Unknown:
			unknown = int32(id)
			fallthrough
		case spm.Control:
			file.AddedTokens = append(file.AddedTokens, tokenizerjson.AddedToken{ID: int32(id), Content: p.Text, Special: true})
		case spm.UserDefined:
			file.AddedTokens = append(file.AddedTokens, tokenizerjson.AddedToken{ID: int32(id), Content: p.Text})
		}
	}
	steps := normalize.Sequence{}
	if len(m.Charsmap) > 0 {
		n, err := normalize.NewPrecompiled(m.Charsmap)
		if err != nil {
			return nil, err
		}
		steps = append(steps, n)
	}
	if m.RemoveExtraWhitespace {
		runs, err := pattern.Regex(" {2,}")
		if err != nil {
			return nil, err
		}
		steps = append(steps, normalize.Strip{Left: true, Right: true}, normalize.Replace{Pattern: runs, Content: " "})
	}
	if m.AddDummyPrefix {
		steps = append(steps, normalize.Prepend{Prepend: metaMark})
	}
	file.Normalizer = append(steps, normalize.Replace{Pattern: pattern.Literal(" "), Content: metaMark})
	switch m.Type {
	case spm.Unigram:
		c := model.UnigramConfig{Unknown: unknown, ByteFallback: m.ByteFallback}
		for _, p := range m.Pieces {
			c.Pieces = append(c.Pieces, model.Piece{Token: p.Text, Score: float64(p.Score)})
		}
		file.Model = c
		if !slices.ContainsFunc(tokens, spansWords) {
			file.PreTokenizer = pretok.Metaspace{Replacement: metaMark, PrependScheme: pretok.Never, Split: true}
		}
	case spm.BPE, spm.Char:
		c := model.BPEConfig{Vocab: model.NewVocabList(tokens), FuseUnknown: true, ByteFallback: m.ByteFallback}
		if unknown >= 0 {
			c.Unknown = tokens[unknown]
		}
		if m.Type == spm.BPE {
			c.Merges = mergesByScore(tokens, func(id int32) float64 { return float64(m.Pieces[id].Score) })
		}
		file.Model = c
	default:
		return nil, fmt.Errorf("spm: a model of type %d; expected unigram (%d), BPE (%d) or characters (%d)", m.Type, spm.Unigram, spm.BPE, spm.Char)
	}
	file.Decoder = metaDecoder(m.AddDummyPrefix)
	return file, nil
}

// spansWords reports whether a token goes on after a space within it.
func spansWords(token string) bool {
	return strings.Contains(strings.TrimLeft(token, metaMark), metaMark)
}

// metaDecoder turns marks into spaces, byte tokens into bytes, and takes away the space that was put before the text.
func metaDecoder(prefixed bool) decode.Decoder {
	d := decode.Sequence{decode.Replace{Pattern: pattern.Literal(metaMark), Content: " "}, decode.ByteFallback{}, decode.Fuse{}}
	if prefixed {
		d = append(d, decode.Strip{Content: " ", Begin: 1})
	}
	return d
}

// mergesByScore returns all ways to make a token out of two others, those of
// the token with the highest score first.
func mergesByScore(tokens []string, score func(id int32) float64) [][2]string {
	ids := make(map[string]int32, len(tokens))
	lengths := map[int]bool{} // of all tokens: parts of other lengths need no look
	for id, t := range tokens {
		ids[t] = int32(id)
		lengths[len(t)] = true
	}
	type way struct{ id, left, right int32 }
	var ways []way
	for id, t := range tokens {
		for i := 1; i < len(t); i++ {
			if !utf8.RuneStart(t[i]) || !lengths[i] || !lengths[len(t)-i] {
				continue
			}
			left, ok := ids[t[:i]]
			if !ok {
				continue
			}
			if right, ok := ids[t[i:]]; ok {
				ways = append(ways, way{int32(id), left, right})
			}
		}
	}
	slices.SortStableFunc(ways, func(a, b way) int {
		return cmp.Or(cmp.Compare(score(b.id), score(a.id)), cmp.Compare(len(tokens[b.left]), len(tokens[a.left])))
	})
	merges := make([][2]string, len(ways))
	for i, w := range ways {
		merges[i] = [2]string{tokens[w.left], tokens[w.right]}
	}
	return merges
}
