package dirlock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// pollTime is the time between two looks at a lock that another process holds.
const pollTime = 50 * time.Millisecond

// WaitFile takes the lock of a file, which it makes if need be, and waits for a process that holds it. Python's filelock takes the same lock. The
// file stays when the lock is given back. On a disk that keeps no locks there is none: what it is for must come out right without it, if slower.
func WaitFile(ctx context.Context, path string) (release func() error, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o664)
	if err != nil {
		return nil, fmt.Errorf("locking: %w", err)
	}
	for {
		switch err := lockWhole(f); {
		case err == nil, errors.Is(err, errUnsupported):
			return f.Close, nil
		case !errors.Is(err, ErrHeld):
			f.Close()
			return nil, fmt.Errorf("locking %s: %w", path, err)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, context.Cause(ctx)
		case <-time.After(pollTime):
		}
	}
}
