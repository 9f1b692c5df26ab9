package view

import (
	"fmt"
	"io"
	"strings"
)

// Lens shows what a model's head makes of the states between its blocks.
type Lens struct {
	Subject
	Classes bool        `json:"classes,omitempty"` // the choices are classes, not tokens
	Places  []LensPlace `json:"places"`
	Layers  []LensLayer `json:"layers"`
}

// A LensPlace is a position that is looked at.
type LensPlace struct {
	Label  string  `json:"label"`  // of the token whose state it is
	Target *Choice `json:"target"` // what comes there, or what the model says in the end, with its last probability
}

// A LensLayer is what is said behind a layer, 0 for before the first.
type LensLayer struct {
	Layer int        `json:"layer"`
	Cells []LensCell `json:"cells"` // one for each of Places
}

// A LensCell has the most probable choices, and how probable the target is.
type LensCell struct {
	Probability float64  `json:"probability"`
	Rank        int      `json:"rank"`
	Top         []Choice `json:"top"`
}

// Best returns the most probable choice.
func (c LensCell) Best() Choice { return c.Top[0] }

// Tip tells all that is known of a cell.
func (c LensCell) Tip() string {
	var parts []string
	for _, t := range c.Top {
		parts = append(parts, t.Label()+" "+percent(t.Probability))
	}
	return strings.Join(parts, ", ")
}

// Name returns what a layer is called.
func (l LensLayer) Name() string {
	if l.Layer == 0 {
		return "in"
	}
	return fmt.Sprint(l.Layer)
}

// Terminal draws tables of as many positions as fit beside each other; a star marks what the target is.
func (v *Lens) Terminal(w io.Writer, s Screen) error {
	const layer, column = 4, 10
	fit := max(1, (s.Columns-layer)/column)
	var out strings.Builder
	for first := 0; first < len(v.Places); first += fit {
		places := v.Places[first:min(len(v.Places), first+fit)]
		if first > 0 {
			out.WriteString("\n")
		}
		header := cell("", layer)
		for _, p := range places {
			header += cell(p.Label, column-1) + " "
		}
		out.WriteString(strings.TrimRight(header, " ") + "\n")
		for i := len(v.Layers) - 1; i >= 0; i-- {
			l := v.Layers[i]
			line := cell(l.Name(), layer)
			for k := range places {
				c := l.Cells[first+k]
				mark := ""
				if c.Rank == 1 {
					mark = "*"
				}
				line += s.shaded(cell(mark+c.Best().Label(), column-1), c.Best().Probability, blues) + " "
			}
			out.WriteString(strings.TrimRight(line, " ") + "\n")
		}
		line := cell("→", layer)
		for _, p := range places {
			line += cell(p.Target.Label(), column-1) + " "
		}
		out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	what := "token"
	if v.Classes {
		what = "class"
	}
	out.WriteString("\n" + fold(fmt.Sprintf("Each line is the likeliest %s behind a layer, the last one above; * is that of the line →.", what), s.Columns))
	_, err := io.WriteString(w, out.String())
	return err
}

// HTML writes a page.
func (v *Lens) HTML(w io.Writer) error {
	return writePage(w, page{Kind: "lens", Title: "Logit lens", Subject: v.Subject, View: v})
}
