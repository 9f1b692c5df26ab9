package kernels

import (
	"testing"

	"github.com/seahorse-ml/seahorse/internal/memory"
	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// BenchmarkPeak reports what all workers reach in registers.
func BenchmarkPeak(b *testing.B) {
	var best float64
	for b.Loop() {
		best = max(best, Peak())
	}
	b.ReportMetric(best/1e9, "GFLOP/s")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkCopy reports how fast all workers copy memory that no cache holds, reads
// and writes counted.
func BenchmarkCopy(b *testing.B) {
	const size = 256 << 20
	from, to := memory.Alloc(size), memory.Alloc(size)
	defer from.Free()
	defer to.Free()
	piece := size / parallel.Workers()
	body := func(_, i int) { copy(to.Bytes()[i*piece:(i+1)*piece], from.Bytes()[i*piece:]) }
	parallel.Run(parallel.Workers(), body) // the system gives pages at their first use
	b.SetBytes(2 * size)
	for b.Loop() {
		parallel.Run(parallel.Workers(), body)
	}
}
