package data

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"strconv"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
)

// An Origin is where a document comes from, or a part of a long text.
type Origin struct {
	Name string // of the file
	Line int    // from 1: of the record, or the first one of the part; 0 for the file as a whole
	Row  bool   // Line counts rows, of files that have no lines
	Text bool   // the file is one text, and the lines behind Line go on in it
}

// String names file and line.
func (o Origin) String() string {
	switch {
	case o.Line == 0:
		return o.Name
	case o.Row:
		return o.Name + ": row " + strconv.Itoa(o.Line)
	}
	return o.Name + ":" + strconv.Itoa(o.Line)
}

// A file of origins lies beside a token file. Little-endian throughout, it begins with a header of 16 bytes: a magic number, the checksum that the token file
// has in its own header, and the CRC-32C of what follows. That are entries, each for the tokens from a place on to that of the next one:
//
//	flags     a byte: nameFlag, rowFlag, textFlag
//	tokens    uvarint: the place, as a number of tokens behind that of the entry before
//	name      only with nameFlag: a uvarint of bytes, and they themselves; else as before
//	line      varint: less that of the entry before, or with a name less 0
const (
	originsMagic  = "SEAHORG1"
	originsHeader = 16
	originsSuffix = ".origins"

	nameFlag = 1 << 0
	rowFlag  = 1 << 1
	textFlag = 1 << 2
)

// originsWriter writes the origins of a token file beside it. It makes the file with its first entry.
type originsWriter struct {
	path    string
	out     *atomicfile.File
	buffer  []byte
	sum     hash.Hash32
	last    Origin
	token   uint64
	written bool // an entry was
}

// from notes that the tokens from a place on come from o.
func (w *originsWriter) from(o Origin, token uint64) error {
	if w.written && o == w.last {
		return nil
	}
	if !w.written {
		var err error
		if w.out, err = atomicfile.Create(w.path); err != nil {
			return err
		}
		w.written, w.sum, w.buffer = true, crc32.New(castagnoli), make([]byte, 0, readBuffer)
		if _, err := w.out.Write(make([]byte, originsHeader)); err != nil {
			return err
		}
	}
	flags, line := byte(0), w.last.Line
	if o.Name != w.last.Name {
		flags, line = nameFlag, 0
	}
	if o.Row {
		flags |= rowFlag
	}
	if o.Text {
		flags |= textFlag
	}
	w.buffer = binary.AppendUvarint(append(w.buffer, flags), token-w.token)
	if flags&nameFlag != 0 {
		w.buffer = append(binary.AppendUvarint(w.buffer, uint64(len(o.Name))), o.Name...)
	}
	w.buffer = binary.AppendVarint(w.buffer, int64(o.Line-line))
	w.last, w.token = o, token
	if len(w.buffer) < readBuffer {
		return nil
	}
	return w.flush()
}

func (w *originsWriter) flush() error {
	w.sum.Write(w.buffer)
	_, err := w.out.Write(w.buffer)
	w.buffer = w.buffer[:0]
	return err
}

// commit ends the file, of tokens with such a checksum.
func (w *originsWriter) commit(checksum uint32) error {
	if !w.written {
		return nil
	}
	if err := w.flush(); err != nil {
		return err
	}
	header := binary.LittleEndian.AppendUint32([]byte(originsMagic), checksum)
	if _, err := w.out.WriteAt(binary.LittleEndian.AppendUint32(header, w.sum.Sum32()), 0); err != nil {
		return err
	}
	return w.out.Commit()
}

// remove removes the file after it was committed.
func (w *originsWriter) remove() error {
	if !w.written {
		return nil
	}
	return os.Remove(w.path)
}

// abort gives the file up, unless it was committed.
func (w *originsWriter) abort() {
	if w.out != nil {
		w.out.Abort()
	}
}

// originEntry is an entry as it is read.
type originEntry struct {
	Origin
	token uint64
}

// errOrigins is what a damaged file comes to.
var errOrigins = errors.New("damaged")

// next reads the entry behind e from b, and returns the rest.
func (e *originEntry) next(b []byte) (rest []byte, err error) {
	if len(b) == 0 {
		return nil, io.EOF
	}
	flags := b[0]
	b = b[1:]
	if flags&^(nameFlag|rowFlag|textFlag) != 0 {
		return nil, errOrigins
	}
	skipped, n := binary.Uvarint(b)
	if n <= 0 || skipped > 1<<48 {
		return nil, errOrigins
	}
	b, e.token = b[n:], e.token+skipped
	if flags&nameFlag != 0 {
		length, n := binary.Uvarint(b)
		if n <= 0 || length > uint64(len(b)-n) {
			return nil, errOrigins
		}
		e.Name, e.Line = string(b[n:n+int(length)]), 0
		b = b[n+int(length):]
	}
	lines, n := binary.Varint(b)
	if n <= 0 || lines > 1<<48 || lines < -1<<48 || e.Line+int(lines) < 0 {
		return nil, errOrigins
	}
	e.Line += int(lines)
	e.Row, e.Text = flags&rowFlag != 0, flags&textFlag != 0
	return b[n:], nil
}

// checkOrigins returns the entries of a file of origins, of tokens with such a checksum.
func checkOrigins(b []byte, checksum uint32) ([]byte, error) {
	if len(b) < originsHeader || string(b[:8]) != originsMagic {
		return nil, fmt.Errorf("%w: no header of origins", errOrigins)
	}
	if of := binary.LittleEndian.Uint32(b[8:]); of != checksum {
		return nil, fmt.Errorf("origins of other tokens: their checksum is %08x, expected %08x", of, checksum)
	}
	b, want := b[originsHeader:], binary.LittleEndian.Uint32(b[12:])
	if got := crc32.Checksum(b, castagnoli); got != want {
		return nil, fmt.Errorf("%w: checksum is %08x, expected %08x", errOrigins, got, want)
	}
	return b, nil
}
