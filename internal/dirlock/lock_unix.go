//go:build unix && !solaris && !aix

package dirlock

import (
	"errors"
	"os"
	"syscall"
)

// lock takes the lock of an open file, ErrHeld where another has it.
func lock(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return ErrHeld
		case errors.Is(err, syscall.ENOTSUP), errors.Is(err, syscall.EOPNOTSUPP), errors.Is(err, syscall.ENOLCK), errors.Is(err, syscall.ENOSYS):
			return errUnsupported
		default:
			return err
		}
	}
}

// lockWhole takes the lock that Python's filelock takes too.
func lockWhole(f *os.File) error { return lock(f) }

// alive tells whether a process of this machine runs.
func alive(process int) bool {
	err := syscall.Kill(process, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// removeOpen removes the file while it is locked, and then closes it.
func removeOpen(f *os.File, path string) error {
	return errors.Join(os.Remove(path), f.Close())
}
