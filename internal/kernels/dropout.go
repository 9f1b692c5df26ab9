package kernels

import (
	"math"
	"sync"

	"github.com/seahorse-ml/seahorse/internal/random"
)

const (
	dropoutWord  = 16       // elements of a word of a mask
	dropoutChunk = 64       // words of a mask that Dropout holds at a time
	rareDropout  = 1. / 256 // below which 16 bits are too coarse for a rate
)

// dropoutMasks are masks for a chunk, which would be allocated at each call otherwise.
var dropoutMasks = sync.Pool{New: func() any { return new([dropoutChunk]uint16) }}

// DropoutRate returns the probability with which Dropout drops where it is told p: p itself, rounded to a multiple of 2⁻¹⁶, or below
// 1/256 of 2⁻³². Never is all dropped, or nothing where p isn't 0.
func DropoutRate(p float64) float64 {
	if p < rareDropout {
		return float64(dropoutLeast(p, 32)) / (1 << 32)
	}
	return float64(dropoutLeast(p, 16)) / (1 << 16)
}

// dropoutLeast returns the least number of so many bits that keeps an element.
func dropoutLeast(p float64, bits int) uint32 {
	if p == 0 {
		return 0
	}
	return uint32(min(max(1, math.Round(math.Ldexp(p, bits))), math.Ldexp(1, bits)-1))
}

// Dropout computes dst[i] = x[i]/(1-p) where the random number of element offset+i is at least p, and 0 elsewhere, p being
// DropoutRate's. It is DropoutMask and ApplyDropout. The offset must be a multiple of 16. dst may be x.
func Dropout[T Float](dst, x []T, p float64, seed, stream, offset uint64) {
	x = x[:len(dst)]
	mask := dropoutMasks.Get().(*[dropoutChunk]uint16)
	defer dropoutMasks.Put(mask)
	for at := 0; at < len(dst); at += dropoutChunk * dropoutWord {
		end := min(at+dropoutChunk*dropoutWord, len(dst))
		words := mask[:ceilDiv(end-at, dropoutWord)]
		DropoutMask(words, p, seed, stream, offset+uint64(at))
		ApplyDropout(dst[at:end], x[at:end], words, p)
	}
}

// DropoutMask draws which of 16·len(mask) elements are kept: bit i%16 of mask[i/16] is 1 where the random number of element offset+i is at
// least p. That number has 16 bits, half i%2 (0 the lower) of word i/2%4 of random.QuickBlock number i/8 of the stream, i being offset+i;
// where p is less than 1/256 it has 32, word i%4 of block i/4. The offset must be a multiple of 16.
func DropoutMask(mask []uint16, p float64, seed, stream, offset uint64) {
	if p < rareDropout {
		rareMask(mask, dropoutLeast(p, 32), seed, stream, offset)
		return
	}
	if fast != nil {
		fast.dropoutMasks(mask, dropoutLeast(p, 16), seed, stream, offset/8)
		return
	}
	dropoutMaskGeneric(mask, dropoutLeast(p, 16), seed, stream, offset/8)
}

func dropoutMaskGeneric(mask []uint16, least uint32, seed, stream, counter uint64) {
	for i := range mask {
		var word uint16
		for half := range uint64(2) {
			for j, w := range random.QuickBlock(seed, stream, counter+2*uint64(i)+half) {
				at := int(half)*8 + 2*j
				if w&0xFFFF >= least {
					word |= 1 << at
				}
				if w>>16 >= least {
					word |= 1 << (at + 1)
				}
			}
		}
		mask[i] = word
	}
}

func rareMask(mask []uint16, least uint32, seed, stream, offset uint64) {
	for i := range mask {
		var word uint16
		for part := range uint64(4) {
			for j, w := range random.QuickBlock(seed, stream, offset/4+4*uint64(i)+part) {
				if w >= least {
					word |= 1 << (4*int(part) + j)
				}
			}
		}
		mask[i] = word
	}
}

// dropoutMasks is dropoutMaskGeneric for as many blocks of random words at a time as the assembly computes side by side.
func (v *vectors) dropoutMasks(mask []uint16, least uint32, seed, stream, counter uint64) {
	if counter>>32 != (counter+2*uint64(len(mask)))>>32 { // the assembly counts in 32 bits
		dropoutMaskGeneric(mask, least, seed, stream, counter)
		return
	}
	body := len(mask) / v.dropoutWords * v.dropoutWords
	if body > 0 {
		v.dropoutMask(mask[:body], uint16(least), seed, stream, counter)
	}
	if body < len(mask) {
		rest := dropoutMasks.Get().(*[dropoutChunk]uint16)
		defer dropoutMasks.Put(rest)
		v.dropoutMask(rest[:v.dropoutWords], uint16(least), seed, stream, counter+2*uint64(body))
		copy(mask[body:], rest[:])
	}
}

// ApplyDropout computes dst[i] = x[i]/(1-p) where bit i%16 of mask[i/16] is 1 and 0 elsewhere, p being DropoutRate's. dst may be x.
func ApplyDropout[T Float](dst, x []T, mask []uint16, p float64) {
	x = x[:len(dst)]
	keep := T(1 / (1 - DropoutRate(p)))
	body := 0
	if v := fastFor[T](); v != nil {
		body = len(dst) / dropoutWord * dropoutWord
		v.applyDropout(single(dst[:body]), single(x[:body]), mask, float32(keep))
	}
	for i := body; i < len(dst); i++ {
		if mask[i/dropoutWord]>>(i%dropoutWord)&1 != 0 {
			dst[i] = x[i] * keep
		} else {
			dst[i] = 0
		}
	}
}
