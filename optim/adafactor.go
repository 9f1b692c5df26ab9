package optim

import (
	"errors"
	"math"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// AdafactorConfig configures NewAdafactor. DefaultAdafactorConfig has the paper's settings.
type AdafactorConfig struct {
	Eps           float64 // is added to squares, > 0
	ClipThreshold float64 // root mean square that an update is scaled down to, > 0
	DecayRate     float64 // β₂ is 1 - step^DecayRate, < 0
	MaxGradNorm   float64 // that of AdamConfig
}

// DefaultAdafactorConfig returns ε 1e-30, a threshold of 1 and a decay rate of -0.8, with gradients clipped to a norm of 1.
func DefaultAdafactorConfig() AdafactorConfig {
	return AdafactorConfig{Eps: 1e-30, ClipThreshold: 1, DecayRate: -0.8, MaxGradNorm: 1}
}

// Validate tells what is wrong with the configuration.
func (c AdafactorConfig) Validate() error {
	if !(c.Eps > 0) || !(c.ClipThreshold > 0) || !(c.DecayRate < 0) {
		return errors.New("optim: adafactor: expected eps and clip threshold above 0 and a decay rate below")
	}
	return checkLeast("adafactor", "maximal gradient norm", c.MaxGradNorm)
}

// Adafactor divides by a second moment of which it keeps the means of rows and columns only (Shazeer and Stern, 2018), at the learning
// rates that it is given: what transformers has as Adafactor with neither scale_parameter nor relative_step. It is an Optimizer.
type Adafactor struct{ *core }

// NewAdafactor makes an Adafactor. See NewAdamW for the groups.
func NewAdafactor(groups []Group, c AdafactorConfig) (*Adafactor, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	base, err := newCore(groups, c.MaxGradNorm, adafactorRule[float32](groups, c), adafactorRule[float64](groups, c))
	return &Adafactor{base}, err
}

type adafactor[T float32 | float64] struct {
	*pieces[T] // for the norm
	config     AdafactorConfig
	tensors    []factored[T]
	now        step
	each       func(worker, i int)
}

// factored is what is kept of a parameter: of each matrix in its last two dimensions the mean squares of rows and columns, or of less than
// two dimensions all.
type factored[T float32 | float64] struct {
	param         *graph.Param
	row, col, all []T
	rows, cols    int // of a matrix
	decay, rate   float64
	update        []T // to work in
}

func adafactorRule[T float32 | float64](groups []Group, c AdafactorConfig) func(*core) updater {
	return func(base *core) updater {
		u := &adafactor[T]{pieces: &pieces[T]{}, config: c}
		for _, g := range groups {
			for _, p := range g.Params {
				u.add(p, nil, nil, g)
				f := factored[T]{param: p, decay: g.WeightDecay, rate: g.Rate, update: work[T](base, p, p.Len())}
				if n := p.Shape.Dims(); n >= 2 {
					f.rows, f.cols = p.Shape[n-2], p.Shape[n-1]
					matrices := p.Len() / f.rows / f.cols
					f.row, f.col = keep[T](base, "exp_avg_sq_row.", p, matrices, f.rows), keep[T](base, "exp_avg_sq_col.", p, matrices, f.cols)
				} else {
					f.all = keep[T](base, secondName, p, p.Shape...)
				}
				u.tensors = append(u.tensors, f)
			}
		}
		u.finish(func(*piece[T], step) {})
		u.each = func(_, i int) { u.move(&u.tensors[i]) }
		return u
	}
}

func (u *adafactor[T]) step(now step) {
	u.now = now
	parallel.Run(len(u.tensors), u.each)
}

// move updates one parameter.
func (u *adafactor[T]) move(f *factored[T]) {
	p, g := graph.Data[T](f.param), graph.GradData[T](f.param)
	beta := 1 - math.Pow(float64(u.now.number), u.config.DecayRate)
	scale := u.now.gradScale
	squares := 0.0
	if f.all != nil {
		for i, v := range g {
			d := float64(v) * scale
			f.all[i] = T(beta*float64(f.all[i]) + (1-beta)*(d*d+u.config.Eps))
			d /= math.Sqrt(float64(f.all[i]))
			f.update[i] = T(d)
			squares += d * d
		}
	}
	size := f.rows * f.cols
	for at := 0; f.row != nil && at < len(g); at += size {
		k := at / size
		squares += u.matrix(f.update[at:at+size], g[at:at+size], f.row[k*f.rows:][:f.rows], f.col[k*f.cols:][:f.cols], beta, scale)
	}
	rms := math.Sqrt(squares / float64(len(g)))
	rate := u.now.rate * f.rate
	left, along := T(1-rate*f.decay), T(rate/max(1, rms/u.config.ClipThreshold))
	for i := range p {
		p[i] = p[i]*left - along*f.update[i]
	}
}

// matrix finds the update of a matrix before it is scaled, and returns the sum of its squares.
func (u *adafactor[T]) matrix(update, g, row, col []T, beta, scale float64) (squares float64) {
	rows, cols := len(row), len(col)
	sums := make([]float64, cols)
	mean := 0.0
	for r := range rows {
		sum := 0.0
		for c, v := range g[r*cols : (r+1)*cols] {
			d := float64(v) * scale
			d = d*d + u.config.Eps
			sum += d
			sums[c] += d
		}
		row[r] = T(beta*float64(row[r]) + (1-beta)*sum/float64(cols))
		mean += float64(row[r]) / float64(rows)
	}
	for c, sum := range sums {
		col[c] = T(beta*float64(col[c]) + (1-beta)*sum/float64(rows))
		sums[c] = 1 / math.Sqrt(float64(col[c]))
	}
	for r := range rows {
		factor := scale / math.Sqrt(float64(row[r])/mean)
		for c := range cols {
			d := float64(g[r*cols+c]) * factor * sums[c]
			update[r*cols+c] = T(d)
			squares += d * d
		}
	}
	return squares
}
