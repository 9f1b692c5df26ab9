package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// chartName is the file of the run's directory that shows the learning curve.
const chartName = "curve.svg"

// Sizes of the chart, in pixels.
const (
	chartWidth, chartHeight         = 640, 360
	plotLeft, plotTop               = 60, 40
	plotWidth, plotHeight           = chartWidth - plotLeft - 30, chartHeight - plotTop - 50
	percentStep                     = 20 // between two lines of the grid
	wordColour, phonemeColour, grid = "#b45309", "#1d4ed8", "#d4d4d8"
)

// writeChart draws the error rates of the watched words over the steps of the run.
func writeChart(dir string) error {
	points, err := readCurve(filepath.Join(dir, curveName))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, chartName), chart(points), 0o644)
}

// chart draws the curve as SVG.
func chart(points []point) []byte {
	last := 1
	for _, p := range points {
		last = max(last, p.Step)
	}
	x := func(step int) float64 { return plotLeft + plotWidth*float64(step)/float64(last) }
	y := func(rate float64) float64 { return plotTop + plotHeight*(1-min(rate, 1)) }
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">`+"\n", chartWidth, chartHeight)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="white"/>`+"\n", chartWidth, chartHeight)
	for percent := 0; percent <= 100; percent += percentStep {
		at := y(float64(percent) / 100)
		fmt.Fprintf(&b, `<path d="M%d %.1fh%d" stroke="%s"/><text x="%d" y="%.1f" text-anchor="end">%d%%</text>`+"\n",
			plotLeft, at, plotWidth, grid, plotLeft-8, at+4, percent)
	}
	for i := range 5 {
		step := last * i / 4
		fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle">%d</text>`+"\n", x(step), plotTop+plotHeight+20, step)
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">steps of %d words</text>`+"\n", plotLeft+plotWidth/2, chartHeight-10, batchSize)
	for i, line := range []struct {
		name, colour string
		rate         func(point) float64
	}{
		{"words with an error", wordColour, func(p point) float64 { return p.WER }},
		{"phoneme error rate", phonemeColour, func(p point) float64 { return p.PER }},
	} {
		fmt.Fprintf(&b, `<polyline fill="none" stroke="%s" stroke-width="2" points="`, line.colour)
		for _, p := range points {
			fmt.Fprintf(&b, "%.1f,%.1f ", x(p.Step), y(line.rate(p)))
		}
		fmt.Fprintln(&b, `"/>`)
		for _, p := range points {
			fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n", x(p.Step), y(line.rate(p)), line.colour)
		}
		fmt.Fprintf(&b, `<text x="%d" y="24" fill="%s">%s</text>`+"\n", plotLeft+i*200, line.colour, line.name)
	}
	fmt.Fprintln(&b, "</svg>")
	return b.Bytes()
}
