package report

import (
	"errors"
	"fmt"
	"image/color"
	"io"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/seahorse-ml/seahorse/train"
)

// WriteRates writes the chart of a range test, as "svg" or "png", on white: single losses, their mean, and the rate that is suggested.
func WriteRates(w io.Writer, format string, r train.Rates) error {
	c, err := canvas(format, figureHeight)
	if err != nil {
		return err
	}
	p := newPlot()
	p.Title.Text = "Loss by learning rate"
	p.X.Label.Text = "learning rate"
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, rateTicks{}
	grid := plotter.NewGrid()
	grid.Vertical.Color = nil
	grid.Horizontal.Color = color.Gray{220}
	p.Add(grid)
	if len(r.Points) == 0 {
		return errors.New("report: rates: no points")
	}
	var each, mean plotter.XYs
	for _, point := range r.Points {
		each = append(each, plotter.XY{X: point.Rate, Y: point.Loss})
		mean = append(mean, plotter.XY{X: point.Rate, Y: point.Smoothed})
	}
	for i, points := range []plotter.XYs{each, mean} {
		line, err := plotter.NewLine(points)
		if err != nil {
			return fmt.Errorf("report: rates: %w", err)
		}
		line.Color, line.Width = ink[0], vg.Points(1.2)
		name := "mean"
		if i == 0 {
			line.Color, line.Width, name = paler(ink[0]), vg.Points(0.6), "each step"
		}
		p.Add(line)
		p.Legend.Add(name, line)
	}
	lowest, first := mean[0].Y, mean[0].Y
	for _, point := range mean {
		lowest = min(lowest, point.Y)
	}
	if lowest < first { // what the loss comes to where it leaps would leave no room for how it falls
		p.Y.Max = min(p.Y.Max, first+(first-lowest)/2)
	}
	if r.Suggested > 0 {
		mark, err := plotter.NewLine(plotter.XYs{{X: r.Suggested, Y: p.Y.Min}, {X: r.Suggested, Y: p.Y.Max}})
		if err != nil {
			return fmt.Errorf("report: rates: %w", err)
		}
		mark.Color, mark.Width, mark.Dashes = ink[1], vg.Points(1), strokes[1]
		p.Add(mark)
		p.Legend.Add(fmt.Sprintf("suggested: %.2g", r.Suggested), mark)
	}
	p.Legend.Left = true
	p.Legend.Top = false
	p.Draw(draw.Crop(draw.New(c), 0, -vg.Points(6), 0, 0))
	_, err = c.WriteTo(w)
	return err
}

// rateTicks marks the powers of ten.
type rateTicks struct{}

// Ticks returns the marks between two values.
func (rateTicks) Ticks(lo, hi float64) []plot.Tick {
	marks := plot.LogTicks{Prec: -1}.Ticks(lo, hi)
	for i := range marks {
		if marks[i].Label != "" {
			marks[i].Label = strconv.FormatFloat(marks[i].Value, 'g', 2, 64)
		}
	}
	return marks
}
