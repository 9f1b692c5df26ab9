package report

import (
	"errors"
	"fmt"
	"image/color"
	"io"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// The colours of the page on white.
var ink = [colors]color.RGBA{
	{0x00, 0x67, 0xa5, 255}, {0xc2, 0x57, 0x0c, 255}, {0x00, 0x7a, 0x5a, 255}, {0xa6, 0x42, 0x8b, 255},
	{0x8a, 0x6a, 0x00, 255}, {0x3a, 0x8f, 0xd0, 255}, {0x44, 0x4c, 0x58, 255}, {0xb3, 0x20, 0x3a, 255},
}

var strokes = [dashes][]vg.Length{nil, {vg.Points(6), vg.Points(2.5)}, {vg.Points(1.5), vg.Points(2.5)}, {vg.Points(6), vg.Points(2.5), vg.Points(1.5), vg.Points(2.5)}}

// Sizes of figures.
const (
	figureWidth  = 15 * vg.Centimeter
	figureHeight = 8 * vg.Centimeter
	figureDPI    = 200   // of PNG
	figurePoints = 400   // of a line
	mostNamed    = 12    // lines in a legend
	mostFigures  = 24    // charts in a file
	paleRaw      = 0.35  // of the ink of single values
	whitest      = 255.0 // of a colour's parts
)

// WriteFigures writes the charts below each other, as "svg" or "png", on white.
func (r *Report) WriteFigures(w io.Writer, format string) error {
	if len(r.Charts) == 0 {
		return errors.New("report: the runs have logged no figures yet")
	}
	shown := r.Charts[:min(len(r.Charts), mostFigures)]
	height := figureHeight * vg.Length(len(shown))
	c, err := canvas(format, height)
	if err != nil {
		return err
	}
	whole := draw.New(c)
	for i, chart := range shown {
		above := figureHeight * vg.Length(i)
		if err := chart.axes().draw(draw.Crop(whole, 0, -vg.Points(6), height-above-figureHeight, -above)); err != nil {
			return err
		}
	}
	_, err = c.WriteTo(w)
	return err
}

// canvas returns what is drawn on, of a height.
func canvas(format string, height vg.Length) (vg.CanvasWriterTo, error) {
	switch format {
	case "svg":
		return vgsvg.New(figureWidth, height), nil
	case "png":
		return vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(figureWidth, height), vgimg.UseDPI(figureDPI))}, nil
	}
	return nil, fmt.Errorf("report: figures of the format %q, expected svg or png", format)
}

// axes draws a chart's lines: those of single values first, below the others.
func (c *Chart) axes() *axes {
	title := c.Title
	if c.Unit != "" {
		title += ", " + c.Unit
	}
	a, named := newAxes(title, "step"), 0
	for _, kind := range []Kind{Raw, Smooth, Points} {
		for _, l := range c.Lines {
			if l.Kind != kind {
				continue
			}
			s := stroke{points: l.points(), LineStyle: draw.LineStyle{Color: ink[l.Color%colors], Width: vg.Points(1.2), Dashes: strokes[l.Color/colors%dashes]}}
			switch {
			case kind == Raw:
				s.Color, s.Width = paler(ink[l.Color%colors]), vg.Points(0.6)
			case named < mostNamed:
				named++
				s.name = l.Label
			}
			a.add(s)
		}
	}
	return a
}

// points returns what is drawn of a line in a figure.
func (l *Line) points() (all []point) {
	s := l.Whole.Thin(figurePoints)
	if l.Kind == Smooth {
		s = l.Whole.Every(figurePoints)
	}
	for i, v := range s.Values {
		if !math.IsInf(v, 0) && !math.IsNaN(v) {
			all = append(all, point{float64(s.Steps[i]), v})
		}
	}
	return all
}

// paler mixes a colour with white.
func paler(c color.RGBA) color.RGBA {
	mix := func(v uint8) uint8 { return uint8(whitest - paleRaw*(whitest-float64(v))) }
	return color.RGBA{mix(c.R), mix(c.G), mix(c.B), 255}
}
