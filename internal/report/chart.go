package report

import (
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/internal/runlog"
)

// A Kind says how a line is drawn.
type Kind string

// Kinds of lines.
const (
	Raw    Kind = "raw"    // thin and pale
	Smooth Kind = "smooth" // the mean of a raw one
	Points Kind = "points" // with a mark at each point
)

// A Line is a figure of a run in a chart.
type Line struct {
	Run   int // its index among the runs
	Color int // of the palette, from 0
	Kind  Kind
	Label string
	Whole *runlog.Series // all points
	Shown *runlog.Series // those that are drawn
}

// A Chart is a picture of some figures over the steps.
type Chart struct {
	ID, Title, Unit string
	Group           string // charts of a group stand together, below its name; "" is first
	Lines           []Line
}

// titles are the charts that have a place of their own, in their order.
var titles = []struct{ key, title, unit string }{
	{"loss", "Loss", ""},
	{"learning_rate", "Learning rate", ""},
	{"grad_norm", "Norm of the gradients", "before clipping"},
	{"tokens_per_second", "Speed", "tokens a second"},
	{"rows_per_second", "Speed in rows", "rows a second"},
	{"memory", "Memory", "GiB"},
}

// counted are figures that only count, and have no chart.
var counted = map[string]bool{"tokens": true, "rows": true}

const evalPrefix = "eval_"

// figures are a run's, by name.
type figures struct {
	metrics, system, layers, gradients *runlog.Metrics
}

// memory returns the memory in GiB; nil where it wasn't noted.
func (f figures) memory() *runlog.Series {
	s := f.system.Get("memory")
	if s == nil {
		return nil
	}
	out := &runlog.Series{Name: "memory", Steps: s.Steps, Values: make([]float64, len(s.Values))}
	for i, v := range s.Values {
		out.Values[i] = v / (1 << 30)
	}
	return out
}

// all returns the figures that have charts.
func (f figures) all() []*runlog.Series {
	var all []*runlog.Series
	for _, s := range f.metrics.All() {
		if !counted[s.Name] && s.Points() > 0 {
			all = append(all, s)
		}
	}
	if m := f.memory(); m != nil {
		all = append(all, m)
	}
	return all
}

// fewRuns is the most runs whose training and validation stand in one chart.
const fewRuns = 3

// charts makes the charts of the figures of runs, whose names they are labelled with.
func charts(runs []*Run, of []figures) []*Chart {
	b := builder{runs: runs, byKey: map[string]*Chart{}}
	for _, t := range titles {
		b.chart(t.key, t.title, t.unit)
	}
	for i, f := range of {
		for _, s := range f.all() {
			b.add(i, s)
		}
	}
	if len(runs) <= fewRuns {
		for i, f := range of {
			b.addLayers(i, f)
		}
		for i := range of {
			b.addSpreads(i)
		}
	}
	var full []*Chart
	for _, group := range []string{"", insideGroup, spreadGroup} {
		for _, c := range b.order {
			if len(c.Lines) > 0 && c.Group == group {
				full = append(full, c)
			}
		}
	}
	return full
}

// builder collects lines in charts.
type builder struct {
	runs  []*Run
	order []*Chart
	byKey map[string]*Chart
}

func (b *builder) chart(key, title, unit string) *Chart {
	c := b.byKey[key]
	if c == nil {
		c = &Chart{ID: fmt.Sprintf("c%08x", crc32.ChecksumIEEE([]byte(key))), Title: title, Unit: unit}
		b.byKey[key] = c
		b.order = append(b.order, c)
	}
	return c
}

// capital returns a text with a capital letter at its beginning.
func capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// add puts a figure where it belongs.
func (b *builder) add(run int, s *runlog.Series) {
	name, evaluated := strings.CutPrefix(s.Name, evalPrefix)
	key, title := name, strings.ReplaceAll(name, "_", " ")
	if evaluated && len(b.runs) > fewRuns {
		key, title = s.Name, "validation: "+title
	}
	c := b.chart(key, capital(title), "")
	line := Line{Run: run, Color: run, Whole: s, Kind: Points}
	if len(b.runs) == 1 && evaluated {
		line.Color = 1
	}
	what := ""
	if len(b.runs) <= fewRuns {
		what = "training"
		if evaluated {
			what = "validation"
		}
	}
	label := func(more string) string {
		var parts []string
		if len(b.runs) > 1 {
			parts = append(parts, b.runs[run].Name)
		}
		for _, p := range []string{what, more} {
			if p != "" {
				parts = append(parts, p)
			}
		}
		return strings.Join(parts, ", ")
	}
	switch {
	case evaluated:
	case s.Name == "learning_rate" || s.Name == "memory":
		what = ""
		line.Kind = Smooth
	default:
		raw := line
		raw.Kind, raw.Label = Raw, label("each")
		c.Lines = append(c.Lines, raw)
		line.Kind, line.Whole = Smooth, s.Smooth()
	}
	line.Label = label("")
	if line.Label == "" {
		line.Label = b.runs[run].Name
	}
	c.Lines = append(c.Lines, line)
}

// Bounds of what is drawn.
const (
	mostPoints  = 2000    // of a line
	leastPoints = 60      // that a line is thinned to at most
	pageBytes   = 3400000 // that the points of all lines may take in a page
	pointBytes  = 14      // that a point takes, about
)

// thin makes the lines that are shown of whole ones.
func thin(all []*Chart) {
	lines := 0
	for _, c := range all {
		lines += len(c.Lines)
	}
	most := min(mostPoints, max(leastPoints, pageBytes/pointBytes/max(1, lines)))
	for _, c := range all {
		for i := range c.Lines {
			c.Lines[i].thin(most)
		}
	}
}

// thin shows at most so many points.
func (l *Line) thin(most int) {
	if l.Kind == Smooth {
		l.Shown = l.Whole.Every(most)
	} else {
		l.Shown = l.Whole.Thin(most)
	}
}

// appendJSON writes the charts as the page's script reads them.
func appendJSON(dst []byte, all []*Chart) []byte {
	dst = append(dst, '[')
	for i, c := range all {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = fmt.Appendf(dst, `{"id":%s,"lines":[`, quote(c.ID))
		for k, l := range c.Lines {
			if k > 0 {
				dst = append(dst, ',')
			}
			dst = fmt.Appendf(dst, `{"run":%d,"color":%d,"kind":%s,"label":%s,"steps":[`, l.Run, l.Color, quote(string(l.Kind)), quote(l.Label))
			last := int64(0)
			for j, step := range l.Shown.Steps { // each as its distance from the one before
				if j > 0 {
					dst = append(dst, ',')
				}
				dst = strconv.AppendInt(dst, step-last, 10)
				last = step
			}
			dst = append(dst, `],"values":[`...)
			for j, v := range l.Shown.Values {
				if j > 0 {
					dst = append(dst, ',')
				}
				dst = strconv.AppendFloat(dst, v, 'g', 5, 64)
			}
			dst = append(dst, "]}"...)
		}
		dst = append(dst, "]}"...)
	}
	return append(dst, ']')
}
