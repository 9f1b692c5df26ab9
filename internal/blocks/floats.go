package blocks

import (
	"encoding/binary"
	"math"

	"github.com/seahorse-ml/seahorse/internal/float16"
)

func half(b []byte) float32       { return float16.Half(binary.LittleEndian.Uint16(b)) }
func setHalf(b []byte, v float32) { binary.LittleEndian.PutUint16(b, float16.ToHalf(v)) }
func unpackF32(d []float32, s []byte) {
	eachNumber(d, s, 4, func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) })
}
func unpackF16(d []float32, s []byte) { eachNumber(d, s, 2, half) }
func unpackBF16(d []float32, s []byte) {
	eachNumber(d, s, 2, func(b []byte) float32 { return float16.Brain(binary.LittleEndian.Uint16(b)) })
}

func eachNumber(dst []float32, src []byte, size int, number func([]byte) float32) {
	for i := range dst {
		dst[i] = number(src[i*size:][:size])
	}
}

func packF32(dst []byte, src []float32) {
	for i, v := range src {
		binary.LittleEndian.PutUint32(dst[4*i:], math.Float32bits(v))
	}
}

func packF16(dst []byte, src []float32) {
	for i, v := range src {
		setHalf(dst[2*i:], v)
	}
}

func packBF16(dst []byte, src []float32) {
	for i, v := range src {
		binary.LittleEndian.PutUint16(dst[2*i:], float16.ToBrain(v))
	}
}
