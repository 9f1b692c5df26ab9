package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/seahorse-ml/seahorse/train"
)

// plannedLatency is that of the networks that are planned with, in seconds: a switch with Ethernet.
const plannedLatency = 1e-4

// goodEfficiency is what a network is told for.
const goodEfficiency = 0.95

const gigabit = 1e9 / 8 // in bytes

// planRanks tells what a run on several ranks takes of a network, and how well it uses its machines.
func (s *streams) planRanks(c train.Config, times train.Times, n int) {
	t := times.Together(c, n)
	state := "whole"
	if t.Sharded {
		state = "divided"
	}
	fmt.Fprintf(s.out, "ranks       %d, each on a machine like this one; %s of a step on each, the optimizer's state is %s\n", n, pluralOf(c.Accumulation, "batch", "batches"), state)
	fmt.Fprintf(s.out, "exchange    %.4g MiB are sent by each rank in a step, and as many received\n", float64(t.Sent)/(1<<20))
	if speed := t.Speed(goodEfficiency, plannedLatency); math.IsInf(speed, 1) {
		fmt.Fprintf(s.out, "network     none lets the ranks be as good as %.0f%%: a step is too short; larger batches or more --gradient-accumulation-steps help\n", 100*goodEfficiency)
	} else {
		fmt.Fprintf(s.out, "network     from %.2g Gbit/s on it costs less than %.0f%% of the time, at a latency of %g ms\n", speed/gigabit, 100*(1-goodEfficiency), 1e3*plannedLatency)
	}
	var at []string
	for _, speed := range []float64{1, 10, 25, 100} {
		at = append(at, fmt.Sprintf("%.0f%% at %g Gbit/s", 100*t.Efficiency(train.Network{Speed: speed * gigabit, Latency: plannedLatency}), speed))
	}
	fmt.Fprintf(s.out, "efficiency  %s\n", strings.Join(at, ", "))
	at = at[:0]
	for _, more := range []int{2, 8, 32, 128, 512} {
		at = append(at, fmt.Sprintf("%.0f%% on %d", 100*times.Together(c, more).Efficiency(train.Network{Speed: 10 * gigabit, Latency: plannedLatency}), more))
	}
	fmt.Fprintf(s.out, "others      %s ranks, at 10 Gbit/s\n", strings.Join(at, ", "))
}
