package tokenizer

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
)

// Sampling draws one of the ways to take a text apart, for regularisation.
type Sampling struct {
	Seed    uint64   // the same seed gives the same tokens
	Text    uint64   // number of the text: each number has draws of its own; EncodeBatch counts on from it
	Dropout *float64 // for a BPE: the chance to pass over a merge (Provilkov et al. 2020)
	Alpha   *float64 // for a Unigram model: smoothing of its probabilities (Kudo 2018): 0 draws all ways alike, 1 as they are likely
}

// sampler returns the function that takes words apart.
func (t *Tokenizer) sampler(s *Sampling) (func(dst []model.Token, word []byte) ([]model.Token, error), error) {
	if s == nil {
		return t.model.Tokenize, nil
	}
	random := rand.New(rand.NewPCG(s.Seed, 0x736561686f727365^s.Text))
	switch m := t.model.(type) {
	case *model.BPE:
		if s.Dropout == nil || s.Alpha != nil {
			return nil, errors.New("tokenizer: encode: a BPE draws tokens by dropout, not by alpha")
		}
		if !(*s.Dropout >= 0 && *s.Dropout <= 1) {
			return nil, fmt.Errorf("tokenizer: encode: dropout must be between 0 and 1, got %g", *s.Dropout)
		}
		sample := func(dst []model.Token, word []byte) ([]model.Token, error) {
			return m.Sample(dst, word, *s.Dropout, random.Float64)
		}
		if t.cut == cutSpaces && !m.Config().Bytes {
			return eachMarked(sample), nil
		}
		return sample, nil
	case *model.Unigram:
		if s.Alpha == nil || s.Dropout != nil {
			return nil, errors.New("tokenizer: encode: a Unigram model draws tokens by alpha, not by dropout")
		}
		if !(*s.Alpha >= 0) {
			return nil, fmt.Errorf("tokenizer: encode: alpha must be at least 0, got %g", *s.Alpha)
		}
		return func(dst []model.Token, word []byte) ([]model.Token, error) {
			return m.Sample(dst, word, *s.Alpha, random.Float64)
		}, nil
	}
	return nil, fmt.Errorf("tokenizer: encode: only BPE and Unigram models can draw tokens at random, this is a %T", t.file.Model)
}

// eachMarked applies do to the words of a text in which marks stand for spaces.
// A merge that is passed over comes up again as long as others are left: in a
// whole text, hardly one would be passed over for good.
func eachMarked(do func(dst []model.Token, word []byte) ([]model.Token, error)) func(dst []model.Token, text []byte) ([]model.Token, error) {
	return func(dst []model.Token, text []byte) ([]model.Token, error) {
		for i := 0; i < len(text); {
			end := i + 1
			for end < len(text) && !(isPrintable(text[end-1]) && bytes.HasPrefix(text[end:], []byte(metaMark))) {
				end++
			}
			n := len(dst)
			var err error
			if dst, err = do(dst, text[i:end]); err != nil {
				return dst, err
			}
			for k := n; k < len(dst); k++ {
				dst[k].Start += i
				dst[k].End += i
			}
			i = end
		}
		return dst, nil
	}
}
