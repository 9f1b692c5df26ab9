package view

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// Tokens shows how probable each token of a text is.
type Tokens struct {
	Subject
	Expected []Expected `json:"expected"`
}

// Expected is what a model expects in a place.
type Expected struct {
	Position    int      `json:"position"` // among Tokens; their number for what comes next
	Token       *Token   `json:"token"`    // that stands there; nil for what comes next
	Probability float64  `json:"probability,omitempty"`
	Rank        int      `json:"rank,omitempty"` // of the token among all, from 1
	Entropy     float64  `json:"entropy"`        // of all probabilities, in nats
	Top         []Choice `json:"top"`
}

// Bits returns the surprise, -log2 of the probability.
func (e Expected) Bits() float64 {
	return -math.Log2(math.Max(e.Probability, math.SmallestNonzeroFloat64))
}

// Label returns what stands for the token.
func (e Expected) Label() string {
	if e.Token == nil {
		return "(next)"
	}
	return e.Token.Label()
}

// Rivals returns the most probable tokens but the one that is there.
func (e Expected) Rivals() []Choice {
	var rivals []Choice
	for _, c := range e.Top {
		if e.Token == nil || c.ID != e.Token.ID {
			rivals = append(rivals, c)
		}
	}
	return rivals
}

// Perplexity returns e to the mean surprise of the tokens, and of how many.
func (v *Tokens) Perplexity() (perplexity float64, tokens int) {
	sum := 0.0
	for _, e := range v.Expected {
		if e.Token != nil {
			sum += e.Bits() * math.Ln2
			tokens++
		}
	}
	return math.Exp(sum / float64(max(1, tokens))), tokens
}

// Terminal draws a line for each token.
func (v *Tokens) Terminal(w io.Writer, s Screen) error {
	labels := []string{}
	for _, e := range v.Expected {
		labels = append(labels, e.Label())
	}
	const probability, rank = 7, 7
	name := widest(labels, 5, max(8, s.Columns/4))
	rest := max(8, s.Columns-name-probability-rank-2)
	var out strings.Builder
	fmt.Fprintf(&out, "%s%s%s  %s\n", cell("token", name), right("prob.", probability), right("rank", rank), "rather")
	for i, e := range v.Expected {
		p, place := "", ""
		if e.Token != nil {
			p, place = percent(e.Probability), fmt.Sprint(e.Rank)
		}
		var rivals []string
		for _, c := range e.Rivals() {
			rivals = append(rivals, c.Label()+" "+percent(c.Probability))
		}
		line := s.shaded(cell(labels[i], name), e.Probability, blues) + right(p, probability) + right(place, rank) + "  " + strings.TrimRight(cell(strings.Join(rivals, " · "), rest), " ")
		out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	if perplexity, n := v.Perplexity(); n > 0 {
		fmt.Fprintf(&out, "\nperplexity %.4g over %d tokens\n", perplexity, n)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// HTML writes a page.
func (v *Tokens) HTML(w io.Writer) error {
	return writePage(w, page{Kind: "tokens", Title: "Probability of each token", Subject: v.Subject, View: v})
}
