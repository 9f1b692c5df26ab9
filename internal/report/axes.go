package report

import (
	"fmt"
	"image/color"
	"math"
	"strconv"
	"sync"

	"codeberg.org/go-fonts/liberation/liberationserifregular"
	"golang.org/x/image/font/opentype"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Sizes of what is around the lines of a figure.
const (
	letters    = vg.Length(9)
	tickLength = vg.Length(8)
	away       = vg.Length(5)  // of the lines from the axes
	sample     = vg.Length(20) // of a line in the legend
	hairline   = vg.Length(0.5)
	margin     = vg.Length(4)
	fineGrid   = vg.Length(0.25)
	mostMarks  = 6
)

// serif has the one font of figures. gonum's own package of plots would bring twelve, 4 MB, into every binary; so axes are drawn here, on its canvases.
var serif = sync.OnceValues(func() (text.Plain, error) {
	face, err := opentype.Parse(liberationserifregular.TTF)
	if err != nil {
		return text.Plain{}, fmt.Errorf("report: the font of figures: %w", err)
	}
	return text.Plain{Fonts: font.NewCache(font.Collection{{Font: font.Font{Typeface: "Liberation", Variant: "Serif"}, Face: face}})}, nil
})

// point is a place in a figure, by its numbers.
type point struct{ x, y float64 }

// stroke is a line through points.
type stroke struct {
	points []point
	draw.LineStyle
	name string // in the legend; "" leaves it out
}

// axes are a figure: lines with what their places mean.
type axes struct {
	title, below     string // above the figure, and below the marks of x
	x, y             span
	logarithmic, low bool // places along x are logarithms; the legend is at the bottom left, not at the top right
	strokes          []stroke
}

// span is from where to where numbers are shown.
type span struct{ lo, hi float64 }

// newAxes returns axes that show nothing yet.
func newAxes(title, below string) *axes {
	empty := span{math.Inf(1), math.Inf(-1)}
	return &axes{title: title, below: below, x: empty, y: empty}
}

// add puts a line into the figure, and widens it to hold that.
func (a *axes) add(s stroke) {
	for _, p := range s.points {
		a.x, a.y = a.x.with(p.x), a.y.with(p.y)
	}
	a.strokes = append(a.strokes, s)
}

func (s span) with(v float64) span { return span{min(s.lo, v), max(s.hi, v)} }

// sane returns the span, or one around it where it has no width.
func (s span) sane() span {
	switch {
	case s.lo > s.hi:
		return span{-1, 1}
	case s.lo == s.hi:
		return span{s.lo - 1, s.hi + 1}
	}
	return s
}

// share returns how far from lo to hi a number lies.
func (s span) share(v float64) float64 { return (v - s.lo) / (s.hi - s.lo) }

// mark is a number that an axis has a mark at; small ones have no label.
type mark struct {
	at    float64
	label string
}

// marks returns round numbers within a span.
func (s span) marks() []mark {
	step := math.Pow(10, math.Floor(math.Log10((s.hi-s.lo)/mostMarks)))
	for _, by := range []float64{2, 2.5, 2} { // to 2, 5 and 10
		if (s.hi-s.lo)/step < mostMarks {
			break
		}
		step *= by
	}
	digits := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	var all []mark
	for i := math.Ceil(s.lo/step - 1e-9); i*step <= s.hi+1e-9*step; i++ {
		at := i * step
		if at == 0 {
			at = 0 // and not -0
		}
		m := mark{at, strconv.FormatFloat(at, 'f', digits, 64)}
		if far := math.Abs(m.at); far >= 1e6 || digits > 5 {
			m.label = strconv.FormatFloat(m.at, 'g', 3, 64)
		}
		all = append(all, m)
	}
	return all
}

// powers returns the powers of ten within a span, and smaller marks between them.
func (s span) powers() []mark {
	var all []mark
	for ten := math.Floor(math.Log10(s.lo)); ten <= math.Log10(s.hi); ten++ {
		for k := 1.0; k < 10; k++ {
			m := mark{at: k * math.Pow(10, ten)}
			if k == 1 {
				m.label = strconv.FormatFloat(m.at, 'g', 2, 64)
			}
			if m.at >= s.lo && m.at <= s.hi {
				all = append(all, m)
			}
		}
	}
	return all
}

// draw draws the figure on a canvas.
func (a *axes) draw(c draw.Canvas) error {
	handler, err := serif()
	if err != nil {
		return err
	}
	style := func(x draw.XAlignment, y draw.YAlignment) draw.TextStyle {
		return draw.TextStyle{Color: color.Black, Font: font.Font{Typeface: "Liberation", Variant: "Serif", Size: letters}, XAlign: x, YAlign: y, Handler: handler}
	}
	above, under, beside := style(draw.XCenter, draw.YTop), style(draw.XCenter, draw.YTop), style(draw.XRight, draw.YCenter)
	height, descent := above.Height("X"), above.FontExtents().Descent
	c = draw.Crop(c, margin, -margin, margin, -margin)
	c.FillText(above, vg.Point{X: c.Center().X, Y: c.Max.Y + descent}, a.title)
	x, y := a.x.sane(), a.y.sane()
	columns, rows, placeX := x.marks(), y.marks(), x.share
	if a.logarithmic {
		if a.x.lo == a.x.hi {
			x = span{a.x.lo / 2, a.x.hi * 2}
		}
		columns, placeX = x.powers(), func(v float64) float64 { return math.Log(v/x.lo) / math.Log(x.hi/x.lo) }
	}
	widest := vg.Length(0)
	for _, m := range rows {
		widest = max(widest, beside.Width(m.label))
	}
	c.FillText(under, vg.Point{X: c.Center().X, Y: c.Min.Y + height + descent}, a.below)
	left, bottom := widest+beside.Width(" ")+tickLength, 2*height+tickLength
	data := draw.Crop(c, left+away, 0, bottom+away, -height)
	line := draw.LineStyle{Color: color.Black, Width: hairline}
	for _, m := range columns {
		at, long := data.X(placeX(m.at)), tickLength
		if m.label == "" {
			long /= 2
		}
		c.StrokeLine2(line, at, c.Min.Y+bottom-long, at, c.Min.Y+bottom)
		c.FillText(under, vg.Point{X: at, Y: c.Min.Y + 2*height + descent}, m.label)
	}
	for _, m := range rows {
		at := data.Y(y.share(m.at))
		c.StrokeLine2(line, c.Min.X+left-tickLength, at, c.Min.X+left, at)
		c.FillText(beside, vg.Point{X: c.Min.X + widest, Y: at + descent}, m.label)
		c.StrokeLine2(draw.LineStyle{Color: color.Gray{220}, Width: fineGrid}, data.Min.X, at, data.Max.X, at)
	}
	c.StrokeLine2(line, data.Min.X, c.Min.Y+bottom, data.Max.X, c.Min.Y+bottom)
	c.StrokeLine2(line, c.Min.X+left, data.Min.Y, c.Min.X+left, data.Max.Y)
	for _, s := range a.strokes {
		path := make([]vg.Point, len(s.points))
		for i, p := range s.points {
			path[i] = vg.Point{X: data.X(placeX(p.x)), Y: data.Y(y.share(p.y))}
		}
		c.StrokeLines(s.LineStyle, data.ClipLinesXY(path)...)
	}
	a.legend(data, style(draw.XLeft, draw.YCenter), height)
	return nil
}

// legend names the lines.
func (a *axes) legend(c draw.Canvas, beside draw.TextStyle, height vg.Length) {
	var named []stroke
	for _, s := range a.strokes {
		if s.name != "" {
			named = append(named, s)
		}
	}
	from, to, at := c.Max.X-sample, c.Max.X, c.Max.Y-height/2
	written := from - beside.Width(" ")
	if a.low {
		from, to, at = c.Min.X, c.Min.X+sample, c.Min.Y+height*(vg.Length(len(named))-0.5)
		written = to + beside.Width(" ")
	} else {
		beside.XAlign = draw.XRight
	}
	for _, s := range named {
		c.StrokeLine2(s.LineStyle, from, at, to, at)
		c.FillText(beside, vg.Point{X: written, Y: at + beside.FontExtents().Descent}, s.name)
		at -= height
	}
}
