package data

import (
	"errors"
	"io"
	"os"
	"sync/atomic"

	"github.com/seahorse-ml/seahorse/internal/parquetfile"
)

// rowsOfBlock is how many rows of a file that isn't text are handed to a core at a time.
const rowsOfBlock = 256

// parquet yields the rows of a Parquet file.
func (c *cutter) parquet(read *atomic.Int64, yield func(*block) bool) error {
	c.format = parquetFile
	f, remove, err := c.in.seekable()
	if err != nil {
		return err
	}
	defer remove()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	p, err := parquetfile.Open(f, info.Size())
	if err != nil {
		return err
	}
	row, told := 0, int64(0)
	var rows []record
	flush := func(last bool) bool {
		b := c.block(nil, row <= len(rows), last)
		b.rows, b.byRow = rows, true
		rows = nil
		at := int64(float64(c.in.size) * float64(row) / float64(max(1, p.NumRows())))
		read.Add(at - told)
		told = at
		return yield(b)
	}
	for o, err := range p.Rows() {
		row++
		var fault *Fault
		if err != nil {
			var ofRow *parquetfile.RowError
			if fault = (&Fault{Name: c.in.name, Line: row, Row: true, Err: err}); !errors.As(err, &ofRow) {
				fault.Err = structuralError{err}
				return fault
			}
		}
		if rows = append(rows, record{line: row, object: o, fault: fault}); len(rows) == rowsOfBlock && !flush(false) {
			return nil
		}
	}
	if len(rows) > 0 {
		flush(true)
	}
	return nil
}

// seekable opens the file, or where it is compressed a temporary copy of what it unpacks to, which is gone with the call of remove.
func (in input) seekable() (f *os.File, remove func(), err error) {
	r, err := in.open(new(atomic.Int64))
	if err != nil {
		return nil, nil, err
	}
	if !r.packed {
		if _, err := r.file.Seek(0, io.SeekStart); err != nil {
			return nil, nil, err
		}
		return r.file, func() { r.Close() }, nil
	}
	defer r.Close()
	if f, err = os.CreateTemp("", "seahorse-input-*"); err != nil {
		return nil, nil, err
	}
	remove = func() {
		f.Close()
		os.Remove(f.Name())
	}
	if _, err := io.Copy(f, r); err != nil {
		remove()
		return nil, nil, cutShort(err)
	}
	return f, remove, nil
}
