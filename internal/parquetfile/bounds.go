package parquetfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// checkBounds holds a value of a leaf to the least and the greatest that a group of rows says it has of the column: most files have no
// checksums, but most have these.
func (n *node) checkBounds(v parquet.Value, s *format.Statistics) error {
	if v.IsNull() || n.means == asDecimal || n.means == asFloat16 {
		return nil
	}
	if least := s.MinValue; n.bounded(least) && n.below(v, least) || n.bounded(s.MaxValue) && n.above(v, s.MaxValue) {
		return fmt.Errorf("damaged: column %q has the value %.40v, which is beyond those of its statistics", n.path, v)
	}
	return nil
}

// bounded tells whether a bound is one for values of the leaf.
func (n *node) bounded(b []byte) bool {
	switch n.kind {
	case format.Int32, format.Float:
		return len(b) == 4
	case format.Int64, format.Double:
		return len(b) == 8
	case format.ByteArray:
		return len(b) > 0 && n.means == asText
	}
	return false
}

func (n *node) below(v parquet.Value, b []byte) bool {
	switch n.kind {
	case format.Int32:
		x := binary.LittleEndian.Uint32(b)
		return n.means == asUnsigned && v.Uint32() < x || n.means != asUnsigned && v.Int32() < int32(x)
	case format.Int64:
		x := binary.LittleEndian.Uint64(b)
		return n.means == asUnsigned && v.Uint64() < x || n.means != asUnsigned && v.Int64() < int64(x)
	case format.Float:
		return v.Float() < math.Float32frombits(binary.LittleEndian.Uint32(b))
	case format.Double:
		return v.Double() < math.Float64frombits(binary.LittleEndian.Uint64(b))
	}
	return bytes.Compare(v.ByteArray(), b) < 0
}

func (n *node) above(v parquet.Value, b []byte) bool {
	switch n.kind {
	case format.Int32:
		x := binary.LittleEndian.Uint32(b)
		return n.means == asUnsigned && v.Uint32() > x || n.means != asUnsigned && v.Int32() > int32(x)
	case format.Int64:
		x := binary.LittleEndian.Uint64(b)
		return n.means == asUnsigned && v.Uint64() > x || n.means != asUnsigned && v.Int64() > int64(x)
	case format.Float:
		return v.Float() > math.Float32frombits(binary.LittleEndian.Uint32(b))
	case format.Double:
		return v.Double() > math.Float64frombits(binary.LittleEndian.Uint64(b))
	}
	return bytes.Compare(v.ByteArray(), b) > 0
}
