//go:build !linux

package main

// availableMemory knows nothing of other systems.
func availableMemory() (bytes int64, known bool) { return 0, false }

// residentMemory knows nothing of other systems.
func residentMemory() int64 { return 0 }

// peakMemory knows nothing of other systems.
func peakMemory() int64 { return 0 }

// forgetPeak does nothing on other systems.
func forgetPeak() {}
