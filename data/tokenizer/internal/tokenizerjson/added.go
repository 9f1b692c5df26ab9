package tokenizerjson

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
)

// AddTokens adds tokens to the file, one after another, as the library tokenizers does: a token that the vocabulary or the file has
// already keeps its id and takes the new properties; another gets the next id, whatever it asks for. What a token asked for in vain
// is told in words.
func (f *File) AddTokens(tokens ...AddedToken) (told []string) {
	vocab, size := f.vocabIDs(tokens)
	place := make(map[string]int, len(f.AddedTokens)+len(tokens))
	next := int32(size)
	for i, t := range f.AddedTokens {
		place[t.Content] = i
		if t.ID >= int32(size) {
			next = max(next, t.ID+1)
		}
	}
	for _, t := range tokens {
		if t.Content == "" {
			continue
		}
		asked := t.ID
		if i, ok := place[t.Content]; ok {
			t.ID = f.AddedTokens[i].ID
			f.AddedTokens[i] = t
		} else {
			id, ok := vocab[t.Content]
			if !ok {
				id = next
			}
			next = max(next, id+1)
			t.ID = id
			place[t.Content] = len(f.AddedTokens)
			f.AddedTokens = append(f.AddedTokens, t)
		}
		if asked != t.ID && asked != NoID {
			told = append(told, fmt.Sprintf("added token %.80q asks for the id %d and has %d, as the library tokenizers counts", t.Content, asked, t.ID))
		}
	}
	return told
}

// NoID is for a token that asks AddTokens for no id.
const NoID = -1

// Resolve gives the added tokens the ids that the library tokenizers gives them when it reads the file, and tells which aren't those that they ask for.
func (f *File) Resolve() (told []string) {
	tokens := f.AddedTokens
	f.AddedTokens = nil
	return f.AddTokens(tokens...)
}

// VocabSize returns one more than the largest id of the model's vocabulary.
func (f *File) VocabSize() int {
	switch m := f.Model.(type) {
	case model.BPEConfig:
		return m.Vocab.Len()
	case model.WordPieceConfig:
		return m.Vocab.Len()
	case model.WordLevelConfig:
		return m.Vocab.Len()
	case model.UnigramConfig:
		return len(m.Pieces)
	}
	return 0
}

// TokenID returns the id of a token that is spelled like this, in the vocabulary or added.
func (f *File) TokenID(content string) (int32, bool) {
	for _, t := range f.AddedTokens {
		if t.Content == content {
			return t.ID, true
		}
	}
	vocab, _ := f.vocabIDs([]AddedToken{{Content: content}})
	id, ok := vocab[content]
	return id, ok
}

// vocabIDs returns the ids that the model's vocabulary has for tokens, and its size.
func (f *File) vocabIDs(tokens []AddedToken) (ids map[string]int32, size int) {
	ids = map[string]int32{}
	var v *model.Vocab
	switch m := f.Model.(type) {
	case model.BPEConfig:
		v = m.Vocab
	case model.WordPieceConfig:
		v = m.Vocab
	case model.WordLevelConfig:
		v = m.Vocab
	case model.UnigramConfig:
		wanted := map[string]bool{}
		for _, t := range tokens {
			wanted[t.Content] = true
		}
		for i, p := range m.Pieces {
			if wanted[p.Token] {
				ids[p.Token] = int32(i)
			}
		}
		return ids, len(m.Pieces)
	}
	if v == nil {
		return ids, 0
	}
	for _, t := range tokens {
		if id, ok := v.ID(t.Content); ok {
			ids[t.Content] = id
		}
	}
	return ids, v.Count()
}
