//go:build !mpi || !linux

package mpi

// World is the processes of a job.
type World struct{}

// Start returns ErrTag.
func Start(Launcher) (*World, error) { return nil, ErrTag }

// Rank, Size, Exchange, Start, Abort and Close are never called: there is no World without the tag.
func (*World) Rank() int { return 0 }

// Size is described at Rank.
func (*World) Size() int { return 1 }

// Exchange is described at Rank.
func (*World) Exchange(_, _ [][]byte) error { return ErrTag }

// Start is described at Rank.
func (*World) Start(_, _ [][]byte) func() error { return func() error { return ErrTag } }

// Abort is described at Rank.
func (*World) Abort(error) {}

// Close is described at Rank.
func (*World) Close() error { return nil }
