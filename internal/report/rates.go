package report

import (
	"errors"
	"fmt"
	"io"

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
	if len(r.Points) == 0 {
		return errors.New("report: rates: no points")
	}
	a := newAxes("Loss by learning rate", "learning rate")
	a.logarithmic, a.low = true, true
	var each, mean []point
	for _, p := range r.Points {
		each, mean = append(each, point{p.Rate, p.Loss}), append(mean, point{p.Rate, p.Smoothed})
	}
	a.add(stroke{each, draw.LineStyle{Color: paler(ink[0]), Width: vg.Points(0.6)}, "each step"})
	a.add(stroke{mean, draw.LineStyle{Color: ink[0], Width: vg.Points(1.2)}, "mean"})
	lowest, first := mean[0].y, mean[0].y
	for _, p := range mean {
		lowest = min(lowest, p.y)
	}
	if lowest < first { // what the loss comes to where it leaps would leave no room for how it falls
		a.y.hi = min(a.y.hi, first+(first-lowest)/2)
	}
	if r.Suggested > 0 {
		shown := a.y.sane()
		a.add(stroke{[]point{{r.Suggested, shown.lo}, {r.Suggested, shown.hi}}, draw.LineStyle{Color: ink[1], Width: vg.Points(1), Dashes: strokes[1]}, fmt.Sprintf("suggested: %.2g", r.Suggested)})
	}
	if err := a.draw(draw.Crop(draw.New(c), 0, -vg.Points(6), 0, 0)); err != nil {
		return err
	}
	_, err = c.WriteTo(w)
	return err
}
