package optim

import (
	"errors"
	"math"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/kernels"
)

// MuonConfig configures NewMuon. DefaultMuonConfig has the settings of torch.optim.Muon.
type MuonConfig struct {
	Momentum float64 // in [0, 1)
	Nesterov bool    // looks ahead by the momentum
	Steps    int     // of the iteration that makes a direction orthogonal, ≥ 1
	// MatchAdam gives updates about the size that AdamW's have, so that its learning rates hold (Liu et al., 2025): the rate
	// is multiplied by 0.2·√max(rows, columns). Default: by √max(1, rows/columns).
	MatchAdam bool
	// Plain tells which matrices AdamW updates all the same, embeddings and heads as a rule; nil for none.
	Plain func(p *graph.Param) bool
	// Adam is that of the plain ones and of parameters of one dimension. Its MaxGradNorm clips all.
	Adam AdamConfig
}

// DefaultMuonConfig returns a momentum of 0.95 with Nesterov, 5 steps, and DefaultAdamConfig beside it.
func DefaultMuonConfig() MuonConfig {
	return MuonConfig{Momentum: 0.95, Nesterov: true, Steps: 5, Adam: DefaultAdamConfig()}
}

// Validate tells what is wrong with the configuration.
func (c MuonConfig) Validate() error {
	if c.Steps < 1 {
		return errors.New("optim: muon: no steps, expected at least one")
	}
	return errors.Join(checkShare("muon", "momentum", c.Momentum), c.Adam.Validate())
}

// Muon moves a matrix along its momentum made orthogonal (Jordan et al., 2024): b ← μ·b + (1-μ)·g, and p ← p - lr·λ·p - lr·s·O, where O is
// b, or g + μ·(b-g), with all singular values brought near 1 by the iteration of Newton and Schulz, and s depends on the shape. Other
// parameters go by AdamW. More than two dimensions count as rows of the first and columns of the rest. It is an Optimizer.
type Muon struct{ *core }

// NewMuon makes a Muon. See NewAdamW for the groups.
func NewMuon(groups []Group, c MuonConfig) (*Muon, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	base, err := newCore(groups, c.Adam.MaxGradNorm, muonRule[float32](groups, c), muonRule[float64](groups, c))
	return &Muon{base}, err
}

// The coefficients of the iteration, and what a norm is at least.
const (
	muonA, muonB, muonC = 3.4445, -4.7750, 2.0315
	muonEps             = 1e-7
)

// muon is Muon for one element type.
type muon[T float32 | float64] struct {
	*pieces[T] // of all parameters; those of matrices have no moments
	config     MuonConfig
	matrices   []muonMatrix[T]
	products   map[[2]int]muonProducts[T]
	x, y       []T // as large as the largest matrix, longest
	gram, next []T // as the largest of them times its transpose, widest

	longest, widest int // elements
}

type muonMatrix[T float32 | float64] struct {
	param       *graph.Param
	buffer      []T
	rows, cols  int
	decay, rate float64
}

// muonProducts are those of the iteration for n rows and m columns, n ≤ m.
type muonProducts[T float32 | float64] struct {
	gram, square, apply *kernels.Product[T]
}

func muonRule[T float32 | float64](groups []Group, c MuonConfig) func(*core) updater {
	return func(base *core) updater {
		u := &muon[T]{pieces: &pieces[T]{}, config: c, products: map[[2]int]muonProducts[T]{}}
		for _, g := range groups {
			for _, p := range g.Params {
				if p.Shape.Dims() < 2 || c.Plain != nil && c.Plain(p) {
					u.add(p, keep[T](base, firstName, p, p.Shape...), keep[T](base, secondName, p, p.Shape...), g)
					continue
				}
				u.add(p, nil, nil, g)
				u.addMatrix(p, keep[T](base, "momentum_buffer.", p, p.Shape...), g)
			}
		}
		if len(u.matrices) > 0 {
			p := u.matrices[0].param
			u.x, u.y = work[T](base, p, u.longest), work[T](base, p, u.longest)
			u.gram, u.next = work[T](base, p, u.widest), work[T](base, p, u.widest)
		}
		u.finish(func(q *piece[T], now step) {
			if q.m != nil {
				adamPiece(q, now, c.Adam)
			}
		})
		return u
	}
}

// adamPiece makes AdamW's update of a piece.
func adamPiece[T float32 | float64](q *piece[T], now step, c AdamConfig) {
	kernels.AdamW(q.p, q.g, q.m, q.v, kernels.AdamWStep{
		LR: now.rate * q.rate, Beta1: c.Beta1, Beta2: c.Beta2, Eps: c.Eps, Decay: q.decay, GradScale: now.gradScale,
		Correction1: 1 - math.Pow(c.Beta1, float64(now.number)), Correction2: 1 - math.Pow(c.Beta2, float64(now.number)),
	})
}

func (u *muon[T]) addMatrix(p *graph.Param, buffer []T, g Group) {
	m := muonMatrix[T]{param: p, buffer: buffer, rows: p.Shape[0], cols: p.Len() / p.Shape[0], decay: g.WeightDecay, rate: g.Rate}
	u.matrices = append(u.matrices, m)
	n, k := min(m.rows, m.cols), max(m.rows, m.cols)
	u.longest, u.widest = max(u.longest, n*k), max(u.widest, n*n)
	if _, ok := u.products[[2]int{n, k}]; !ok && p.Value() != nil {
		u.products[[2]int{n, k}] = muonProducts[T]{
			gram:   kernels.NewProduct[T](kernels.ProductConfig{M: n, N: n, K: k, TransB: true}),
			square: kernels.NewProduct[T](kernels.ProductConfig{M: n, N: n, K: n}),
			apply:  kernels.NewProduct[T](kernels.ProductConfig{M: n, N: k, K: n}),
		}
	}
}

func (u *muon[T]) step(now step) {
	u.pieces.step(now)
	for i := range u.matrices {
		u.move(&u.matrices[i], now)
	}
}

// move updates a matrix.
func (u *muon[T]) move(m *muonMatrix[T], now step) {
	p, g := graph.Data[T](m.param), graph.GradData[T](m.param)
	momentum, scale := T(u.config.Momentum), T(now.gradScale)
	turned := m.rows > m.cols
	n, k := min(m.rows, m.cols), max(m.rows, m.cols)
	x, y := u.x[:n*k], u.y[:n*k]
	for i, v := range g {
		v *= scale
		m.buffer[i] += (1 - momentum) * (v - m.buffer[i])
		d := m.buffer[i]
		if u.config.Nesterov {
			d = v + momentum*(d-v)
		}
		if turned {
			x[i%m.cols*k+i/m.cols] = d
		} else {
			x[i] = d
		}
	}
	x = u.orthogonal(x, y, n, k)
	size := math.Sqrt(max(1, float64(m.rows)/float64(m.cols)))
	if u.config.MatchAdam {
		size = 0.2 * math.Sqrt(float64(k))
	}
	rate := now.rate * m.rate
	left, along := T(1-rate*m.decay), T(rate*size)
	for i := range p {
		d := x[i]
		if turned {
			d = x[i%m.cols*k+i/m.cols]
		}
		p[i] = p[i]*left - along*d
	}
}

// orthogonal brings the singular values of x [n, k] near 1, with y to work in, and returns the one of the two that has the result.
func (u *muon[T]) orthogonal(x, y []T, n, k int) []T {
	squares := 0.0
	for _, v := range x {
		squares += float64(v) * float64(v)
	}
	norm := T(max(math.Sqrt(squares), muonEps))
	for i := range x {
		x[i] /= norm
	}
	products, gram, next := u.products[[2]int{n, k}], u.gram[:n*n], u.next[:n*n]
	for range u.config.Steps {
		products.gram.Run(gram, x, x, kernels.Epilogue[T]{})
		products.square.Run(next, gram, gram, kernels.Epilogue[T]{})
		for i := range next {
			next[i] = muonB*gram[i] + muonC*next[i]
		}
		products.apply.Run(y, next, x, kernels.Epilogue[T]{})
		for i := range y {
			y[i] += muonA * x[i]
		}
		x, y = y, x
	}
	return x
}
