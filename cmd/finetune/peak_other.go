//go:build !unix

package main

// peakMiB returns 0: the system doesn't tell.
func peakMiB() int64 { return 0 }
