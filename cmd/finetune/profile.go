package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/train"
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

// printTraffic prints what a step exchanges with other ranks, and how much of the time of that it computes in.
func printTraffic(w io.Writer, t train.Traffic) {
	a := func(seconds float64) float64 { return 1000 * seconds / float64(t.Steps) }
	fmt.Fprintf(w, "exchange of a step, without the first: %.4g MB sent, under way for %.1f ms, of which there was nothing to compute for %.1f ms: %.0f%% hidden; %.1f ms of a core\n",
		float64(t.Sent)/1e6/float64(t.Steps), a(t.UnderWay.Seconds()), a(t.Waited.Seconds()), 100*t.Hidden(), a(t.Worked.Seconds()))
}
