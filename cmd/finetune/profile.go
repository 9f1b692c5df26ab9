package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/seahorse-ml/seahorse/graph"
)

// printProfile prints a line for each kind of operation: its share of the steps' time, what it computed in it, and the fraction
// that this is of the machine's peak, measured now.
func printProfile(w io.Writer, p *graph.Profile) error {
	if p.Steps == 0 {
		return nil
	}
	total, steps := p.Total.Seconds(), float64(p.Steps)
	peak := graph.PeakFlops()
	out := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "operation\tcalls a step\tms a step\tshare\tGFLOP/s\tof peak\t")
	line := func(name, calls string, s, flops float64) {
		speed, fraction := "", ""
		if flops > 0 {
			speed, fraction = fmt.Sprintf("%.1f", flops/s/1e9), fmt.Sprintf("%.0f%%", 100*flops/s/peak)
		}
		fmt.Fprintf(out, "%s\t%s\t%.3f\t%.1f%%\t%s\t%s\t\n", name, calls, 1000*s/steps, 100*s/total, speed, fraction)
	}
	rest, flops := total, 0.0
	for _, o := range p.Ops() {
		line(o.Name, fmt.Sprint(o.Calls/p.Steps), o.Time.Seconds(), o.Flops)
		rest -= o.Time.Seconds()
		flops += o.Flops
	}
	line("the rest", "", rest, 0)
	line("all", "", total, flops)
	if err := out.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "peak of %s: %.1f GFLOP/s\n", plural(graph.Workers(), "thread"), peak/1e9)
	return err
}
