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
	advise(region)
	return &Block{bytes: region[:n:n], mapped: mapped}
}

func unmapPages(mapped []byte) { _ = unix.Munmap(mapped) }

// advise asks for huge pages where whole ones lie in the memory. A kernel without
// them refuses, which costs speed only.
func advise(memory []byte) {
	first := int(-uintptr(unsafe.Pointer(&memory[0])) & (hugePage - 1))
	if whole := (len(memory) - first) / hugePage * hugePage; whole > 0 {
		_ = unix.Madvise(memory[first:first+whole], unix.MADV_HUGEPAGE)
	}
}

func drop(mapped []byte) {
	page := uintptr(unix.Getpagesize())
	first := int(-uintptr(unsafe.Pointer(&mapped[0])) & (page - 1))
	if whole := (len(mapped) - first) / int(page) * int(page); whole > 0 {
		_ = unix.Madvise(mapped[first:first+whole], unix.MADV_DONTNEED)
	}
}
