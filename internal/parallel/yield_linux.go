package parallel

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// canYield says that there is letGo.
const canYield = true

// letGo lets the system run others on this processor. It keeps Go's own scheduler out of it, which has no other work in most cases.
func letGo() { _, _, _ = unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }

// processor returns the number of the processor that runs the caller.
func processor() int {
	var n uint32
	_, _, _ = unix.RawSyscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&n)), 0, 0)
	return int(n)
}
