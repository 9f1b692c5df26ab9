package words

import (
	"bufio"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"
	"os"
	"slices"

	"github.com/seahorse-ml/seahorse/internal/parallel"
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

// blockOf returns the block of a pair.
func blockOf(row, column int32) int {
	return int(row%gloveGroups)*gloveGroups + int(column%gloveGroups)
}

// gloveKey returns the random number by which a pair is sorted within its block, of gloveKeyBits bits.
func gloveKey(seed uint64, row, column int32) uint64 {
	const stream = 12
	return random.Uint64(seed, stream, pairKey(row, column)) >> (64 - gloveKeyBits)
}

// learned returns a pair as it is learned.
func (c GloVeConfig) learned(p pair) glovePair {
	return glovePair{p.row, p.column, float32(math.Log(p.weight)), float32(math.Pow(min(1, p.weight/c.XMax), c.Alpha))}
}

// arrangeInMemory is arrange of pairs that memory holds. It goes through them twice, to count those of each block and to put them there, and makes no other copy.
func arrangeInMemory(ctx context.Context, pairs iter.Seq2[pair, error], c GloVeConfig) (*gloveBlocks, error) {
	b := &gloveBlocks{}
	for p, err := range pairs {
		if err != nil {
			return nil, err
		}
		b.ends[blockOf(p.row, p.column)]++
	}
	var next [gloveBlockCount]int64
	for i := 1; i < gloveBlockCount; i++ {
		next[i] = b.ends[i-1]
		b.ends[i] += b.ends[i-1]
	}
	b.pairs = make([]glovePair, b.len())
	for p, err := range pairs {
		if err != nil {
			return nil, err
		}
		block := blockOf(p.row, p.column)
		b.pairs[next[block]] = c.learned(p)
		next[block]++
	}
	type keyed struct {
		key uint64
		glovePair
	}
	rooms := make([][]keyed, parallel.Workers())
	parallel.Run(gloveBlockCount, func(worker, block int) {
		if ctx.Err() != nil {
			return
		}
		room, begin := rooms[worker][:0], b.begin(block)
		for _, p := range b.pairs[begin:b.ends[block]] {
			room = append(room, keyed{gloveKey(c.Seed, p.row, p.column), p})
		}
		slices.SortFunc(room, func(a, b keyed) int {
			return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.row, b.row), cmp.Compare(a.column, b.column))
		})
		for i, p := range room {
			b.pairs[begin+int64(i)] = p.glovePair
		}
		rooms[worker] = room
	})
	if ctx.Err() != nil {
		return nil, fmt.Errorf("words: GloVe: %w", context.Cause(ctx))
	}
	return b, nil
}

// arrange sorts pairs by their blocks and by random numbers that belong to them, in files where they don't fit in memory.
func arrange(ctx context.Context, pairs iter.Seq2[pair, error], held PairsConfig, c GloVeConfig) (b *gloveBlocks, err error) {
	runs := newPairRuns(held)
	b = &gloveBlocks{}
	defer func() {
		if err = errors.Join(err, runs.close()); err != nil {
			err = errors.Join(err, b.close())
		}
	}()
	var rest []pair
	for p, err := range pairs {
		if err == nil && ctx.Err() != nil {
			err = fmt.Errorf("words: GloVe: %w", context.Cause(ctx))
		}
		if err != nil {
			return b, err
		}
		p.key = uint64(blockOf(p.row, p.column))<<gloveKeyBits | gloveKey(c.Seed, p.row, p.column)
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
		keep(c.learned(p))
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

// begin returns where a block begins, in pairs.
func (b *gloveBlocks) begin(block int) int64 {
	if block == 0 {
		return 0
	}
	return b.ends[block-1]
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
	begin, end := b.begin(block), b.ends[block]
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
