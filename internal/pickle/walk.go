package pickle

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Bounds of what pickles of tensors and words are far below.
const (
	mostLine    = 1 << 20 // bytes of a number, name or text that a line end ends
	mostInteger = 1 << 10 // bytes of a whole number
	mostObjects = 1 << 20 // lists, dictionaries, sets, tuples and marks, of which each takes much more memory than its opcode
)

// argument is what stands behind an opcode: bytes of fixed number, lines, or as many bytes as a number of so many bytes says.
type argument struct {
	known                 bool
	fixed, lines, counted int
	object                bool // takes memory for an object
}

const (
	frame = 0x95 // FRAME says how many bytes come next, which nobody needs to know
	long4 = 0x8b // LONG4
	stop  = '.'
)

// arguments are those of all opcodes, of protocols 0 to 5.
var arguments = func() (all [256]argument) {
	set := func(opcodes string, a argument) {
		a.known = true
		for i := range len(opcodes) {
			all[opcodes[i]] = a
		}
	}
	set(".012NQRabesu\x81\x88\x89\x90\x92\x93\x94\x97\x98", argument{})
	set("(}])dlto\x85\x86\x87\x8f\x91", argument{object: true})
	set("Khq\x80\x82", argument{fixed: 1})
	set("M\x83", argument{fixed: 2})
	set("Jjr\x84", argument{fixed: 4})
	set("G\x95", argument{fixed: 8})
	set("FILPSVgp", argument{lines: 1})
	set("c", argument{lines: 2})
	set("i", argument{lines: 2, object: true})
	set("UC\x8a\x8c", argument{counted: 1})
	set("TXB\x8b", argument{counted: 4})
	set("\x8d\x8e\x96", argument{counted: 8})
	return all
}()

// walker reads a pickle up to its end and keeps it, but for its frames.
type walker struct {
	r       *bufio.Reader
	size    int64 // bytes there are
	read    int64 // bytes that were read
	at      int64 // where the opcode is that is looked at
	objects int
	kept    bytes.Buffer
}

func (w *walker) walk() error {
	for {
		w.at = w.read
		op, err := w.r.ReadByte()
		if err != nil {
			return ended(err)
		}
		w.read++
		a := arguments[op]
		switch {
		case !a.known:
			return fmt.Errorf("%#x is no opcode", op)
		case a.object:
			if w.objects++; w.objects > mostObjects {
				return fmt.Errorf("it has more than %d lists, tuples and dictionaries", mostObjects)
			}
		}
		if op == frame {
			n, err := w.r.Discard(a.fixed)
			if w.read += int64(n); err != nil {
				return ended(err)
			}
			continue
		}
		w.kept.WriteByte(op)
		if err := w.argument(op, a); err != nil || op == stop {
			return err
		}
	}
}

// argument keeps what stands behind an opcode.
func (w *walker) argument(op byte, a argument) error {
	for range a.lines {
		if err := w.line(); err != nil {
			return err
		}
	}
	if err := w.take(int64(a.fixed)); err != nil || a.counted == 0 {
		return err
	}
	if err := w.take(int64(a.counted)); err != nil {
		return err
	}
	var wide [8]byte
	copy(wide[:], w.kept.Bytes()[w.kept.Len()-a.counted:])
	n := binary.LittleEndian.Uint64(wide[:])
	switch {
	case n > uint64(w.size-w.read):
		return fmt.Errorf("a value of %d bytes with %d left", n, w.size-w.read)
	case op == long4 && n > mostInteger:
		return fmt.Errorf("a whole number of %d bytes, expected at most %d", n, mostInteger)
	}
	return w.take(int64(n))
}

// take keeps the next n bytes.
func (w *walker) take(n int64) error {
	got, err := io.CopyN(&w.kept, w.r, n)
	w.read += got
	return ended(err)
}

func (w *walker) line() error {
	for length := 0; ; {
		piece, err := w.r.ReadSlice('\n')
		w.read += int64(len(piece))
		w.kept.Write(piece)
		if length += len(piece); length > mostLine {
			return fmt.Errorf("a line of more than %d bytes", mostLine)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return ended(err)
		}
	}
}

// ended is the error of an end inside of a pickle.
func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
