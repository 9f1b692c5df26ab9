package main

import "golang.org/x/sys/unix"

// affinity returns the cores that this process may run on, as bits; nil where that isn't known.
func affinity() []uint64 {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil
	}
	bits := make([]uint64, len(set))
	for i, word := range set {
		bits[i] = uint64(word)
	}
	return bits
}
