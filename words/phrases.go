package words

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
)

// PhraseScoring is how much more often than by chance two words follow each other.
type PhraseScoring string

// The scorings of LearnPhrases, as gensim's Phrases has them, for two words that are found a and b times, and n times one behind the other.
const (
	OriginalScoring PhraseScoring = "default" // (n - MinCount)/a/b·(distinct words and pairs), Mikolov et al., 2013
	NPMIScoring     PhraseScoring = "npmi"    // log(p(n)/p(a)p(b))/-log p(n), from -1 to 1, Bouma, 2009
)

// PhrasesConfig configures LearnPhrases. Start from DefaultPhrasesConfig.
type PhrasesConfig struct {
	MinCount   int     // how often a pair must be there, > 0
	Threshold  float64 // pairs that score more are phrases; of NPMIScoring in [-1, 1]
	Scoring    PhraseScoring
	Delimiter  string   // stands between the words of a phrase
	Connectors []string // words that may stand inside of a phrase and neither begin nor end one, such as "of"
}

// DefaultPhrasesConfig returns gensim's settings.
func DefaultPhrasesConfig() PhrasesConfig {
	return PhrasesConfig{MinCount: 5, Threshold: 10, Scoring: OriginalScoring, Delimiter: "_"}
}

// EnglishConnectors are gensim's connectors for English.
var EnglishConnectors = strings.Fields("a an the for of with without at from to in on by and or")

// Validate tells what is wrong with the settings, or nil.
func (c PhrasesConfig) Validate() error {
	switch {
	case c.MinCount < 1:
		return fmt.Errorf("words: phrases: MinCount is %d, expected 1 or more", c.MinCount)
	case c.Scoring != OriginalScoring && c.Scoring != NPMIScoring:
		return fmt.Errorf("words: phrases: scoring %q is not known; known are %s and %s", c.Scoring, OriginalScoring, NPMIScoring)
	case c.Delimiter == "" || strings.ContainsAny(c.Delimiter, " \t\r\n"):
		return fmt.Errorf("words: phrases: delimiter %q, expected something without white space", c.Delimiter)
	case math.IsNaN(c.Threshold) || math.IsInf(c.Threshold, 0) || c.Scoring == NPMIScoring && (c.Threshold < -1 || c.Threshold > 1) || c.Scoring == OriginalScoring && c.Threshold <= 0:
		return fmt.Errorf("words: phrases: threshold %g, expected above 0, and for npmi in [-1, 1]", c.Threshold)
	}
	return nil
}

// Phrases are words that belong together, such as new_york.
type Phrases struct {
	Delimiter  string             `json:"delimiter"`
	Connectors []string           `json:"connectors,omitempty"`
	Scores     map[string]float64 `json:"scores"` // by the words with the delimiter between them
}

// LearnPhrases finds the phrases of a text, within its lines. For phrases of more words it is called again, with the splitter of those that it has found.
func LearnPhrases(texts Texts, split Splitter, c PhrasesConfig) (*Phrases, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	p := &Phrases{Delimiter: c.Delimiter, Connectors: c.Connectors, Scores: map[string]float64{}}
	counts := map[string]int64{}
	total := int64(0)
	for text, err := range texts() {
		if err != nil {
			return nil, err
		}
		for line := range bytes.Lines(text) {
			var open []string // a word and connectors behind it
			split(line, func(w []byte) {
				total++
				word := string(w)
				switch {
				case !slices.Contains(c.Connectors, word):
					counts[word]++
					if len(open) > 0 {
						counts[strings.Join(append(open, word), c.Delimiter)]++
					}
					open = append(open[:0], word)
				case len(open) > 0:
					open = append(open, word)
				}
			})
		}
	}
	for phrase, n := range counts {
		parts := strings.Split(phrase, c.Delimiter)
		if len(parts) < 2 {
			continue
		}
		a, b := counts[parts[0]], counts[parts[len(parts)-1]]
		if a == 0 || b == 0 {
			continue
		}
		if score := c.score(float64(a), float64(b), float64(n), float64(len(counts)), float64(total)); score > c.Threshold {
			p.Scores[phrase] = score
		}
	}
	return p, nil
}

// score returns how much two words belong together that are found a and b times, and n times one behind the other.
func (c PhrasesConfig) score(a, b, n, distinct, total float64) float64 {
	if c.Scoring == OriginalScoring {
		return (n - float64(c.MinCount)) / a / b * distinct
	}
	if n < float64(c.MinCount) {
		return math.Inf(-1)
	}
	return math.Log(n/total/(a/total*b/total)) / -math.Log(n/total)
}

// Splitter returns what splits a text as another splitter does, and makes one word of each phrase, within lines and from the left.
func (p *Phrases) Splitter(split Splitter) Splitter {
	connectors := map[string]bool{}
	for _, w := range p.Connectors {
		connectors[w] = true
	}
	return func(text []byte, word func([]byte)) {
		for line := range bytes.Lines(text) {
			var open []string
			give := func() {
				for _, w := range open {
					word([]byte(w))
				}
				open = open[:0]
			}
			split(line, func(w []byte) {
				next := string(w)
				switch {
				case connectors[next] && len(open) == 0:
					word(w)
				case connectors[next] || len(open) == 0:
					open = append(open, next)
				default:
					phrase := strings.Join(append(open, next), p.Delimiter)
					if _, ok := p.Scores[phrase]; ok {
						word([]byte(phrase))
						open = open[:0]
						return
					}
					give()
					open = append(open, next)
				}
			})
			give()
		}
	}
}

// SavePhrases writes phrases, in the order in which their splitters follow each other, to a file of JSON.
func SavePhrases(path string, all []*Phrases) error {
	raw, err := json.MarshalIndent(all, "", " ")
	if err == nil {
		err = atomicfile.Write(path, func(w io.Writer) error {
			_, err := w.Write(append(raw, '\n'))
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("words: phrases: %w", err)
	}
	return nil
}

// OpenPhrases reads what SavePhrases wrote.
func OpenPhrases(path string) ([]*Phrases, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("words: phrases: %w", err)
	}
	var all []*Phrases
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, fmt.Errorf("words: phrases: %s: %w", path, err)
	}
	for i, p := range all {
		if p == nil || p.Delimiter == "" {
			return nil, fmt.Errorf("words: phrases: %s: number %d has no delimiter", path, i+1)
		}
	}
	return all, nil
}
