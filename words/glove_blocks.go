package words

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"
	"os"
	"slices"

	"github.com/seahorse-ml/seahorse/internal/random"
)

// Words are divided into groups. Blocks of pairs that share neither the group of their words nor that of their contexts are learned side by side (Gemulla
// et al., 2011), so the result doesn't depend on the number of threads.
const (
	gloveGroups     = 8
	gloveBlockCount = gloveGroups * gloveGroups
	gloveKeyBits    = 58 // of a key of arrange, behind the number of the block
)

// glovePair is a pair as it is learned.
type glovePair struct {
	row, column int32
	logWeight   float32
	factor      float32
}

// gloveBlocks are all pairs by their blocks, each block in an order drawn at random.
type gloveBlocks struct {
	ends  [gloveBlockCount]int64 // of the blocks, in pairs
	pairs []glovePair            // nil where they are in a file
	file  *os.File               // nil where they are in memory
}

// arrange sorts pairs, about so many of which are in memory, by their blocks and by random numbers that belong to them, in files where they don't fit.
func arrange(ctx context.Context, pairs iter.Seq2[pair, error], inMemory int, held PairsConfig, c GloVeConfig) (b *gloveBlocks, err error) {
	runs := newPairRuns(held)
	b = &gloveBlocks{}
	defer func() {
		if err = errors.Join(err, runs.close()); err != nil {
			err = errors.Join(err, b.close())
		}
	}()
	rest := make([]pair, 0, inMemory)
	for p, err := range pairs {
		if err == nil && ctx.Err() != nil {
			err = fmt.Errorf("words: GloVe: %w", context.Cause(ctx))
		}
		if err != nil {
			return b, err
		}
		const stream = 12
		block := uint64(p.row%gloveGroups)*gloveGroups + uint64(p.column%gloveGroups)
		p.key = block<<gloveKeyBits | random.Uint64(c.Seed, stream, pairKey(p.row, p.column))>>(64-gloveKeyBits)
		if rest = append(rest, p); runs.full(len(rest)) {
			slices.SortFunc(rest, comparePairs)
			if err := runs.spill(rest); err != nil {
				return b, err
			}
			rest = rest[:0]
		}
	}
	slices.SortFunc(rest, comparePairs)
	keep := func(p glovePair) { b.pairs = append(b.pairs, p) }
	var to *bufio.Writer
	if len(runs.files) > 0 {
		if b.file, err = runs.temporary(); err != nil {
			return b, err
		}
		to = bufio.NewWriterSize(b.file, 1<<20)
		keep = func(p glovePair) { to.Write(p.appendTo(to.AvailableBuffer())) } // Flush tells what went wrong
	} else {
		b.pairs = make([]glovePair, 0, len(rest))
	}
	for p, err := range runs.merged(rest) {
		if err != nil {
			return b, err
		}
		keep(glovePair{p.row, p.column, float32(math.Log(p.weight)), float32(math.Pow(min(1, p.weight/c.XMax), c.Alpha))})
		b.ends[p.key>>gloveKeyBits]++
	}
	if to != nil {
		if err := to.Flush(); err != nil {
			return b, fmt.Errorf("words: pairs: %w", err)
		}
	}
	for i := 1; i < gloveBlockCount; i++ {
		b.ends[i] += b.ends[i-1]
	}
	return b, nil
}

// len returns the number of all pairs.
func (b *gloveBlocks) len() int64 { return b.ends[gloveBlockCount-1] }

func (b *gloveBlocks) close() error {
	if b.file == nil {
		return nil
	}
	return discard(b.file)
}

// glovePairBytes is a pair in the file.
const glovePairBytes = 16

func (p glovePair) appendTo(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(p.row))
	b = binary.LittleEndian.AppendUint32(b, uint32(p.column))
	b = binary.LittleEndian.AppendUint32(b, math.Float32bits(p.logWeight))
	return binary.LittleEndian.AppendUint32(b, math.Float32bits(p.factor))
}

// read yields the pairs of a block, in parts that are valid until the next.
func (b *gloveBlocks) read(block int) iter.Seq2[[]glovePair, error] {
	begin, end := int64(0), b.ends[block]
	if block > 0 {
		begin = b.ends[block-1]
	}
	return func(yield func([]glovePair, error) bool) {
		if b.file == nil {
			yield(b.pairs[begin:end], nil)
			return
		}
		const most = 1 << 14 // pairs of a part
		raw, part := make([]byte, most*glovePairBytes), make([]glovePair, most)
		for at := begin; at < end; at += most {
			n := min(most, int(end-at))
			if _, err := b.file.ReadAt(raw[:n*glovePairBytes], at*glovePairBytes); err != nil {
				yield(nil, fmt.Errorf("words: pairs: %s: %w", b.file.Name(), err))
				return
			}
			for i := range part[:n] {
				word := func(k int) uint32 { return binary.LittleEndian.Uint32(raw[i*glovePairBytes+4*k:]) }
				part[i] = glovePair{int32(word(0)), int32(word(1)), math.Float32frombits(word(2)), math.Float32frombits(word(3))}
			}
			if !yield(part[:n], nil) {
				return
			}
		}
	}
}
