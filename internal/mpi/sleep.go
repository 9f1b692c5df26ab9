//go:build mpi && linux

package mpi

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// yield lets another thread of the machine have the core.
func yield() { syscall.RawSyscall(syscall.SYS_SCHED_YIELD, 0, 0, 0) }

// sleep rests the thread.
func sleep(d time.Duration) {
	t := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&t, nil)
}

// threadTime returns the time of a core that the calling thread has taken.
func threadTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// preferPromptness asks the system to wake the thread on time, and to let it run then for the short while that it needs although others compute on all
// cores: a short slice, of which Linux takes account from 6.12 on. Where it doesn't, messages wait for the end of others' slices.
func preferPromptness() {
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(time.Microsecond), 0, 0, 0)
	if attr, err := unix.SchedGetAttr(0, 0); err == nil && attr.Policy == 0 {
		attr.Runtime = uint64(100 * time.Microsecond) // the least
		_ = unix.SchedSetAttr(0, attr, 0)
	}
}
