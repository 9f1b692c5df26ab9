//go:build mpi && linux

package mpi

import (
	"syscall"
	"time"
)

// yield lets another thread of the machine have the core.
func yield() { syscall.RawSyscall(syscall.SYS_SCHED_YIELD, 0, 0, 0) }

// sleep rests the thread.
func sleep(d time.Duration) {
	t := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&t, nil)
}
