package track_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/seahorse-ml/seahorse/track"
	"github.com/seahorse-ml/seahorse/train"
)

// BenchmarkLogging makes steps that take next to no time: what a logged one takes longer is what logging costs.
func BenchmarkLogging(b *testing.B) {
	for _, c := range []struct {
		name    string
		logging int // each how many steps
		report  bool
	}{{"none", 1 << 30, false}, {"each", 1, false}, {"each+tensorboard+csv", 1, true}} {
		b.Run(c.name, func(b *testing.B) {
			dir := filepath.Join(b.TempDir(), "run")
			callbacks := []train.Callback{track.NewJournal(dir)}
			if c.report {
				callbacks = append(callbacks, track.NewTensorBoard(dir, nil), track.NewCSV(dir))
			}
			made := trainer(b, dir, b.N, c.logging, callbacks...)
			b.ResetTimer()
			if err := made.Run(context.Background()); err != nil {
				b.Fatal(err)
			}
		})
	}
}
