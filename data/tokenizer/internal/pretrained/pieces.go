package pretrained

import (
	"cmp"
	"regexp"
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

// buildPieces makes the tokenizer that a SentencePiece model describes by itself, where no class says more. It encodes as
// SentencePiece does, apart from added tokens, each of which begins a text anew.
func (b *builder) buildPieces(m *spm.Model) (*tokenizerjson.File, error) {
	legacy := true
	if raw, ok := b.settings["legacy"]; ok {
		legacy = !isNull(raw) && flag(b.settings, "legacy", true)
	}
	b.pieceTokens(m)
	texts := b.renamed(m)
	var user []string
	for i, p := range m.Pieces {
		if p.Type == spm.UserDefined {
			user = append(user, texts[i])
		}
	}
	file := &tokenizerjson.File{}
	if m.Type == spm.Unigram {
		c := model.UnigramConfig{Unknown: m.UnknownID, ByteFallback: m.ByteFallback}
		for _, p := range m.Pieces {
			c.Pieces = append(c.Pieces, model.Piece{Token: p.Text, Score: float64(p.Score)})
		}
		file.Model = c
	} else {
		file.Model = model.BPEConfig{
			Vocab: model.NewVocabList(texts), Merges: mergesByScore(texts, m.Pieces), Unknown: m.UnknownPiece, FuseUnknown: true,
			ByteFallback: m.ByteFallback, IgnoreMerges: len(user) > 0,
		}
	}
	var err error
	if file.Normalizer, err = pieceNormalizer(m, legacy); err != nil {
		return nil, err
	}
	if file.PreTokenizer, err = pieceSplitter(m, user, legacy); err != nil {
		return nil, err
	}
	d := decode.Sequence{decode.Replace{Pattern: pattern.Literal(mark), Content: " "}}
	if m.ByteFallback {
		d = append(d, decode.ByteFallback{})
	}
	if m.AddDummyPrefix || m.ByteFallback {
		d = append(d, decode.Fuse{})
	}
	if m.AddDummyPrefix {
		d = append(d, decode.Strip{Content: " ", Begin: 1})
	}
	file.Decoder = d
	return file, nil
}

// pieceTokens takes the special and added tokens of a model.
func (b *builder) pieceTokens(m *spm.Model) {
	b.additional = []special{}
	for _, p := range m.Pieces {
		if p.Type == spm.Control {
			b.additional = append(b.additional, piece(p))
		}
	}
	if m.AddDummyPrefix {
		for id, t := range b.decoder {
			t.Normalized = false
			b.decoder[id] = t
		}
	}
	for role, s := range map[string]struct {
		id   int32
		name string
	}{"bos_token": {m.BOSID, m.BOSPiece}, "eos_token": {m.EOSID, m.EOSPiece}, "unk_token": {m.UnknownID, m.UnknownPiece}} {
		if s.id >= 0 {
			b.setDefaults(map[string]string{role: s.name})
		}
	}
}

// renamed returns the texts of the pieces, in the place of those that added_tokens_decoder has other names for.
func (b *builder) renamed(m *spm.Model) []string {
	kept := map[string]bool{}
	for i, p := range m.Pieces {
		if _, ok := b.decoder[int32(i)]; !ok {
			kept[p.Text] = true
		}
	}
	texts := make([]string, len(m.Pieces))
	for i, p := range m.Pieces {
		texts[i] = p.Text
		if t, ok := b.decoder[int32(i)]; ok && !kept[t.Content] {
			texts[i] = t.Content
		}
	}
	return texts
}

// Expressions of the normalizer of a SentencePiece model.
const (
	OuterSpaces = `\A +| +\z` // spaces at the ends of a text
	FirstMark   = `\A▁`       // a mark that begins one
)

// pieceNormalizer rewrites texts in SentencePiece's order.
func pieceNormalizer(m *spm.Model, legacy bool) (normalize.Normalizer, error) {
	n := normalize.Sequence{}
	if len(m.Charsmap) > 0 {
		p, err := normalize.NewPrecompiled(m.Charsmap)
		if err != nil {
			return nil, err
		}
		n = append(n, p)
	}
	replace := func(expression, content string) error {
		p, err := pattern.Regex(expression)
		n = append(n, normalize.Replace{Pattern: p, Content: content})
		return err
	}
	if m.RemoveExtraWhitespace {
		if err := replace(OuterSpaces, ""); err != nil {
			return nil, err
		}
		if err := replace(" {2,}", " "); err != nil {
			return nil, err
		}
	}
	if m.EscapeWhitespace {
		n = append(n, normalize.Replace{Pattern: pattern.Literal(" "), Content: mark})
	}
	if m.AddDummyPrefix && legacy {
		if err := replace(FirstMark, mark+mark); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// pieceSplitter marks the beginnings of texts, and keeps pieces that the user defined whole.
func pieceSplitter(m *spm.Model, user []string, legacy bool) (pretok.PreTokenizer, error) {
	var steps pretok.Sequence
	if m.AddDummyPrefix {
		scheme := pretok.First
		if legacy {
			scheme = pretok.Always
		}
		steps = append(steps, pretok.Metaspace{Replacement: mark, PrependScheme: scheme})
	}
	if len(user) > 0 {
		slices.SortStableFunc(user, func(a, b string) int { return utf8.RuneCountInString(b) - utf8.RuneCountInString(a) })
		for i := range user {
			user[i] = regexp.QuoteMeta(user[i])
		}
		p, err := pattern.Regex(strings.Join(user, "|"))
		if err != nil {
			return nil, err
		}
		steps = append(steps, pretok.Split{Pattern: p, Behavior: pretok.Isolated})
	}
	if len(steps) == 0 {
		return nil, nil
	}
	return steps, nil
}

// way is a way to make a piece out of two others.
type way struct {
	id          int32
	left, right string
}

// waysOf returns all ways to make each of the texts that are allowed out of two of them, in the order of their ids.
func waysOf(texts []string, allowed func(id int) bool) []way {
	known := make(map[string]bool, len(texts))
	lengths := map[int]bool{} // of all pieces: parts of other lengths need no look
	for id, t := range texts {
		if allowed(id) {
			known[t] = true
			lengths[len(t)] = true
		}
	}
	var ways []way
	for id, t := range texts {
		if !allowed(id) {
			continue
		}
		for i := 1; i < len(t); i++ {
			if utf8.RuneStart(t[i]) && lengths[i] && lengths[len(t)-i] && known[t[:i]] && known[t[i:]] {
				ways = append(ways, way{int32(id), t[:i], t[i:]})
			}
		}
	}
	return ways
}

func merges(ways []way) [][2]string {
	out := make([][2]string, len(ways))
	for i, w := range ways {
		out[i] = [2]string{w.left, w.right}
	}
	return out
}

// mergesByID returns the merges of pieces, of the lower id first and there those whose first part is shorter.
func mergesByID(texts []string) [][2]string {
	last := make(map[string]int, len(texts)) // of a repeated piece, the last one counts
	for id, t := range texts {
		last[t] = id
	}
	return merges(waysOf(texts, func(id int) bool { return last[texts[id]] == id }))
}

// mergesByScore returns the merges of normal pieces, of the higher score first.
func mergesByScore(texts []string, pieces []spm.Piece) [][2]string {
	ways := waysOf(texts, func(id int) bool { return pieces[id].Type == spm.Normal })
	slices.SortStableFunc(ways, func(a, b way) int {
		return cmp.Or(cmp.Compare(pieces[b.id].Score, pieces[a.id].Score), cmp.Compare(a.id, b.id), cmp.Compare(a.left, b.left), cmp.Compare(a.right, b.right))
	})
	return merges(ways)
}
