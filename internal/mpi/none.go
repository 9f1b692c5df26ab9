//go:build !mpi || !linux

package mpi

import "time"

// World is the processes of a job.
type World struct{}

// Start returns ErrTag.
func Start(Launcher) (*World, error) { return nil, ErrTag }

// Rank, Size, Exchange, Start, Traffic, Abort and Close are never called: there is no World without the tag.
func (*World) Rank() int { return 0 }

// Size is described at Rank.
func (*World) Size() int { return 1 }

// Exchange is described at Rank.
func (*World) Exchange(_, _ [][]byte) error { return ErrTag }

// Start is described at Rank.
func (*World) Start(_, _ [][]byte, _ func() (send, recv [][]byte)) func() error {
	return func() error { return ErrTag }
}

// Traffic is described at Rank.
func (*World) Traffic() (sent int64, underWay, worked time.Duration) { return 0, 0, 0 }

// Abort is described at Rank.
func (*World) Abort(error) {}

// Close is described at Rank.
func (*World) Close() error { return nil }
