package parquetfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// Bounds of what a file may have.
const (
	maxFooter  = 64 << 20  // bytes
	maxHeader  = 1 << 20   // bytes of a page's header
	maxPage    = 256 << 20 // bytes of a page, unpacked
	maxText    = 64 << 20  // bytes of a value, as of a line of other formats
	maxValues  = 1 << 24   // of a page
	maxColumns = 10_000
)

// readFooter returns what a file says of itself, having held it to what is there.
func readFooter(r io.ReaderAt, size int64) (*format.FileMetaData, error) {
	const ends = 12 // the marks at both ends, and the footer's size
	if size < ends {
		return nil, fmt.Errorf("not a Parquet file: %d bytes", size)
	}
	var head [4]byte
	var tail [8]byte
	if _, err := r.ReadAt(head[:], 0); err != nil {
		return nil, err
	}
	if _, err := r.ReadAt(tail[:], size-8); err != nil {
		return nil, err
	}
	switch {
	case string(head[:]) == "PARE" || string(tail[4:]) == "PARE":
		return nil, errors.New("the file is encrypted")
	case string(head[:]) != "PAR1":
		return nil, errors.New(`not a Parquet file: it doesn't begin with "PAR1"`)
	case string(tail[4:]) != "PAR1":
		return nil, errors.New(`it doesn't end with "PAR1": is the file cut short?`)
	}
	n := int64(binary.LittleEndian.Uint32(tail[:]))
	if n > maxFooter || n > size-ends {
		return nil, fmt.Errorf("damaged: a footer of %d bytes in a file of %d", n, size)
	}
	b := make([]byte, n)
	if _, err := r.ReadAt(b, size-8-n); err != nil {
		return nil, err
	}
	used, err := skim(b)
	if err != nil {
		return nil, fmt.Errorf("damaged footer: %w", err)
	}
	m := new(format.FileMetaData)
	if err := thrift.Unmarshal(new(thrift.CompactProtocol), b[:used], m); err != nil {
		return nil, fmt.Errorf("damaged footer: %w", err)
	}
	return m, nil
}

// check holds all that a file says of its pages to what is there.
func check(r io.ReaderAt, size int64, m *format.FileMetaData, leaves []*node) error {
	rows := int64(0)
	for i := range m.RowGroups {
		g := &m.RowGroups[i]
		if g.NumRows < 0 || len(g.Columns) != len(leaves) {
			return fmt.Errorf("damaged: row group %d has %d rows and %d columns of %d", i, g.NumRows, len(g.Columns), len(leaves))
		}
		rows += g.NumRows
		for k := range g.Columns {
			c := &g.Columns[k]
			if c.FilePath != "" {
				return fmt.Errorf("column %q lies in another file, %q", leaves[k].path, c.FilePath)
			}
			if err := checkChunk(r, size, &c.MetaData, g.NumRows, leaves[k]); err != nil {
				return fmt.Errorf("column %q: %w", leaves[k].path, err)
			}
		}
	}
	if rows != m.NumRows {
		return fmt.Errorf("damaged: %d rows in its groups, %d in all", rows, m.NumRows)
	}
	return nil
}

// checkChunk walks the pages of a column in a group of rows.
func checkChunk(r io.ReaderAt, size int64, m *format.ColumnMetaData, rows int64, leaf *node) error {
	start := m.DataPageOffset
	if d := m.DictionaryPageOffset; d > 0 && d < start {
		start = d
	}
	total := m.TotalCompressedSize
	switch {
	case m.Type != leaf.kind:
		return fmt.Errorf("damaged: its pages are of type %v, the schema says %v", m.Type, leaf.kind)
	case start < 4 || total < 0 || start > size || total > size-start:
		return fmt.Errorf("damaged: %d bytes at %d of a file of %d", total, start, size)
	case m.NumValues < 0 || leaf.repetition == 0 && m.NumValues != rows || m.NumValues < rows:
		return fmt.Errorf("damaged: %d values in %d rows", m.NumValues, rows)
	}
	end, values := start+total, int64(0)
	for at := start; values < m.NumValues; {
		h, n, err := readHeader(r, at, end)
		if err != nil {
			return fmt.Errorf("damaged: a page's header at byte %d: %w", at, err)
		}
		at += int64(n)
		if h.CompressedPageSize < 0 || int64(h.CompressedPageSize) > end-at {
			return fmt.Errorf("damaged: a page of %d bytes at byte %d, of %d", h.CompressedPageSize, at, end)
		}
		if h.UncompressedPageSize < 0 || h.UncompressedPageSize > maxPage {
			return fmt.Errorf("a page of %d bytes when unpacked, expected at most %d", h.UncompressedPageSize, maxPage)
		}
		v, plain, packed, err := pageValues(h, leaf)
		if err != nil {
			return err
		}
		values += int64(v)
		if err := checkSum(io.NewSectionReader(r, at, int64(h.CompressedPageSize)), h.CRC); err != nil {
			return fmt.Errorf("damaged: the page at byte %d: %w", at, err)
		}
		if packed && int64(h.CompressedPageSize)+int64(h.UncompressedPageSize) > 2*int64(plain) {
			if err := checkPacked(io.NewSectionReader(r, at, int64(h.CompressedPageSize)), plain, int64(h.UncompressedPageSize), m.Codec); err != nil {
				return fmt.Errorf("damaged: the page at byte %d: %w", at, err)
			}
		}
		at += int64(h.CompressedPageSize)
	}
	if values != m.NumValues {
		return fmt.Errorf("damaged: %d values in its pages, expected %d", values, m.NumValues)
	}
	return nil
}

// pageValues returns how many rows' values a page holds, how many of its bytes are never packed, and whether the others are.
func pageValues(h *format.PageHeader, leaf *node) (values, plain int32, packed bool, err error) {
	packed = true
	switch {
	case h.Type == format.DataPage && h.DataPageHeader.Valid:
		values = h.DataPageHeader.V.NumValues
	case h.Type == format.DataPageV2 && h.DataPageHeaderV2.Valid:
		v2 := &h.DataPageHeaderV2.V
		values = v2.NumValues
		a, b := v2.DefinitionLevelsByteLength, v2.RepetitionLevelsByteLength
		if a < 0 || b < 0 || int64(a)+int64(b) > int64(min(h.CompressedPageSize, h.UncompressedPageSize)) || v2.NumNulls < 0 || v2.NumNulls > values || v2.NumRows < 0 || v2.NumRows > values {
			return 0, 0, false, fmt.Errorf("damaged: a page of %d bytes with %d and %d of levels, %d nulls, %d rows and %d values", h.CompressedPageSize, a, b, v2.NumNulls, v2.NumRows, values)
		}
		plain, packed = a+b, !v2.IsCompressed.Valid || v2.IsCompressed.V
	case h.Type == format.DictionaryPage && h.DictionaryPageHeader.Valid:
		if n := h.DictionaryPageHeader.V.NumValues; n < 0 || n > maxValues {
			return 0, 0, false, fmt.Errorf("damaged: a dictionary of %d values", n)
		}
		return 0, 0, true, nil
	default:
		return 0, 0, false, fmt.Errorf("damaged: a page of type %v", h.Type)
	}
	if values < 0 || values > maxValues {
		return 0, 0, false, fmt.Errorf("a page of %d values, expected at most %d", values, maxValues)
	}
	return values, plain, packed, nil
}

// readHeader reads the header of a page and returns how long it is.
func readHeader(r io.ReaderAt, at, end int64) (*format.PageHeader, int, error) {
	for room := int64(4 << 10); ; room *= 16 {
		b := make([]byte, min(room, end-at))
		if len(b) == 0 {
			return nil, 0, errShort
		}
		if _, err := r.ReadAt(b, at); err != nil {
			return nil, 0, err
		}
		n, err := skim(b)
		if errors.Is(err, errShort) && int64(len(b)) < end-at && room < maxHeader {
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		h := new(format.PageHeader)
		return h, n, thrift.Unmarshal(new(thrift.CompactProtocol), b[:n], h)
	}
}

// checkSum compares a page with its checksum, which most files don't have.
func checkSum(page io.Reader, want int32) error {
	if want == 0 {
		return nil
	}
	sum := crc32.NewIEEE()
	if _, err := io.Copy(sum, page); err != nil {
		return err
	}
	if got := sum.Sum32(); got != uint32(want) {
		return fmt.Errorf("its checksum is %08x, expected %08x", got, uint32(want))
	}
	return nil
}

// checkPacked unpacks a page into nothing and compares how long it is with what its header says.
func checkPacked(page *io.SectionReader, plain int32, want int64, codec format.CompressionCodec) error {
	if _, err := page.Seek(int64(plain), io.SeekStart); err != nil {
		return err
	}
	want -= int64(plain)
	var in io.Reader
	switch codec {
	case format.Uncompressed:
		in = page
	case format.Gzip:
		z, err := gzip.NewReader(page)
		if err != nil {
			return err
		}
		in = z
	case format.Zstd:
		z, err := zstd.NewReader(page, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxPage))
		if err != nil {
			return err
		}
		defer z.Close()
		in = z
	case format.Brotli:
		in = brotli.NewReader(page)
	case format.Snappy:
		b, err := io.ReadAll(page)
		if err != nil {
			return err
		}
		n, err := snappy.DecodedLen(b)
		if err != nil {
			return err
		}
		in = io.LimitReader(zeros{}, int64(n))
	case format.Lz4Raw: // parquet-go makes ever more room where a block doesn't unpack
		b, err := io.ReadAll(page)
		if err != nil {
			return err
		}
		const most = 255 // bytes that one can stand for
		if want > most*int64(len(b)+1) {
			return fmt.Errorf("%d bytes, said to be %d when unpacked", len(b), want)
		}
		n, err := lz4.UncompressBlock(b, make([]byte, want))
		if err != nil {
			return err
		}
		in = io.LimitReader(zeros{}, int64(n))
	default:
		return fmt.Errorf("compression %v isn't known", codec)
	}
	n, err := io.Copy(io.Discard, io.LimitReader(in, want+1))
	if err != nil {
		return err
	}
	if n != want {
		return fmt.Errorf("%d bytes when unpacked, or more, expected %d", n, want)
	}
	return nil
}

// zeros is as many bytes as are wanted.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
