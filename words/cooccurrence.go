package words

import "fmt"

// Weighting is how the distance of two words counts.
type Weighting uint8

// The weightings.
const (
	Harmonic Weighting = iota // 1/distance, as GloVe has it
	Linear                    // (window+1-distance)/window, what word2vec's windows are on average
	Flat                      // 1
)

// Cooccurrence is how often words are near to each other: for each word the words that are found within the window of it, sorted.
type Cooccurrence struct {
	Vocabulary *Vocabulary
	Begin      []int     // [V+1], of the words' columns
	Columns    []int32   // numbers of words
	Weights    []float64 // of the same places
}

// CooccurrenceConfig configures CountCooccurrence.
type CooccurrenceConfig struct {
	Window    int       // words to each side, > 0
	Weighting Weighting // each weight is rounded to a multiple of 2⁻²⁴
}

// Validate tells what is wrong with the settings, or nil.
func (c CooccurrenceConfig) Validate() error {
	if err := (bound{"Window", c.Window, 1, mostWindow}).check(); err != nil {
		return fmt.Errorf("words: co-occurrence: %w", err)
	}
	if c.Weighting > Flat {
		return fmt.Errorf("words: co-occurrence: weighting %d, expected a known one", c.Weighting)
	}
	return nil
}

// CountCooccurrence goes through a text once, whatever its size, and counts within lines. CountPairs does the same where the pairs may be more than memory
// holds.
func CountCooccurrence(texts Texts, split Splitter, v *Vocabulary, c CooccurrenceConfig) (*Cooccurrence, error) {
	p, err := CountPairs(texts, split, v, PairsConfig{CooccurrenceConfig: c})
	if err != nil {
		return nil, err
	}
	m := &Cooccurrence{Vocabulary: v, Begin: make([]int, v.Len()+1), Columns: make([]int32, len(p.rest)), Weights: make([]float64, len(p.rest))}
	for i, p := range p.rest {
		m.Begin[p.row+1] = i + 1
		m.Columns[i], m.Weights[i] = p.column, p.weight
	}
	for i := 1; i < len(m.Begin); i++ {
		m.Begin[i] = max(m.Begin[i], m.Begin[i-1])
	}
	return m, nil
}
