package train

import (
	"errors"
	"math"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/exchange"
)

// PlannedRanks are n ranks that are only planned with, as EstimateMemory does: this is the first, and Exchange is an error.
func PlannedRanks(n int) Ranks { return plannedRanks(n) }

type plannedRanks int

func (plannedRanks) Rank() int   { return 0 }
func (p plannedRanks) Size() int { return int(p) }
func (plannedRanks) Exchange(_, _ [][]byte) error {
	return errors.New("train: these ranks are only planned")
}
func (p plannedRanks) Start(send, recv [][]byte, _ func() (send, recv [][]byte)) func() error {
	return func() error { return p.Exchange(send, recv) }
}
func (plannedRanks) Abort(error)  {}
func (plannedRanks) Close() error { return nil }

// Network is what connects the machines of ranks, one of them on each.
type Network struct {
	Speed   float64 // bytes a second that a machine sends, while it receives as many
	Latency float64 // seconds until the first byte of a message is there
}

// Together is what the steps of a run take on several ranks, by the times on one.
type Together struct {
	Ranks   int
	Sent    int  // bytes that a rank sends in a step
	Sharded bool // the optimizer's state is divided

	sums, spread, exchanges     float64 // bytes, and how many exchanges there are of each
	last, first                 float64 // shares of these that go out behind the last gradient, and that are there before the next pass begins
	whole                       float64 // share of the parameters that the forward pass reads at its end: tables that are the head too
	flights                     float64 // exchanges that are under way at a time
	cores                       float64 // of a rank, which compute, and move bytes
	forward, pass, step, update float64 // seconds: the forward and the backward pass of a micro-batch, all on a rank but the update, and the whole update
}

// What the model of times assumes. That of bytes was measured on two cores of a Xeon, by Open MPI 4.1.4 and TCP; docs/cluster.md tells how.
const (
	backwardShare  = 2.0 / 3 // of a micro-batch's time
	messageSeconds = 5e-6    // that a rank is busy with each message
	byteSeconds    = 1.5e-9  // that a core is busy with each byte that is sent while another comes: copies, sums, and what the system does
	smallExchanges = 4       // of a step: counts, norms, losses
)

// Together returns what steps take on n ranks, of which each has c.Accumulation micro-batches, as the steps had that were measured.
func (t Times) Together(c Config, n int) Together {
	late := map[*graph.Param]int{}
	for _, l := range t.lookups {
		late[l.table] = min(l.rows(), n*t.looked)
	}
	sharded := t.sharder && c.ShardOptimizer
	cost := exchange.Estimate(t.params, n, c.Accumulation, !sharded, late)
	size := float64(t.params[0].DType().Size())
	micro := (t.Step - t.Update) / float64(c.Accumulation)
	sums, spread := size*float64(cost.Sums), size*float64(cost.Spread)
	if c.RoundGradients {
		sums = exchange.NarrowBytes * float64(cost.Sums)
		if !sharded {
			spread = exchange.NarrowBytes * float64(cost.Spread)
		}
	}
	return Together{
		Ranks: n, Sent: int(sums + spread), Sharded: sharded,
		sums: sums, spread: spread, exchanges: float64(cost.Buckets),
		last: float64(cost.Last) / float64(t.elements()), first: float64(cost.First) / float64(t.elements()),
		whole: float64(cost.Whole) / float64(t.elements()), flights: float64(cost.Flights), cores: float64(graph.Workers()),
		forward: (1 - backwardShare) * micro, pass: backwardShare * micro, step: t.Step - t.Update, update: t.Update,
	}
}

// elements returns how many there are of all gradients.
func (t Times) elements() (n int) {
	for _, p := range t.params {
		n += p.Len()
	}
	return n
}

// Step returns the seconds of a step. Sums are exchanged behind the backward pass as gradients are found, but for those that wait for the last
// one. Where the optimizer is whole on each rank, sums are spread there too; where it is divided, new parameters are spread behind the next forward
// pass, but for those that it begins with, and before it comes to the tables that it reads at its end. The cores that compute move the bytes, too.
func (t Together) Step(n Network) float64 {
	if t.Ranks == 1 {
		return t.step + t.update
	}
	messages := float64(t.Ranks-1) * messageSeconds
	round := n.Latency/t.flights + messages // of an exchange, beside its bytes
	sums := t.sums/n.Speed + t.exchanges*round
	spread := t.spread/n.Speed + t.exchanges*round
	work := t.step + byteSeconds*(t.sums+t.spread)/t.cores + smallExchanges*(n.Latency+messages)
	if t.Sharded {
		return work + max(sums-t.pass, t.last*sums) + t.update/float64(t.Ranks) + max(spread-t.forward*(1-t.whole), t.first*spread)
	}
	both := sums + spread
	return work + max(both-t.pass, t.last*both) + t.update
}

// Efficiency returns which part of the ranks' time is spent as well as on one rank that makes all micro-batches.
func (t Together) Efficiency(n Network) float64 {
	alone := float64(t.Ranks)*t.step + t.update
	return alone / (float64(t.Ranks) * t.Step(n))
}

// Speed returns the least speed of a network of that latency at which the efficiency is reached, in bytes a second, or +Inf if none does.
func (t Together) Speed(efficiency, latency float64) float64 {
	at := func(speed float64) bool { return t.Efficiency(Network{speed, latency}) >= efficiency }
	low, high := 1.0, 1e15
	if !at(high) {
		return math.Inf(1)
	}
	for range 100 {
		if mid := math.Sqrt(low * high); at(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return high
}
