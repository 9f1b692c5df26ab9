package model

import (
	"fmt"
	"math"
	"sync"
	"unicode/utf8"
)

// Piece is a token of a Unigram model with the logarithm of its probability.
type Piece struct {
	Token string
	Score float64
}

// UnigramConfig describes a unigram language model (Kudo 2018).
type UnigramConfig struct {
	Pieces       []Piece // their places in the list are their ids
	Unknown      int32   // id of the unknown token; -1: none
	ByteFallback bool    // spells what is unknown as <0x..> tokens
}

// Unigram splits a word where the probabilities of its tokens have the greatest product.
type Unigram struct {
	config       UnigramConfig
	vocab        *Vocab
	trie         *trie
	scores       []float64
	unknownScore float64
	bytes        [256]int32
	fallback     bool
	paths        sync.Pool // of *[]pathNode
}

// unknownPenalty is what an unknown character scores below the least likely token.
const unknownPenalty = 10

// NewUnigram makes the model that c describes.
func NewUnigram(c UnigramConfig) (*Unigram, error) {
	if int64(c.Unknown) >= int64(len(c.Pieces)) || c.Unknown < -1 {
		return nil, fmt.Errorf("model: Unigram: the unknown token has the id %d in a vocabulary of %d", c.Unknown, len(c.Pieces))
	}
	m := &Unigram{config: c, unknownScore: math.Inf(1), scores: make([]float64, len(c.Pieces))}
	tokens, ids := make([]string, len(c.Pieces)), make([]int32, len(c.Pieces))
	for i, p := range c.Pieces {
		if math.IsNaN(p.Score) || math.IsInf(p.Score, 0) {
			return nil, fmt.Errorf("model: Unigram: token %.80q has the score %g", p.Token, p.Score)
		}
		tokens[i], ids[i], m.scores[i] = p.Token, int32(i), p.Score
		m.unknownScore = min(m.unknownScore, p.Score)
	}
	m.unknownScore -= unknownPenalty
	m.vocab, m.trie = NewVocabList(tokens), newTrie(tokens, ids)
	m.fallback = c.ByteFallback
	for b := range m.bytes {
		id, ok := m.vocab.ID(FallbackToken(byte(b)))
		if !ok {
			id = -1
		}
		m.bytes[b] = id
	}
	m.paths.New = func() any { return new([]pathNode) }
	return m, nil
}

// Vocab returns the vocabulary.
func (m *Unigram) Vocab() *Vocab { return m.vocab }

// Unknown returns the id of the unknown token, -1 if there is none.
func (m *Unigram) Unknown() int32 { return m.config.Unknown }

// pathNode is the best way to get to a place in a word: the token that ends
// there, where it starts and what the way scores.
type pathNode struct {
	score float64
	start int32 // -1: no way is known
	id    int32
}

// Tokenize appends the tokens of word to dst.
func (m *Unigram) Tokenize(dst []Token, word []byte) ([]Token, error) {
	if len(word) == 0 {
		return dst, nil
	}
	if len(word) > math.MaxInt32-1 {
		return dst, fmt.Errorf("model: Unigram: a word has %d bytes, expected at most %d", len(word), math.MaxInt32-1)
	}
	buffer := m.paths.Get().(*[]pathNode)
	defer m.paths.Put(buffer)
	best := *buffer
	if cap(best) < len(word)+1 {
		best = make([]pathNode, len(word)+1)
	}
	best = best[:len(word)+1]
	*buffer = best
	for i := range best {
		best[i].start = -1
	}
	best[0] = pathNode{}
	base, check, value := m.trie.base, m.trie.check, m.trie.value
	for i := 0; i < len(word); {
		here := best[i].score
		w := 1
		if word[i] >= utf8.RuneSelf {
			_, w = utf8.DecodeRune(word[i:])
		}
		single := false
		node := int32(0)
		for k := i; k < len(word); k++ {
			b := base[node]
			if b < 0 {
				break
			}
			next := b + int32(word[k])
			if check[next] != node+1 {
				break
			}
			node = next
			id := value[node]
			if id < 0 {
				continue
			}
			if score := here + m.scores[id]; best[k+1].start < 0 || score > best[k+1].score {
				best[k+1] = pathNode{score, int32(i), id}
			}
			single = single || k+1-i == w
		}
		if !single {
			if m.config.Unknown < 0 {
				return dst, fmt.Errorf("model: Unigram: %.80q is not in the vocabulary, nor is an unknown token", word[i:i+w])
			}
			if score := here + m.unknownScore; best[i+w].start < 0 || score > best[i+w].score {
				best[i+w] = pathNode{score, int32(i), m.config.Unknown}
			}
		}
		i += w
	}
	n := len(dst)
	for end := len(word); end > 0; {
		k := best[end]
		// Unknown characters in a row make one token.
		for k.id == m.config.Unknown && k.start > 0 && best[k.start].id == m.config.Unknown {
			k.start = best[k.start].start
		}
		dst = m.appendReversed(dst, word, k.id, int(k.start), end)
		end = int(k.start)
	}
	for i, j := n, len(dst)-1; i < j; i, j = i+1, j-1 {
		dst[i], dst[j] = dst[j], dst[i]
	}
	return dst, nil
}

// appendReversed appends a token, or the bytes of one that is unknown, the last of them first.
func (m *Unigram) appendReversed(dst []Token, word []byte, id int32, start, end int) []Token {
	if id != m.config.Unknown {
		return append(dst, Token{id, start, end})
	}
	text := word[start:end]
	// Several unknown characters may spell a token that no path led through.
	if known, ok := m.vocab.idOf(text); ok {
		return append(dst, Token{known, start, end})
	}
	if m.fallback {
		whole := true
		for _, b := range text {
			whole = whole && m.bytes[b] >= 0
		}
		if whole {
			for i := len(text) - 1; i >= 0; i-- {
				dst = append(dst, Token{m.bytes[text[i]], start, end})
			}
			return dst
		}
	}
	return append(dst, Token{m.config.Unknown, start, end})
}
