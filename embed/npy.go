package embed

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"
)

// WriteNPY writes vectors, all of one length, as a NumPy array of float32 [texts, dimensions] (format 1.0).
func WriteNPY(w io.Writer, vectors [][]float32) error {
	width := 0
	if len(vectors) > 0 {
		width = len(vectors[0])
	}
	header := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }", len(vectors), width)
	const before, align = 10, 64
	header += strings.Repeat(" ", align-1-(before+len(header))%align) + "\n"
	b := bufio.NewWriter(w)
	b.WriteString("\x93NUMPY\x01\x00")
	b.Write(binary.LittleEndian.AppendUint16(nil, uint16(len(header))))
	b.WriteString(header)
	var number [4]byte
	for i, v := range vectors {
		if len(v) != width {
			return fmt.Errorf("embed: vector %d has %d elements, expected %d", i, len(v), width)
		}
		for _, x := range v {
			binary.LittleEndian.PutUint32(number[:], math.Float32bits(x))
			b.Write(number[:])
		}
	}
	return b.Flush()
}
