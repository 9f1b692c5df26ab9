package embed

import (
	"context"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// TableConfig configures Table.
type TableConfig struct {
	// Dimensions is the length of the vectors, which are reduced by a principal component analysis; 0 leaves them as the model has them, uncentred.
	Dimensions int
	// Frequency is a: each vector is multiplied by a/(a + p), where p is the share of the token by Zipf's law, as vocabularies are sorted by it (Arora et al., 2017); 0
	// multiplies by nothing.
	Frequency float64
}

// Table makes of a model a table of vectors of its tokens, as model2vec does: what the model makes of each token alone, between its special tokens. It is some hundred
// times as quick, and as good as a mean of words can be.
func Table(ctx context.Context, e *Encoder, c TableConfig) (*Static, error) {
	vocab := e.Tokenizer.VocabSize()
	if c.Dimensions < 0 || !(c.Frequency >= 0) || math.IsInf(c.Frequency, 0) {
		return nil, fmt.Errorf("embed: table: %d dimensions and a frequency of %g, expected 0 or more", c.Dimensions, c.Frequency)
	}
	if vocab > e.Model.VocabSize() {
		return nil, fmt.Errorf("embed: table: a tokenizer of %d tokens for a model of %d", vocab, e.Model.VocabSize())
	}
	frame, _, _, _, err := e.Tokenizer.Frame(nil, nil, e.Model.ContextLength())
	if err != nil {
		return nil, fmt.Errorf("embed: table: %w", err)
	}
	before := (len(frame) + 1) / 2 // [CLS] of [CLS] [SEP], or the only one
	ids := make([][]int32, vocab)
	for i := range ids {
		ids[i] = append(append(append([]int32{}, frame[:before]...), int32(i)), frame[before:]...)
	}
	vectors, err := e.EncodeIDs(ctx, ids)
	if err != nil {
		return nil, err
	}
	if c.Dimensions > 0 {
		if vectors, err = principal(vectors, c.Dimensions); err != nil {
			return nil, err
		}
	}
	if c.Frequency > 0 {
		sum := 0.0
		for i := range vectors {
			sum += 1 / float64(i+2)
		}
		for i, v := range vectors {
			factor := float32(c.Frequency / (c.Frequency + 1/float64(i+2)/sum))
			for k := range v {
				v[k] *= factor
			}
		}
	}
	return NewStatic(vectors)
}

// principal returns the coordinates of vectors, less their mean, along the n directions in which they vary most.
func principal(vectors [][]float32, n int) ([][]float32, error) {
	width := len(vectors[0])
	if n > width || n > len(vectors) {
		return nil, fmt.Errorf("embed: %d dimensions of %d vectors of %d", n, len(vectors), width)
	}
	mean := make([]float64, width)
	for _, v := range vectors {
		for k, x := range v {
			mean[k] += float64(x) / float64(len(vectors))
		}
	}
	covariance := mat.NewSymDense(width, nil)
	centred := make([]float64, width)
	sums := covariance.RawSymmetric().Data
	for _, v := range vectors {
		for k, x := range v {
			centred[k] = float64(x) - mean[k]
		}
		for a, x := range centred {
			row := sums[a*width:]
			for b := a; b < width; b++ {
				row[b] += x * centred[b]
			}
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(covariance, true) {
		return nil, errors.New("embed: the principal components don't converge")
	}
	var directions mat.Dense
	eigen.VectorsTo(&directions) // columns, by growing eigenvalue
	out := make([][]float32, len(vectors))
	axis := make([][]float64, n)
	for j := range axis {
		axis[j] = mat.Col(nil, width-1-j, &directions)
		turn(axis[j])
	}
	for i, v := range vectors {
		out[i] = make([]float32, n)
		for j, a := range axis {
			sum := 0.0
			for k, x := range v {
				sum += (float64(x) - mean[k]) * a[k]
			}
			out[i][j] = float32(sum)
		}
	}
	return out, nil
}

// turn gives a direction the sign by which its largest element is positive, so that it doesn't depend on how it was found.
func turn(axis []float64) {
	largest := 0.0
	for _, x := range axis {
		if math.Abs(x) > math.Abs(largest) {
			largest = x
		}
	}
	if largest < 0 {
		for k := range axis {
			axis[k] = -axis[k]
		}
	}
}
