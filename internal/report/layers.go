package report

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/runlog"
)

// layerTitles are the figures of layers, in the order of their charts.
var layerTitles = []struct{ key, title, unit string }{
	{"gradient_norm", "Norm of the gradients by layer", "before clipping"},
	{"update_ratio", "Update by layer", "share of the weights"},
	{"activation_rms", "Size of activations by layer", "root mean square"},
	{"dead_units", "Dead units by layer", "share of the units"},
}

// insideGroup is the group of charts of the inside of models.
const (
	insideGroup = "Layers"
	spreadGroup = "How weights, gradients and activations are spread"
)

// readSpreads reads how the numbers of layers are spread.
func (r *Run) readSpreads() {
	lines, damage, err := runlog.ReadLines[runlog.Histogram](filepath.Join(r.Dir, runlog.HistogramsName), true)
	r.Spreads = lines
	r.note(err)
	r.noteDamage(runlog.HistogramsName, damage)
}

// of names a chart of a run's own.
func (b *builder) of(run int, title string) string {
	if len(b.runs) == 1 {
		return title
	}
	return b.runs[run].Name + ": " + title
}

// addLayers makes a chart of each figure of layers, in which each layer has a line. Norms of gradients are noted more often than the rest.
func (b *builder) addLayers(run int, f figures) {
	for _, t := range layerTitles {
		c := b.chart(fmt.Sprintf("%s/%d", t.key, run), b.of(run, t.title), t.unit)
		c.Group = insideGroup
		of := layersIn(f.gradients, t.key)
		if len(of) == 0 {
			of = layersIn(f.layers, t.key)
		}
		for _, s := range of {
			_, name, _ := strings.Cut(s.Name, "/")
			c.Lines = append(c.Lines, Line{Run: run, Color: len(c.Lines), Kind: Points, Label: name, Whole: s})
		}
	}
}

// layersIn returns the series of a figure, by the names of layers, numbers in them by their size.
func layersIn(m *runlog.Metrics, key string) []*runlog.Series {
	var all []*runlog.Series
	for _, s := range m.All() {
		if strings.HasPrefix(s.Name, key+"/") && s.Points() > 0 {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(x, y *runlog.Series) int { return compareNatural(x.Name, y.Name) })
	return all
}

// compareNatural compares texts, runs of digits in them as numbers.
func compareNatural(x, y string) int {
	number := func(s string) int {
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		return n
	}
	for x != "" && y != "" {
		if n, m := number(x), number(y); n > 0 && m > 0 {
			a, b := strings.TrimLeft(x[:n], "0"), strings.TrimLeft(y[:m], "0")
			if len(a) != len(b) {
				return len(a) - len(b)
			}
			if c := strings.Compare(a, b); c != 0 {
				return c
			}
			x, y = x[n:], y[m:]
			continue
		}
		if x[0] != y[0] {
			return int(x[0]) - int(y[0])
		}
		x, y = x[1:], y[1:]
	}
	return len(x) - len(y)
}

// spreadLines are the lines of a chart of a distribution: the lowest, quantiles, and the highest.
var spreadLines = func() (names []string) {
	names = append(names, "lowest")
	for _, s := range runlog.Shares {
		names = append(names, fmt.Sprintf("%g%% below", 100*s))
	}
	return append(names, "highest")
}()

// addSpreads makes a chart of each distribution of a run alone: of layers there are many.
func (b *builder) addSpreads(run int) {
	if len(b.runs) > 1 {
		return
	}
	for _, h := range b.runs[run].Spreads {
		c := b.chart(h.Of+"/"+h.Layer, capital(h.Of)+" of "+h.Layer, "")
		if len(c.Lines) == 0 {
			c.Group = spreadGroup
			for i, name := range spreadLines {
				c.Lines = append(c.Lines, Line{Run: run, Color: i, Kind: Smooth, Label: name, Whole: &runlog.Series{Name: name}})
			}
		}
		values := append(append([]float64{h.Min}, h.Quantiles[:]...), h.Max)
		for i, v := range values {
			s := c.Lines[i].Whole
			if n := s.Points(); n > 0 && s.Steps[n-1] >= h.Step {
				continue
			}
			s.Steps, s.Values = append(s.Steps, h.Step), append(s.Values, v)
		}
	}
}
