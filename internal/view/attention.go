package view

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"html/template"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"slices"
	"strings"
)

// Attention shows the attention of layers.
type Attention struct {
	Subject
	Start  *Token           `json:"start,omitempty"` // what an encoder-decoder's text begins with, before Tokens
	Layers []AttentionLayer `json:"layers"`

	Shown []int `json:"-"` // which of Layers a terminal shows
	Heads []int `json:"-"` // and which heads; none for their mean
}

// AttentionLayer is the attention of a layer.
type AttentionLayer struct {
	Part    string        `json:"part"` // self, encoder, decoder or cross
	Layer   int           `json:"layer"`
	Weights [][][]float32 `json:"weights"` // [head][query][key]
}

// mean returns the mean over heads.
func (l AttentionLayer) mean() [][]float32 {
	out := make([][]float32, len(l.Weights[0]))
	for q := range out {
		out[q] = make([]float32, len(l.Weights[0][q]))
		for _, head := range l.Weights {
			for k, w := range head[q] {
				out[q][k] += w / float32(len(l.Weights))
			}
		}
	}
	return out
}

// Name says which layer it is.
func (l AttentionLayer) Name() string {
	if l.Part == "self" {
		return fmt.Sprintf("layer %d", l.Layer)
	}
	return fmt.Sprintf("%s layer %d", l.Part, l.Layer)
}

// sides returns the labels of queries and keys of a layer.
func (v *Attention) sides(l AttentionLayer) (queries, keys []string) {
	labels := func(tokens []Token) []string {
		var all []string
		for _, t := range tokens {
			all = append(all, t.Label())
		}
		return all
	}
	written := labels(v.Tokens)
	if v.Start != nil {
		written = append([]string{v.Start.Label()}, written...)
	}
	switch l.Part {
	case "encoder":
		return labels(v.Source), labels(v.Source)
	case "cross":
		return written, labels(v.Source)
	}
	return written, written
}

// strongest returns the places of the greatest weights, in order, and no more than n of them.
func strongest(row []float32, n int) []int {
	order := make([]int, len(row))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case row[a] > row[b]:
			return -1
		case row[a] < row[b]:
			return 1
		}
		return 0
	})
	for i, k := range order {
		if i >= n || row[k] <= 0 {
			return order[:i]
		}
	}
	return order
}

// Terminal draws a matrix for each layer and head that is shown, and the strongest keys of each query.
func (v *Attention) Terminal(w io.Writer, s Screen) error {
	var out strings.Builder
	for i, index := range v.Shown {
		l := v.Layers[index]
		heads := v.Heads
		if len(heads) == 0 {
			heads = []int{-1}
		}
		for k, h := range heads {
			if i+k > 0 {
				out.WriteString("\n")
			}
			title, rows := l.Name()+", mean of the heads", l.mean
			if h >= 0 {
				title, rows = fmt.Sprintf("%s, head %d", l.Name(), h), func() [][]float32 { return l.Weights[h] }
			}
			out.WriteString(fold(title, s.Columns))
			v.matrix(&out, s, l, rows())
			v.keys(&out, s, l, rows())
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// matrix draws weights, as many keys beside each other as fit.
func (v *Attention) matrix(out *strings.Builder, s Screen, l AttentionLayer, rows [][]float32) {
	queries, keys := v.sides(l)
	name := widest(queries, 4, max(6, s.Columns/4))
	width := 2
	if name+1+2*len(keys) > s.Columns {
		width = 1
	}
	fit := max(1, (s.Columns-name-1)/width)
	for first := 0; first < len(keys); first += fit {
		end := min(len(keys), first+fit)
		header := strings.Repeat(" ", name+1)
		for k := first; k < end; k++ {
			header += cell(fmt.Sprint(k%10), width)
		}
		out.WriteString(strings.TrimRight(header, " ") + "\n")
		for q, row := range rows {
			line := cell(queries[q], name) + " "
			for k := first; k < end; k++ {
				line += s.block(float64(row[k]), width)
			}
			out.WriteString(strings.TrimRight(line, " ") + "\n")
		}
	}
}

// keys writes the strongest keys of each query.
func (v *Attention) keys(out *strings.Builder, s Screen, l AttentionLayer, rows [][]float32) {
	queries, keys := v.sides(l)
	name := widest(queries, 4, max(6, s.Columns/4))
	rest := max(8, s.Columns-name-1)
	out.WriteString("\n")
	const most = 5
	for q, row := range rows {
		var parts []string
		for _, k := range strongest(row, most) {
			parts = append(parts, fmt.Sprintf("%d %s %.2f", k, keys[k], row[k]))
		}
		out.WriteString(strings.TrimRight(cell(queries[q], name)+" "+cell(strings.Join(parts, " · "), rest), " ") + "\n")
	}
}

// mostWeights is the most weights that a page holds.
const mostWeights = 4 << 20

// CheckPage refuses more weights than a page holds.
func CheckPage(weights int) error {
	if weights > mostWeights {
		return fmt.Errorf("a page of %d weights, expected at most %d: choose some layers by --layer, or a shorter text", weights, mostWeights)
	}
	return nil
}

// HTML writes a page.
func (v *Attention) HTML(w io.Writer) error {
	return writePage(w, page{Kind: "attention", Title: "Attention", Subject: v.Subject, View: v, Script: attentionJS, Data: v.data()})
}

// data returns what the page's script reads.
func (v *Attention) data() template.JS {
	type layer struct {
		Name    string   `json:"name"`
		Queries []string `json:"queries"`
		Keys    []string `json:"keys"`
		Heads   int      `json:"heads"`
		Weights string   `json:"weights"` // of 16 bits, little end first, base64
	}
	var all []layer
	for _, l := range v.Layers {
		queries, keys := v.sides(l)
		var packed []byte
		for _, head := range l.Weights {
			for _, row := range head {
				for _, w := range row {
					packed = binary.LittleEndian.AppendUint16(packed, uint16(math.Round(float64(w)*65535)))
				}
			}
		}
		all = append(all, layer{l.Name(), queries, keys, len(l.Weights), base64.StdEncoding.EncodeToString(packed)})
	}
	out, err := json.Marshal(all) // which escapes what could end the script
	if err != nil {
		return "[]"
	}
	return template.JS(out)
}

// A Thumb is a small picture of a head.
type Thumb struct {
	Layer, Head int // the number of the layer among those shown
	Name        string
	Picture     template.URL
}

// ThumbRow has the pictures of a layer.
type ThumbRow struct {
	Name  string
	Heads []Thumb
}

// Thumbs returns the pictures of all heads, those of a layer together.
func (v *Attention) Thumbs() ([]ThumbRow, error) {
	var all []ThumbRow
	for i, l := range v.Layers {
		row := ThumbRow{Name: l.Name()}
		for h, weights := range l.Weights {
			picture, err := picture(weights)
			if err != nil {
				return nil, err
			}
			row.Heads = append(row.Heads, Thumb{i, h, fmt.Sprintf("%s, head %d", l.Name(), h), picture})
		}
		all = append(all, row)
	}
	return all, nil
}

// picture draws weights as opacity.
func picture(rows [][]float32) (template.URL, error) {
	palette := make(color.Palette, 64)
	for i := range palette {
		palette[i] = color.NRGBA{0x2a, 0x86, 0xc8, uint8(i * 255 / (len(palette) - 1))}
	}
	p := image.NewPaletted(image.Rect(0, 0, len(rows[0]), len(rows)), palette)
	for q, row := range rows {
		for k, w := range row {
			p.SetColorIndex(k, q, uint8(level(math.Sqrt(float64(w)), len(palette))))
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, p); err != nil {
		return "", err
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(out.Bytes())), nil
}
