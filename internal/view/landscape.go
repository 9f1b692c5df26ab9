package view

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
)

// Landscape shows a loss along two directions.
type Landscape struct {
	Subject
	Data   string      `json:"data"`
	Rows   int         `json:"rows"` // that the loss is the mean of
	Along  []float64   `json:"along"`
	Losses [][]float64 `json:"-"` // by the place on the second direction, then on the first
}

// MarshalJSON writes losses that are no numbers as null.
func (v *Landscape) MarshalJSON() ([]byte, error) {
	type plain Landscape
	losses := make([][]*float64, len(v.Losses))
	for i, line := range v.Losses {
		for k := range line {
			var loss *float64
			if !math.IsInf(line[k], 0) && !math.IsNaN(line[k]) {
				loss = &line[k]
			}
			losses[i] = append(losses[i], loss)
		}
	}
	return json.Marshal(struct {
		plain
		Losses [][]*float64 `json:"losses"`
	}{plain(*v), losses})
}

// ends returns the least loss, where it is, the greatest that is a number, and that of the model itself.
func (v *Landscape) ends() (low, high, own float64, at [2]int) {
	low, high = math.Inf(1), math.Inf(-1)
	for i, line := range v.Losses {
		for k, loss := range line {
			if math.IsInf(loss, 0) {
				continue
			}
			if loss < low {
				low, at = loss, [2]int{k, i}
			}
			high = math.Max(high, loss)
		}
	}
	middle := len(v.Along) / 2
	return low, high, v.Losses[middle][middle], at
}

// part returns how high a loss is among all, by its logarithm.
func (v *Landscape) part(loss float64) float64 {
	low, high, _, _ := v.ends()
	if math.IsInf(loss, 0) || math.IsNaN(loss) {
		return 1
	}
	if low > 0 && high > low {
		return math.Log(loss/low) / math.Log(high/low)
	}
	return at(loss, low, high)
}

// Note says what is seen.
func (v *Landscape) Note() string {
	low, high, own, where := v.ends()
	return fmt.Sprintf("The loss is %.4g in the middle, where the model is, %.4g at least, at %.3g and %.3g, and %.4g at most; the mean over %d rows of %s. Both directions are random, each filter as long as the model's own (Li et al., 2018).",
		own, low, v.Along[where[0]], v.Along[where[1]], high, v.Rows, v.Data)
}

// Terminal draws a field of losses, the darker the higher.
func (v *Landscape) Terminal(w io.Writer, s Screen) error {
	const label = 6
	var out strings.Builder
	n := len(v.Along)
	width := max(1, min(7, (s.Columns-label)/n))
	fit := min(n, (s.Columns-label)/width)
	for i := n - 1; i >= 0; i-- {
		line := right(fmt.Sprintf("%.2f", v.Along[i]), label-1) + " "
		for k := range fit {
			if loss := v.Losses[i][k]; width >= 6 {
				line += s.shaded(right(fmt.Sprintf("%.3g", loss), width), v.part(loss), blues)
			} else {
				line += s.block(v.part(loss), width)
			}
		}
		out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	line := strings.Repeat(" ", label)
	for k := range fit {
		if width >= 5 {
			line += right(fmt.Sprintf("%.2f", v.Along[k]), width)
		}
	}
	if line = strings.TrimRight(line, " "); line != "" {
		out.WriteString(line + "\n")
	}
	out.WriteString("\n" + fold(v.Note(), s.Columns))
	_, err := io.WriteString(w, out.String())
	return err
}

// A Tile is a part of the picture.
type Tile struct {
	X, Y, Size float64
	Fill       string
	Tip        string
}

// fieldSize is the width and height of the picture, and fieldEdge that of the labels.
const (
	fieldSize = 560
	fieldEdge = 44
)

// heat are colours from low to high that can be told apart without red and green, and when printed without colours.
var heat = [][3]float64{{0x2d, 0x1e, 0x5f}, {0x2f, 0x5d, 0x9b}, {0x2a, 0x93, 0xa5}, {0x6f, 0xc5, 0x8b}, {0xf3, 0xe6, 0x5b}}

// fill returns the colour of x in [0, 1].
func fill(x float64) string {
	x = math.Max(0, math.Min(1, x)) * float64(len(heat)-1)
	i := min(int(x), len(heat)-2)
	var c [3]int
	for k := range c {
		c[k] = int(math.Round(heat[i][k] + (x-float64(i))*(heat[i+1][k]-heat[i][k])))
	}
	return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2])
}

// Tiles returns the parts of the picture.
func (v *Landscape) Tiles() []Tile {
	n := len(v.Along)
	size := float64(fieldSize-fieldEdge) / float64(n)
	var tiles []Tile
	for i, line := range v.Losses {
		for k, loss := range line {
			tiles = append(tiles, Tile{
				X: fieldEdge + float64(k)*size, Y: float64(n-1-i) * size, Size: size + 0.5, Fill: fill(v.part(loss)),
				Tip: fmt.Sprintf("loss %.4g at %.3g, %.3g", loss, v.Along[k], v.Along[i]),
			})
		}
	}
	return tiles
}

// A Tick is a label at an edge of the picture.
type Tick struct {
	X, Y float64
	Text string
	End  bool // it ends at X, else its middle is there
}

// Ticks returns the labels of both edges.
func (v *Landscape) Ticks() []Tick {
	n := len(v.Along)
	size := float64(fieldSize-fieldEdge) / float64(n)
	var ticks []Tick
	for _, i := range []int{0, n / 2, n - 1} {
		text := fmt.Sprintf("%.2g", v.Along[i])
		ticks = append(ticks, Tick{fieldEdge - 6, (float64(n-1-i)+0.5)*size + 4, text, true}, Tick{fieldEdge + (float64(i)+0.5)*size, fieldSize - fieldEdge + 18, text, false})
	}
	return ticks
}

// Middle returns the middle of the picture.
func (v *Landscape) Middle() [2]float64 {
	half := float64(fieldSize-fieldEdge) / 2
	return [2]float64{fieldEdge + half, half}
}

// Columns returns the places along the first direction, as a table has them.
func (v *Landscape) Columns() []string {
	var all []string
	for _, x := range v.Along {
		all = append(all, fmt.Sprintf("%.3g", x))
	}
	return all
}

// A FieldRow is a row of the table.
type FieldRow struct {
	Place  string
	Losses []string
}

// Table returns the losses, the greatest place along the second direction first.
func (v *Landscape) Table() []FieldRow {
	var rows []FieldRow
	for i := len(v.Along) - 1; i >= 0; i-- {
		row := FieldRow{Place: fmt.Sprintf("%.3g", v.Along[i])}
		for _, loss := range v.Losses[i] {
			row.Losses = append(row.Losses, fmt.Sprintf("%.4g", loss))
		}
		rows = append(rows, row)
	}
	return rows
}

// HTML writes a page.
func (v *Landscape) HTML(w io.Writer) error {
	return writePage(w, page{Kind: "landscape", Title: "Loss landscape", Subject: v.Subject, View: v})
}

// SVG writes the picture alone, on white.
func (v *Landscape) SVG(w io.Writer) error {
	if _, err := io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"); err != nil {
		return err
	}
	return pageTemplate.ExecuteTemplate(w, "svg", v)
}
