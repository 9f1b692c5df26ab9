//go:build !linux

package memory

func mapPages(int) *Block { return nil }

func unmapPages([]byte) {}

func advise([]byte) {}

func drop([]byte) {}
