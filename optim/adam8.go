package optim

import (
	"math"
	"slices"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// Adam8 is AdamW whose moments are kept in 8 bits each (Dettmers et al., 2022): in blocks of 256 with a scale, by a table of numbers that
// are denser near 0. Parameters of less than 4,096 elements keep theirs whole. It takes a quarter of Adam's memory. It is an Optimizer.
type Adam8 struct{ *core }

// NewAdamW8 makes an AdamW of 8 bits. See NewAdamW.
func NewAdamW8(groups []Group, c AdamConfig) (*Adam8, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	base, err := newCore(groups, c.MaxGradNorm, adam8Rule[float32](groups, c), adam8Rule[float64](groups, c))
	return &Adam8{base}, err
}

const (
	blockOf8   = 256  // elements with one scale; it divides PieceSize
	least8     = 4096 // elements of a parameter that is kept in 8 bits
	leastScale = 1e-12
)

// codes8 is a moment in 8 bits, four in each word.
type codes8[T float32 | float64] struct {
	words  []int32
	scales []T
	table  []T
}

// keep8 makes a moment of a parameter, as keep does.
func keep8[T float32 | float64](base *core, prefix string, p *graph.Param, table []T) codes8[T] {
	words, scales := (p.Len()+3)/4, (p.Len()+blockOf8-1)/blockOf8
	codes := kept{name: prefix + p.Name + ".codes", bytes: 4 * words}
	scaled := kept{name: prefix + p.Name + ".scales", bytes: scales * int(p.DType().Size())}
	c := codes8[T]{table: table}
	if p.Value() != nil {
		c.words, c.scales = make([]int32, words), make([]T, scales)
		codes.value, scaled.value = tensor.New(tensor.WithShape(words), tensor.WithBacking(c.words)), dense(c.scales, tensor.Shape{scales})
	}
	base.state = append(base.state, codes, scaled)
	return c
}

// read returns the elements from lo on.
func (c codes8[T]) read(dst []T, lo int) {
	scale := c.scales[lo/blockOf8]
	for i := range dst {
		at := lo + i
		dst[i] = scale * c.table[uint8(uint32(c.words[at/4])>>(at%4*8))]
	}
}

// write keeps the elements from lo on, those of one block.
func (c codes8[T]) write(src []T, lo int) {
	scale := T(leastScale)
	for _, v := range src {
		scale = max(scale, T(math.Abs(float64(v))))
	}
	c.scales[lo/blockOf8] = scale
	for i, v := range src {
		at, shift := lo+i, (lo+i)%4*8
		word := uint32(c.words[at/4]) &^ (0xff << shift)
		c.words[at/4] = int32(word | uint32(c.code(v/scale))<<shift)
	}
}

// code returns the place of the number in the table that is nearest to v.
func (c codes8[T]) code(v T) uint8 {
	i := 0
	for half := 128; half > 0; half /= 2 {
		if v >= c.table[i+half] {
			i += half
		}
	}
	if i < 255 && v-c.table[i] >= (c.table[i+1]-c.table[i])*0.5 {
		i++
	}
	return uint8(i)
}

// table8 returns the numbers that codes stand for, from -1 or 0 to 1: the first digit that isn't 0 of a decimal fraction is told in fewer
// bits than those of larger ones have.
func table8[T float32 | float64](signed bool) []T {
	const exponents = 7
	var all []float64
	for i := range exponents {
		n := 1<<(i+1) + 1
		if signed {
			n = 1<<i + 1
		}
		bounds := linspace(0.1, 1, n)
		for k := range n - 1 {
			mean := float64((bounds[k] + bounds[k+1]) / 2)
			mean *= math.Pow(10, float64(i-exponents+1))
			all = append(all, mean)
			if signed {
				all = append(all, -mean)
			}
		}
	}
	all = append(all, 0, 1)
	slices.Sort(all)
	table := make([]T, len(all))
	for i, v := range all {
		table[i] = T(float32(v))
	}
	return table
}

// linspace returns n numbers from low to high in float32, from both ends as PyTorch has it.
func linspace(low, high float32, n int) []float32 {
	step := (high - low) / float32(n-1)
	all := make([]float32, n)
	for i := range all {
		if i < n/2 {
			all[i] = float32(float64(low) + float64(step)*float64(i)) // fused
		} else {
			all[i] = float32(float64(high) - float64(step)*float64(n-i-1))
		}
	}
	return all
}

func adam8Rule[T float32 | float64](groups []Group, c AdamConfig) func(*core) updater {
	return func(base *core) updater {
		u := &pieces[T]{}
		signed, unsigned := table8[T](true), table8[T](false)
		moments := map[int][2]codes8[T]{} // by parameter
		n := 0
		for _, g := range groups {
			for _, p := range g.Params {
				if p.Len() < least8 {
					u.add(p, keep[T](base, firstName, p, p.Shape...), keep[T](base, secondName, p, p.Shape...), g)
				} else {
					u.add(p, nil, nil, g)
					moments[n] = [2]codes8[T]{keep8(base, firstName, p, signed), keep8(base, secondName, p, unsigned)}
				}
				n++
			}
		}
		u.finish(func(q *piece[T], now step) {
			if q.m != nil {
				adamPiece(q, now, c)
				return
			}
			kept := moments[q.of]
			var m, v [blockOf8]T
			whole := *q
			for lo := 0; lo < len(q.p); lo += blockOf8 {
				hi := min(lo+blockOf8, len(q.p))
				block := whole
				block.p, block.g, block.m, block.v = q.p[lo:hi], q.g[lo:hi], m[:hi-lo], v[:hi-lo]
				kept[0].read(block.m, q.lo+lo)
				kept[1].read(block.v, q.lo+lo)
				adamPiece(&block, now, c)
				kept[0].write(block.m, q.lo+lo)
				kept[1].write(block.v, q.lo+lo)
			}
		})
		return u
	}
}
