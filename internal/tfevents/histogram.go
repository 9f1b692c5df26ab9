package tfevents

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Numbers of fields of a histogram.
const (
	histogramMin     = 1
	histogramMax     = 2
	histogramCount   = 3
	histogramSum     = 4
	histogramSquares = 5
	histogramLimits  = 6
	histogramBuckets = 7
)

// A Histogram counts values in buckets, each of which ends with a limit, that one included.
type Histogram struct {
	Min, Max     float64
	Count        float64
	Sum, Squares float64
	Limits       []float64 // rising
	Buckets      []float64 // as many
}

// Histo is a histogram under a tag.
func Histo(tag string, h Histogram) Value {
	var b []byte
	for _, f := range []struct {
		field protowire.Number
		value float64
	}{{histogramMin, h.Min}, {histogramMax, h.Max}, {histogramCount, h.Count}, {histogramSum, h.Sum}, {histogramSquares, h.Squares}} {
		b = appendDouble(b, f.field, f.value)
	}
	packed := func(values []float64) []byte {
		var p []byte
		for _, v := range values {
			p = protowire.AppendFixed64(p, math.Float64bits(v))
		}
		return p
	}
	b = appendBytes(b, histogramLimits, packed(h.Limits))
	b = appendBytes(b, histogramBuckets, packed(h.Buckets))
	return Value{appendBytes(appendTag(nil, tag), valueHistogram, b)}
}
