package train

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/dirlock"
)

// ErrLocked says that another process is at work in a run's directory.
var ErrLocked = dirlock.ErrHeld

// A DirLock keeps a run's directory to one process, from LockDir to Release or the process's end, however that comes.
// Those who only read the directory aren't hindered.
type DirLock struct{ lock *dirlock.Lock }

// LockDir locks a directory, which must be there. It doesn't wait: where another process holds the lock, the error wraps
// ErrLocked and names that process. A Trainer locks its directory by itself; this is for programs that write there before, and
// hand the lock on by Config.Lock.
func LockDir(dir string) (*DirLock, error) {
	l, err := dirlock.Acquire(dir)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	return &DirLock{l}, nil
}

// Release gives the lock back. Releasing twice does nothing, nor does a nil lock.
func (l *DirLock) Release() error {
	if l == nil {
		return nil
	}
	return l.lock.Release()
}
