//go:build !linux

package main

// affinity returns nil: only Linux is asked.
func affinity() []uint64 { return nil }
