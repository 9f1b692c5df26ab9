// Package memory hands out zeroed memory on huge pages where the system gives
// them, which saves the matrix product most of its TLB misses: slices that the
// collector frees, and blocks that their owner frees.
package memory

import "unsafe"

// Align is the alignment of every block in bytes: one cache line, which is also
// one AVX-512 register.
const Align = 64

// hugePage is the size from which a block is mapped and advised on its own.
const hugePage = 2 << 20

// Make returns n zeros, which the collector frees like any other slice.
func Make[T float32 | float64 | byte](n int) []T {
	s := make([]T, n)
	if n > 0 {
		advise(unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), n*int(unsafe.Sizeof(s[0]))))
	}
	return s
}

// A Block is a zeroed piece of memory. Free gives it back.
type Block struct {
	bytes  []byte
	mapped []byte // what was mapped, nil for a block from the Go heap
}

// Alloc returns a zeroed block of n bytes, aligned to Align. It panics when the
// system has no memory left, as make does.
func Alloc(n int) *Block {
	if n >= hugePage {
		if b := mapPages(n); b != nil {
			return b
		}
	}
	return aligned(make([]byte, n+Align), n)
}

// Collected returns a zeroed block as Alloc does, which the collector frees when nothing refers to its memory any more: Free only
// lets go of it.
func Collected(n int) *Block {
	return aligned(Make[byte](n+Align), n)
}

// aligned returns a block of n bytes in raw, which is Align longer.
func aligned(raw []byte, n int) *Block {
	shift := int(-uintptr(unsafe.Pointer(&raw[0])) & (Align - 1))
	return &Block{bytes: raw[shift : shift+n : shift+n]}
}

// Bytes returns the block's memory.
func (b *Block) Bytes() []byte { return b.bytes }

// Free gives the block's memory back to the system. The memory of a block from Alloc must not be used
// any more, through no slice.
func (b *Block) Free() {
	if b.mapped != nil {
		unmapPages(b.mapped)
	}
	b.bytes, b.mapped = nil, nil
}

// Drop tells the system that part of a file that is mapped for reading was read and isn't needed soon, so that it doesn't count as memory
// of the process any more. It may be read again. It does nothing where the system has no such call.
func Drop(mapped []byte) {
	if len(mapped) > 0 {
		drop(mapped)
	}
}

// Slice views n elements of type T that start at byte offset of the block. The
// offset must be aligned for T.
func Slice[T float32 | float64 | int32](b *Block, offset, n int) []T {
	if n == 0 {
		return []T{}
	}
	var zero T
	part := b.bytes[offset : offset+n*int(unsafe.Sizeof(zero))]
	return unsafe.Slice((*T)(unsafe.Pointer(&part[0])), n)
}
