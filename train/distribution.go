package train

import "math"

// The buckets of a Distribution: four for each power of two, from 2^-34 to 2^20, of each sign, and one between them.
const (
	mantissaBits = 2
	lowestKey    = (127 - 34) << mantissaBits
	highestKey   = (127+20)<<mantissaBits - 1
	bucketsASide = highestKey - lowestKey + 1
	bucketCount  = 2*bucketsASide + 1
)

// A Distribution tells how numbers are spread. They are counted in buckets that are a quarter of a power of two wide; numbers nearer to 0 than 2^-34, or
// farther than 2^20, are in the bucket in the middle, or in the outermost.
type Distribution struct {
	Count     int64 // of finite numbers
	NotFinite int64
	Min, Max  float64
	Sum       float64
	Squares   float64 // their sum
	buckets   [bucketCount]int64
}

// reset forgets all numbers.
func (d *Distribution) reset() { *d = Distribution{} }

// add takes numbers in.
func add[T float32 | float64](d *Distribution, values []T) {
	for _, v := range values {
		x := float64(v)
		bits := math.Float32bits(float32(v))
		key := int(bits >> (23 - mantissaBits) & (1<<(8+mantissaBits) - 1))
		if key >= 255<<mantissaBits && (math.IsNaN(x) || math.IsInf(x, 0)) {
			d.NotFinite++
			continue
		}
		if d.Count == 0 {
			d.Min, d.Max = x, x
		}
		d.Count++
		d.Sum += x
		d.Squares += x * x
		d.Min, d.Max = min(d.Min, x), max(d.Max, x)
		i := bucketsASide
		if key >= lowestKey {
			i += 1 + min(key, highestKey) - lowestKey
			if bits>>31 != 0 {
				i = 2*bucketsASide - i
			}
		}
		d.buckets[i]++
	}
}

// Merge takes the numbers of another distribution in.
func (d *Distribution) Merge(o *Distribution) {
	d.NotFinite += o.NotFinite
	if o.Count == 0 {
		return
	}
	if d.Count == 0 {
		d.Min, d.Max = o.Min, o.Max
	}
	d.Min, d.Max = min(d.Min, o.Min), max(d.Max, o.Max)
	d.Count, d.Sum, d.Squares = d.Count+o.Count, d.Sum+o.Sum, d.Squares+o.Squares
	for i, n := range o.buckets {
		d.buckets[i] += n
	}
}

// RMS returns the root of the mean square, 0 of no numbers.
func (d *Distribution) RMS() float64 {
	if d.Count == 0 {
		return 0
	}
	return math.Sqrt(d.Squares / float64(d.Count))
}

// Norm returns the root of the sum of squares.
func (d *Distribution) Norm() float64 { return math.Sqrt(d.Squares) }

// upper returns where a bucket ends.
func upper(i int) float64 {
	at := func(key int) float64 { return float64(math.Float32frombits(uint32(key) << (23 - mantissaBits))) }
	switch k := i - bucketsASide; {
	case k < 0:
		return -at(lowestKey - k - 1)
	default:
		return at(lowestKey + k)
	}
}

// Buckets returns where the buckets end that have numbers, and how many; of empty ones side by side there is one.
func (d *Distribution) Buckets() (limits, counts []float64) {
	left := d.Count
	for i, n := range d.buckets {
		if left == 0 {
			break
		}
		if n == 0 && len(counts) == 0 && (i+1 == bucketCount || d.buckets[i+1] == 0) {
			continue
		}
		limit := upper(i)
		if left -= n; left == 0 {
			limit = max(limit, d.Max)
		}
		if last := len(counts) - 1; n == 0 && last >= 0 && counts[last] == 0 {
			limits[last] = limit
			continue
		}
		limits, counts = append(limits, limit), append(counts, float64(n))
	}
	return limits, counts
}

// Quantile returns below which number a share of them is, to the width of a bucket; 0 of no numbers.
func (d *Distribution) Quantile(share float64) float64 {
	if d.Count == 0 {
		return 0
	}
	want := share * float64(d.Count)
	below := 0.0
	for i, n := range d.buckets {
		if n == 0 || below+float64(n) < want {
			below += float64(n)
			continue
		}
		lo, hi := d.Min, d.Max // of the outermost buckets
		if i > 0 {
			lo = max(lo, upper(i-1))
		}
		if i < bucketCount-1 {
			hi = min(hi, upper(i))
		}
		return lo + (hi-lo)*(want-below)/float64(n)
	}
	return d.Max
}
