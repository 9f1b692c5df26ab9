package view

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/screen"
)

// Plane shows vectors of tokens as a map.
type Plane struct {
	Subject
	Layer  string     `json:"layer"`            // whose states they are
	Method string     `json:"method,omitempty"` // "" for principal components
	Shares [2]float64 `json:"shares,omitzero"`  // of the variance, along each of those
	Points []Point    `json:"points"`
}

// A Point is a token on the map.
type Point struct {
	Token
	Of int     `json:"of"` // number of the text that the token is of, from 0
	X  float64 `json:"x"`
	Y  float64 `json:"y"`
}

// bounds returns the least and greatest places.
func (v *Plane) bounds() (left, right, low, high float64) {
	left, right, low, high = math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, p := range v.Points {
		left, right, low, high = math.Min(left, p.X), math.Max(right, p.X), math.Min(low, p.Y), math.Max(high, p.Y)
	}
	return left, right, low, high
}

// at returns where a value is between bounds, in [0, 1].
func at(x, low, high float64) float64 {
	if high <= low {
		return 0.5
	}
	return (x - low) / (high - low)
}

// Terminal writes the tokens where they are, as far as they don't cover each other.
func (v *Plane) Terminal(w io.Writer, s Screen) error {
	columns := max(10, s.Columns)
	rows := max(8, columns*3/10)
	left, right, low, high := v.bounds()
	const longest = 10
	taken := make([][]string, rows)
	for r := range taken {
		taken[r] = make([]string, columns) // the text that begins in a column; "-" where one goes on
	}
	hidden := 0
	for _, p := range v.Points {
		text := screen.Cut(p.Label(), longest)
		n := screen.Columns(text)
		r := rows - 1 - int(math.Round(at(p.Y, low, high)*float64(rows-1)))
		c := int(math.Round(at(p.X, left, right) * float64(columns-n)))
		if n == 0 || !free(taken[r], c-1, c+n+1) {
			if hidden++; free(taken[r], c, c+1) {
				taken[r][c] = "·"
			}
			continue
		}
		taken[r][c] = text
		for k := c + 1; k < c+n; k++ {
			taken[r][k] = "-"
		}
	}
	var out strings.Builder
	for _, row := range taken {
		line := ""
		for _, text := range row {
			switch text {
			case "":
				line += " "
			case "-":
			default:
				line += text
			}
		}
		out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	note := v.Note()
	if hidden > 0 {
		note += fmt.Sprintf(" Without room, and only dots: %d.", hidden)
	}
	out.WriteString("\n" + fold(note, s.Columns))
	_, err := io.WriteString(w, out.String())
	return err
}

// free tells whether nothing is in columns from lo up to hi.
func free(row []string, lo, hi int) bool {
	for c := max(0, lo); c < min(hi, len(row)); c++ {
		if row[c] != "" {
			return false
		}
	}
	return true
}

// Note says what is seen.
func (v *Plane) Note() string {
	if v.Method != "" {
		return fmt.Sprintf("%s, by %s: neighbours stay neighbours, and other distances mean little.", v.Layer, v.Method)
	}
	return fmt.Sprintf("%s, on their two principal components: %s of the variance to the right, %s upwards.", v.Layer, percent(v.Shares[0]), percent(v.Shares[1]))
}

// Sizes of the map in a page.
const (
	planeWidth  = 900
	planeHeight = 520
	planeEdge   = 60
)

// Dots returns the points in the coordinates of the picture.
func (v *Plane) Dots() []Dot {
	left, right, low, high := v.bounds()
	var dots []Dot
	for _, p := range v.Points {
		dots = append(dots, Dot{
			X:     planeEdge + at(p.X, left, right)*(planeWidth-2*planeEdge),
			Y:     planeHeight - planeEdge/2 - at(p.Y, low, high)*(planeHeight-planeEdge),
			Label: screen.Cut(p.Label(), 14), Color: p.Of % 8,
		})
	}
	return dots
}

// A Dot is a point in a picture.
type Dot struct {
	X, Y  float64
	Label string
	Color int
}

// HTML writes a page.
func (v *Plane) HTML(w io.Writer) error {
	return writePage(w, page{Kind: "map", Title: "Map of tokens", Subject: v.Subject, View: v})
}
