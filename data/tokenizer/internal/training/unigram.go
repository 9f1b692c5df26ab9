package training

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
)

// UnigramConfig says what unigram language model is learned.
type UnigramConfig struct {
	Size     int     // the number of pieces
	Coverage float64 // the share of the text whose characters are in the vocabulary, from the most frequent on
	MaxChars int     // length of the longest piece
	Threads  int     // 0 stands for GOMAXPROCS
	// Progress, if set, is told how many pieces are left.
	Progress func(pieces int)
}

const (
	maxWord       = 256       // characters; longer words are cut
	maxSeeds      = 1_000_000 // pieces to begin with
	shrinking     = 0.75      // of the pieces stay, each time some are taken out
	subIterations = 2         // of expectation and maximization, each time
	leastExpected = 0.5       // pieces that are expected less often than this go at once
)

// Unigram learns the pieces of a unigram language model (Kudo 2018) from words:
// it begins with all substrings that recur, fits their probabilities by
// expectation maximization, and takes out those that are missed least, until
// Size are left. The pieces come with the logarithms of their probabilities,
// the likeliest first.
func Unigram(ctx context.Context, words []Word, c UnigramConfig) ([]model.Piece, error) {
	t := newUnigramTrainer(words, c)
	if len(t.lattice.counts) == 0 {
		return nil, errors.New("training: unigram: the corpus has no words")
	}
	if err := t.seed(ctx); err != nil {
		return nil, err
	}
	t.guessPerChar()
	for {
		for range subIterations {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			t.maximize(t.expect(), digamma)
		}
		if c.Progress != nil {
			c.Progress(len(t.pieces))
		}
		if len(t.pieces) <= c.Size {
			break
		}
		t.prune(max(c.Size, int(shrinking*float64(len(t.pieces)))))
	}
	t.maximize(t.expect(), math.Log)
	return t.result(), nil
}

type unigramTrainer struct {
	config  UnigramConfig
	chars   []rune // by number
	pieces  []unigramPiece
	lattice lattice
	threads int
	// perChar is the mean logarithm of the probability of a character: with it
	// taken out, the probabilities of long words stay within range.
	perChar float64
}

// unigramPiece is a substring, told by one place at which it stands.
type unigramPiece struct {
	at    int32
	chars uint8
	score float64
}

// lattice holds all words, one after another, with the pieces that they could consist of.
type lattice struct {
	symbols []int32 // numbers of characters
	starts  []int32 // of words; one more at the end
	counts  []int64 // of words
	edges   []int32 // where the edges of a position begin; one more at the end
	lengths []uint8 // of edges, in characters
	pieces  []int32 // of edges
}

// mark is the character that stands for the space before a word.
const mark = '▁'

func newUnigramTrainer(words []Word, c UnigramConfig) *unigramTrainer {
	t := &unigramTrainer{config: c, threads: c.Threads}
	if t.threads <= 0 {
		t.threads = runtime.GOMAXPROCS(0)
	}
	t.config.MaxChars = min(max(c.MaxChars, 1), math.MaxUint8)
	t.chars = frequentChars(words, c.Coverage, c.Size)
	numbers := make(map[rune]int32, len(t.chars))
	for i, r := range t.chars {
		numbers[r] = int32(i)
	}
	l := &t.lattice
	for _, w := range words {
		start := len(l.symbols)
		end := func() {
			if len(l.symbols) > start {
				l.starts = append(l.starts, int32(start))
				l.counts = append(l.counts, w.Count)
				start = len(l.symbols)
			}
		}
		for _, r := range w.Text {
			n, ok := numbers[r]
			if ok {
				l.symbols = append(l.symbols, n)
			}
			// What the vocabulary lacks separates words.
			if !ok || len(l.symbols)-start == maxWord {
				end()
			}
		}
		end()
	}
	l.starts = append(l.starts, int32(len(l.symbols)))
	return t
}

// text spells a piece.
func (t *unigramTrainer) text(p unigramPiece) string {
	var b strings.Builder
	for _, s := range t.lattice.symbols[p.at : p.at+int32(p.chars)] {
		b.WriteRune(t.chars[s])
	}
	return b.String()
}

func (t *unigramTrainer) result() []model.Piece {
	out := make([]model.Piece, len(t.pieces))
	for i, p := range t.pieces {
		out[i] = model.Piece{Token: t.text(p), Score: p.score}
	}
	slices.SortFunc(out, func(a, b model.Piece) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return strings.Compare(a.Token, b.Token)
	})
	return out
}

// digamma is the derivative of the logarithm of the gamma function. In the
// place of the logarithm it favours few pieces (Liang & Klein 2007).
func digamma(x float64) float64 {
	var sum float64
	for ; x < 7; x++ {
		sum -= 1 / x
	}
	x -= 0.5
	xx := 1 / x
	xx2 := xx * xx
	xx4 := xx2 * xx2
	return sum + math.Log(x) + xx2/24 - 7./960*xx4 + 31./8064*xx4*xx2 - 127./30720*xx4*xx4
}
