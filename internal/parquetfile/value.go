package parquetfile

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// value returns what a value of a leaf is in JSON: nil for bytes that are no text.
func (n *node) value(v parquet.Value) (any, error) {
	if v.IsNull() {
		return nil, nil
	}
	switch n.kind {
	case format.Boolean:
		return v.Boolean(), nil
	case format.Int32:
		if n.means == asUnsigned {
			return int64(v.Uint32()), nil
		}
		return n.whole(int64(v.Int32())), nil
	case format.Int64:
		if u := v.Uint64(); n.means == asUnsigned && u > math.MaxInt64 {
			return json.Number(strconv.FormatUint(u, 10)), nil
		}
		return n.whole(v.Int64()), nil
	case format.Int96:
		t := v.Int96()
		day, nanos := int64(t[2]), int64(t[1])<<32|int64(t[0])
		const julianEpoch = 2440588
		return time.Unix((day-julianEpoch)*86400, nanos).UTC().Format(time.RFC3339Nano), nil
	case format.Float:
		return short(v.Float()), nil
	case format.Double:
		return v.Double(), nil
	}
	return n.bytes(v.ByteArray())
}

// short returns the shortest decimal that is a float32.
func short(f float32) float64 {
	x, err := strconv.ParseFloat(strconv.FormatFloat(float64(f), 'g', -1, 32), 64)
	if err != nil {
		return float64(f)
	}
	return x
}

// bytes returns what bytes mean.
func (n *node) bytes(b []byte) (any, error) {
	switch {
	case len(b) > maxText:
		return nil, &RowError{fmt.Errorf("column %q: a value of %d bytes, expected at most %d MiB", n.path, len(b), maxText>>20)}
	case n.means == asDecimal && len(b) <= 64:
		x := new(big.Int).SetBytes(b)
		if len(b) > 0 && b[0]&0x80 != 0 { // two's complement
			x.Sub(x, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		}
		return decimal(x.String(), n.scale()), nil
	case n.means == asFloat16 && len(b) == 2:
		return half(binary.LittleEndian.Uint16(b)), nil
	case n.means == asUUID && len(b) == 16:
		return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
	case utf8.Valid(b):
		return string(b), nil
	case n.means == asText:
		return nil, &RowError{fmt.Errorf("column %q: text that isn't UTF-8: %.20q", n.path, b)}
	}
	return nil, nil
}

// whole returns what a whole number means.
func (n *node) whole(x int64) any {
	switch n.means {
	case asDecimal:
		return decimal(strconv.FormatInt(x, 10), n.scale())
	case asDate:
		if x < -1e7 || x > 1e7 {
			return x
		}
		return time.Unix(x*86400, 0).UTC().Format(time.DateOnly)
	case asTime:
		return time.Unix(0, 0).Add(time.Duration(x) * n.unit()).UTC().Format("15:04:05.999999999")
	case asTimestamp:
		perSecond := int64(time.Second / n.unit())
		seconds := x / perSecond
		return time.Unix(seconds, (x-seconds*perSecond)*int64(n.unit())).UTC().Format("2006-01-02T15:04:05.999999999")
	}
	return x
}

// unit returns what a time is counted in.
func (n *node) unit() time.Duration {
	switch t := n.element.LogicalType.Value.(type) {
	case *format.TimestampType:
		if t.Unit.Value != nil {
			return t.Unit.Value.Duration()
		}
	case *format.TimeType:
		if t.Unit.Value != nil {
			return t.Unit.Value.Duration()
		}
	}
	if old := n.element.ConvertedType; old.Valid && (old.V == deprecated.TimeMillis || old.V == deprecated.TimestampMillis) {
		return time.Millisecond
	}
	return time.Microsecond
}

// scale returns how many digits of a decimal come behind the point.
func (n *node) scale() int {
	scale := n.element.Scale.V
	if t, ok := n.element.LogicalType.Value.(*format.DecimalType); ok {
		scale = t.Scale
	}
	return int(min(max(scale, 0), 100))
}

// decimal puts a point before the last digits of a whole number.
func decimal(digits string, scale int) any {
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	for len(digits) <= scale {
		digits = "0" + digits
	}
	if scale == 0 {
		return json.Number(sign + digits)
	}
	return json.Number(sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:])
}

// half returns a number of 16 bits.
func half(h uint16) float64 {
	sign, exponent, fraction := h>>15, h>>10&31, float64(h&1023)
	var x float64
	switch exponent {
	case 0:
		x = math.Ldexp(fraction, -24)
	case 31:
		x = math.Inf(1)
		if fraction != 0 {
			x = math.NaN()
		}
	default:
		x = math.Ldexp(1024+fraction, int(exponent)-25)
	}
	if sign != 0 {
		return -x
	}
	return x
}
