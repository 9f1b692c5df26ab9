package view

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// Attributions show what tokens and words give to scores.
type Attributions struct {
	Subject
	Method   string  `json:"method"`
	Score    string  `json:"score"` // what is attributed: logit or probability
	Baseline string  `json:"baseline,omitempty"`
	Targets  []Given `json:"targets"`
}

// Given is what tokens give to the score of a target.
type Given struct {
	Target   Choice   `json:"target"`
	Position int      `json:"position"` // of the target among Tokens, where it is a token
	Value    float64  `json:"value"`    // of the score
	From     *float64 `json:"baseline_value,omitempty"`
	// Error is by how much the sum misses the difference of both.
	Error  *float64  `json:"error,omitempty"`
	Tokens []float64 `json:"tokens"`
	Source []float64 `json:"source,omitempty"`
	Start  float64   `json:"start,omitempty"` // of an encoder-decoder's start token
}

// A Share is what a word gives.
type Share struct {
	Text  string
	Value float64
	Size  float64 // of the value, as a part of the greatest one
}

// Level returns the size as one of ten steps.
func (s Share) Level() int { return level(s.Size, 11) }

// Signed returns the value with its sign.
func (s Share) Signed() string { return fmt.Sprintf("%+.4g", s.Value) }

// Width returns the size of a bar in percent.
func (s Share) Width() float64 { return math.Round(1000*s.Size) / 10 }

// Words adds up what the tokens of each word give: those of a source first.
func (v *Attributions) Words(g Given) (source, tokens []Share) {
	most := 1e-30
	add := func(all []Token, values []float64) []Share {
		var shares []Share
		last := -2
		for i, value := range values {
			t := all[i]
			if t.Word >= 0 && t.Word == last {
				shares[len(shares)-1].Text += t.Text
				shares[len(shares)-1].Value += value
			} else {
				shares = append(shares, Share{Text: t.Text, Value: value})
			}
			last = t.Word
		}
		for _, s := range shares {
			most = math.Max(most, math.Abs(s.Value))
		}
		return shares
	}
	source, tokens = add(v.Source, g.Source), add(v.Tokens, g.Tokens)
	for _, shares := range [][]Share{source, tokens} {
		for i := range shares {
			shares[i].Text = label(shares[i].Text)
			shares[i].Size = math.Abs(shares[i].Value) / most
		}
	}
	return source, tokens
}

// Title says what is attributed.
func (v *Attributions) Title(g Given) string {
	return fmt.Sprintf("%s of %q: %.4g", v.Score, g.Target.Label(), g.Value)
}

// Note says how well the parts add up.
func (v *Attributions) Note(g Given) string {
	if g.From == nil {
		return "Gradient times input; the parts don't add up to the score."
	}
	note := fmt.Sprintf("Integrated from %s, where the score is %.4g; the sum misses the difference by %.2g.", v.Baseline, *g.From, *g.Error)
	const much = 0.1 // of the difference
	if math.Abs(*g.Error) > much*math.Abs(g.Value-*g.From) {
		note += " That is much: don't trust the parts; more steps, another baseline, or the probability in place of the logit may miss by less."
	}
	return note
}

// Terminal draws a bar for each word.
func (v *Attributions) Terminal(w io.Writer, s Screen) error {
	var out strings.Builder
	for i, g := range v.Targets {
		if i > 0 {
			out.WriteString("\n")
		}
		out.WriteString(fold(v.Title(g), s.Columns))
		source, tokens := v.Words(g)
		var labels []string
		for _, share := range append(append([]Share{}, source...), tokens...) {
			labels = append(labels, share.Text)
		}
		name := widest(labels, 4, max(8, s.Columns/3))
		const number = 11
		bar := max(4, s.Columns-name-number-1)
		draw := func(shares []Share) {
			for _, share := range shares {
				mark, colors := "█", blues
				if share.Value < 0 {
					mark, colors = "░", oranges
				}
				n := level(share.Size, bar+1)
				text := strings.Repeat(mark, n)
				if s.Color {
					text = s.shaded(strings.Repeat(" ", n), 0.7, colors)
				}
				out.WriteString(strings.TrimRight(cell(share.Text, name)+right(share.Signed(), number)+" "+text, " ") + "\n")
			}
		}
		draw(source)
		if len(source) > 0 {
			out.WriteString(strings.TrimRight(cell("→", name), " ") + "\n")
		}
		draw(tokens)
		out.WriteString(fold(v.Note(g), s.Columns))
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// HTML writes a page.
func (v *Attributions) HTML(w io.Writer) error {
	return writePage(w, page{Kind: "attribution", Title: "Attribution to words", Subject: v.Subject, View: v})
}
