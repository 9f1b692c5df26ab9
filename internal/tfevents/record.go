// Package tfevents writes and reads TensorBoard's event files: records of TensorFlow with checksums, each an Event of its protocol buffers.
package tfevents

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// masked returns the CRC-32C of bytes as records have it: rotated, and with a constant added, so that a checksum of checksums isn't weak.
func masked(b []byte) uint32 {
	c := crc32.Checksum(b, castagnoli)
	return (c>>15 | c<<17) + 0xa282ead8
}

// appendRecord appends a record: its length, the checksum of that, the content, and its checksum.
func appendRecord(dst, content []byte) []byte {
	at := len(dst)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(len(content)))
	dst = binary.LittleEndian.AppendUint32(dst, masked(dst[at:at+8]))
	dst = append(dst, content...)
	return binary.LittleEndian.AppendUint32(dst, masked(content))
}

// mostRecord is the most bytes of a record that is read.
const mostRecord = 1 << 28

// ErrDamaged says that a file isn't as it was written.
var ErrDamaged = errors.New("the record is damaged")

// ReadRecord returns the content of the next record. At the end it returns io.EOF, and in the midst of a record io.ErrUnexpectedEOF.
func ReadRecord(r io.Reader) ([]byte, error) {
	var head [12]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := binary.LittleEndian.Uint64(head[:8])
	if masked(head[:8]) != binary.LittleEndian.Uint32(head[8:]) || size > mostRecord {
		return nil, fmt.Errorf("tfevents: length: %w", ErrDamaged)
	}
	content, err := io.ReadAll(io.LimitReader(r, int64(size)+4)) // which takes no more memory than there are bytes
	if err != nil {
		return nil, err
	}
	if len(content) < int(size)+4 {
		return nil, io.ErrUnexpectedEOF
	}
	if masked(content[:size]) != binary.LittleEndian.Uint32(content[size:]) {
		return nil, fmt.Errorf("tfevents: content: %w", ErrDamaged)
	}
	return content[:size:size], nil
}
