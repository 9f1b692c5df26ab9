//go:build mpi && linux

package mpi

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/ebitengine/purego"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/exchange"
	"github.com/seahorse-ml/seahorse/internal/mpi/mpitest"
	"gorgonia.org/tensor"
)

// BenchmarkSums lets each launcher start processes that add up 50 MB of float32, in the order of ranks by a Reducer and by MPI_Allreduce, and logs
// the medians. Open MPI is tried with its allocator as it is and tuned:
//
//	go test -tags mpi -run - -bench Sums -benchtime 1x ./internal/mpi
func BenchmarkSums(b *testing.B) {
	tuned := []string{"MALLOC_TOP_PAD_=268435456", "MALLOC_MMAP_THRESHOLD_=1073741824", "MALLOC_TRIM_THRESHOLD_=1073741824"}
	for _, l := range mpitest.Launchers(b) {
		for _, n := range []int{2, 4} {
			for name, env := range map[string][]string{"": nil, ", allocator tuned": tuned} {
				c := l.Command(n, os.Args[0])
				c.Env = append(append(os.Environ(), asRank+"=speed"), env...)
				out, err := c.CombinedOutput()
				if err != nil {
					b.Fatalf("%s -n %d: %v\n%s", l.Name, n, err, out)
				}
				b.Logf("%s, %d ranks%s: %s", l.Name, n, name, out)
			}
		}
	}
}

// summed is how many float32 are added up, and rounds how often.
const (
	summed = 12_500_000
	rounds = 15
)

// beFast adds up with the others, and lets the first rank print what it took.
func beFast(w *World) error {
	graph.SetWorkers(max(1, runtime.NumCPU()/w.size)) // a rank's share of the machine, as runs have it
	tree := graph.NewParams(tensor.Float32, 1)
	for i := range 10 {
		tree.New(fmt.Sprint("p", i), graph.Zeros(), summed/10)
	}
	if err := tree.Err(); err != nil {
		return err
	}
	params := tree.All()
	r := exchange.NewReducer(exchange.Config{Peers: w, Params: params, Accumulation: 1, Gather: true})
	defer r.Close()
	ours, err := w.median(func() error {
		r.Begin(nil)
		for _, p := range params {
			r.Final(p)
		}
		return r.Wait()
	})
	if err != nil {
		return err
	}
	theirs, err := w.timeAllreduce(make([]float32, summed))
	if err == nil && w.rank == 0 {
		fmt.Printf("sums in order %.0f ms, MPI_Allreduce %.0f ms\n", 1e3*ours.Seconds(), 1e3*theirs.Seconds())
	}
	return err
}

// median returns the median time of something that all ranks begin at about the same time.
func (w *World) median(do func() error) (time.Duration, error) {
	var times []time.Duration
	for range rounds {
		if err := w.meet(); err != nil {
			return 0, err
		}
		begin := time.Now()
		if err := do(); err != nil {
			return 0, err
		}
		times = append(times, time.Since(begin))
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}

// meet returns when all ranks have called it.
func (w *World) meet() error {
	send, recv := make([][]byte, w.size), make([][]byte, w.size)
	for q := range send {
		send[q], recv[q] = []byte{1}, make([]byte, 1)
	}
	return w.Exchange(send, recv)
}

// timeAllreduce times MPI's own sum, in place.
func (w *World) timeAllreduce(data []float32) (time.Duration, error) {
	f, err := purego.Dlsym(w.lib.handle, "MPI_Allreduce")
	if err != nil {
		return 0, err
	}
	inPlace, float, sum := ^uintptr(0), uintptr(0x4c00040a), uintptr(0x58000003) // MPICH's
	switch {
	case w.lib.standard():
		inPlace, float, sum = 1, 0x210, 0x21
	case w.lib.handleSize == 8:
		var err1, err2 error
		float, err1 = purego.Dlsym(w.lib.handle, "ompi_mpi_float")
		sum, err2 = purego.Dlsym(w.lib.handle, "ompi_mpi_op_sum")
		if err := errors.Join(err1, err2); err != nil {
			return 0, err
		}
		inPlace = 1
	}
	return w.median(func() error {
		return w.inThread(func() error {
			return w.lib.call("MPI_Allreduce", f, inPlace, address(&data[0]), uintptr(len(data)), float, sum, w.lib.world)
		})
	})
}
