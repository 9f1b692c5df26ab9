//go:build unix

package main

import (
	"runtime"
	"syscall"
)

// peakMiB returns the most memory that the process has had resident, in MiB.
func peakMiB() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return int64(usage.Maxrss) >> 20 // bytes there, kilobytes elsewhere
	}
	return int64(usage.Maxrss) >> 10
}
