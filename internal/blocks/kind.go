// Package blocks knows the formats that GGUF files store numbers in: floats, and blocks of 32 or 256 numbers of
// 2 to 8 bits with scales of their own. It tells their sizes, unpacks them and packs into them. Plain Go is the specification; what products
// use of it is in package kernels.
package blocks

import (
	"fmt"
	"strings"
)

// Kind is a format, by its number in GGUF files.
type Kind uint32

// The formats.
const (
	F32   Kind = 0
	F16   Kind = 1
	Q4_0  Kind = 2
	Q4_1  Kind = 3
	Q5_0  Kind = 6
	Q5_1  Kind = 7
	Q8_0  Kind = 8
	Q2_K  Kind = 10 // read only
	Q3_K  Kind = 11 // read only
	Q4_K  Kind = 12
	Q5_K  Kind = 13
	Q6_K  Kind = 14
	IQ4NL Kind = 20 // read only
	BF16  Kind = 30
)

// superBlock is the number of elements of a block of the K formats.
const superBlock = 256

// format describes a kind.
type format struct {
	name         string
	elements     int // of a block
	bytes        int // of a block
	unpack       func(dst []float32, src []byte)
	pack         func(dst []byte, src []float32)          // nil for formats that are read only
	packWeighted func(dst []byte, src, weights []float32) // by the importance of columns; nil where it makes no difference
}

// formats are those of the kinds that are known; they are asked for at each turn of a kernel.
var formats = [...]*format{
	F32:   {"F32", 1, 4, unpackF32, packF32, nil},
	F16:   {"F16", 1, 2, unpackF16, packF16, nil},
	BF16:  {"BF16", 1, 2, unpackBF16, packBF16, nil},
	Q4_0:  {"Q4_0", 32, 18, unpackQ40, packQ40, weighedQ40},
	Q4_1:  {"Q4_1", 32, 20, unpackQ41, packQ41, weighedQ41},
	Q5_0:  {"Q5_0", 32, 22, unpackQ50, packQ50, weighedQ50},
	Q5_1:  {"Q5_1", 32, 24, unpackQ51, packQ51, weighedQ51},
	Q8_0:  {"Q8_0", 32, 34, unpackQ80, packQ80, nil},
	Q2_K:  {"Q2_K", superBlock, 84, unpackQ2K, nil, nil},
	Q3_K:  {"Q3_K", superBlock, 110, unpackQ3K, nil, nil},
	Q4_K:  {"Q4_K", superBlock, 144, unpackQ4K, packQ4K, weighedQ4K},
	Q5_K:  {"Q5_K", superBlock, 176, unpackQ5K, packQ5K, weighedQ5K},
	Q6_K:  {"Q6_K", superBlock, 210, unpackQ6K, packQ6K, weighedQ6K},
	IQ4NL: {"IQ4_NL", 32, 18, unpackIQ4NL, nil, nil},
}

func (k Kind) format() *format {
	if int(k) >= len(formats) {
		return nil
	}
	return formats[k]
}

// Kinds returns all formats.
func Kinds() []Kind {
	return []Kind{F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4NL}
}

// Known tells whether the format is one of this package.
func (k Kind) Known() bool { return k.format() != nil }

// Packs tells whether Pack can write the format.
func (k Kind) Packs() bool { f := k.format(); return f != nil && f.pack != nil }

// Quantised tells whether the format has blocks with scales.
func (k Kind) Quantised() bool { return k.Elements() > 1 }

// Elements returns the number of elements of a block, 0 for an unknown format.
func (k Kind) Elements() int {
	if f := k.format(); f != nil {
		return f.elements
	}
	return 0
}

// BlockBytes returns the bytes of a block, 0 for an unknown format.
func (k Kind) BlockBytes() int {
	if f := k.format(); f != nil {
		return f.bytes
	}
	return 0
}

// Size returns the bytes of n elements, which are whole blocks.
func (k Kind) Size(n int) int { return n / k.Elements() * k.BlockBytes() }

// Fits tells whether rows of n elements are whole blocks.
func (k Kind) Fits(n int) bool { return k.Known() && n%k.Elements() == 0 }

// String returns the name, as llama.cpp and gguf-py have it.
func (k Kind) String() string {
	if f := k.format(); f != nil {
		return f.name
	}
	if name, ok := otherKinds[k]; ok {
		return name
	}
	return fmt.Sprintf("format %d", uint32(k))
}

// otherKinds are known by name only, for errors.
var otherKinds = map[Kind]string{
	9: "Q8_1", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS",
	24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4", 40: "NVFP4",
}

// Parse returns the format of a name, in any case.
func Parse(name string) (Kind, error) {
	var names []string
	for _, k := range Kinds() {
		if strings.EqualFold(k.String(), name) {
			return k, nil
		}
		names = append(names, strings.ToLower(k.String()))
	}
	return 0, fmt.Errorf("blocks: unknown format %q; known are %s", name, strings.Join(names, ", "))
}

// Unpack writes the values of src, whole blocks, to dst, whose length is their number of elements. It panics if
// the lengths don't fit or the format is unknown.
func (k Kind) Unpack(dst []float32, src []byte) {
	f := k.check("unpack", len(dst), len(src))
	f.unpack(dst, src)
}

// Pack writes the values of src, whole blocks, to dst. It panics if the lengths don't fit or the format can't be written.
// Values should be finite; of others, blocks are made whose values mean nothing.
func (k Kind) Pack(dst []byte, src []float32) {
	f := k.check("pack", len(src), len(dst))
	f.pack(dst, src)
}

// PackWeighted is Pack for a row in which the error of element i counts weights[i] times, as an importance matrix says. Formats
// that choose nothing, such as floats and Q8_0, ignore the weights.
func (k Kind) PackWeighted(dst []byte, src, weights []float32) {
	f := k.check("pack", len(src), len(dst))
	if f.packWeighted == nil || weights == nil {
		f.pack(dst, src)
		return
	}
	f.packWeighted(dst, src, weights[:len(src)])
}

func (k Kind) check(what string, elements, bytes int) *format {
	f := k.format()
	if f == nil || what == "pack" && f.pack == nil {
		panic(fmt.Sprintf("blocks: can't %s %v", what, k))
	}
	if elements%f.elements != 0 || elements/f.elements*f.bytes != bytes {
		panic(fmt.Sprintf("blocks: %s %v: %d elements in %d bytes", what, k, elements, bytes))
	}
	return f
}
