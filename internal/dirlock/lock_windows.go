package dirlock

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lockedByte is where the lock lies: far behind the text that tells who holds it, so that others may read that.
const lockedByte = 1 << 30

// lock takes the lock of an open file, ErrHeld where another has it.
func lock(f *os.File) error { return lockByte(f, lockedByte) }

// lockWhole takes the lock that Python's filelock takes too: of the first byte.
func lockWhole(f *os.File) error { return lockByte(f, 0) }

func lockByte(f *os.File, offset uint32) error {
	at := windows.Overlapped{Offset: offset}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at)
	switch {
	case errors.Is(err, windows.ERROR_LOCK_VIOLATION), errors.Is(err, windows.ERROR_IO_PENDING):
		return ErrHeld
	case errors.Is(err, windows.ERROR_NOT_SUPPORTED), errors.Is(err, windows.ERROR_INVALID_FUNCTION):
		return errUnsupported
	}
	return err
}

// alive tells whether a process of this machine runs.
func alive(process int) bool {
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(process))
	if err != nil {
		return errors.Is(err, windows.ERROR_ACCESS_DENIED)
	}
	defer windows.CloseHandle(h)
	var code uint32
	const running = 259 // STILL_ACTIVE
	return windows.GetExitCodeProcess(h, &code) == nil && code == running
}

// removeOpen closes the file and then removes it, since Windows removes no open file. A process that took it meanwhile keeps it.
func removeOpen(f *os.File, path string) error {
	err := f.Close()
	os.Remove(path)
	return err
}
