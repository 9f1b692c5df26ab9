package memory

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// mapPages maps n bytes at a huge page boundary and advises huge pages. It
// returns nil when the system refuses, and the caller falls back to the heap.
func mapPages(n int) *Block {
	size := (n + hugePage - 1) / hugePage * hugePage
	mapped, err := unix.Mmap(-1, 0, size+hugePage, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil
	}
	shift := int(-uintptr(unsafe.Pointer(&mapped[0])) & (hugePage - 1))
	region := mapped[shift : shift+size : shift+size]
	// A kernel without huge pages refuses the advice, which costs speed only.
	_ = unix.Madvise(region, unix.MADV_HUGEPAGE)
	return &Block{bytes: region[:n:n], mapped: mapped}
}

func unmapPages(mapped []byte) { _ = unix.Munmap(mapped) }
