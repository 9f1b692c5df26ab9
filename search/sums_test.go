package search

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// resum gives a segment the checksums of its content, so that a fuzzer gets past them.
func resum(b []byte) []byte {
	b = slices.Clone(b)
	if len(b) < headerSize {
		return b
	}
	for i := range sections {
		e := b[24+24*i:]
		offset, length := binary.LittleEndian.Uint64(e), binary.LittleEndian.Uint64(e[8:])
		if offset <= uint64(len(b)) && length <= uint64(len(b))-offset {
			binary.LittleEndian.PutUint32(e[16:], crc32.Checksum(b[offset:offset+length], castagnoli))
		}
	}
	binary.LittleEndian.PutUint32(b[headerSize-4:], crc32.Checksum(b[:headerSize-4], castagnoli))
	return b
}

// resumEnd gives a file the checksum that it ends with.
func resumEnd(b []byte) []byte {
	b = slices.Clone(b)
	if len(b) >= 4 {
		binary.LittleEndian.PutUint32(b[len(b)-4:], crc32.Checksum(b[:len(b)-4], castagnoli))
	}
	return b
}
