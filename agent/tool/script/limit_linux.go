package script

import "golang.org/x/sys/unix"

// limitSystem lets the system refuse memory far beyond a bound, for what is asked for at one stroke.
func limitSystem(most int) {
	const room = 512 << 20 // of the runtime
	limit := uint64(most + room)
	unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: limit, Max: limit})
}
