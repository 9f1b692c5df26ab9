package words

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// clouds are vectors around three places, one behind another.
func clouds(each, dim int) []float32 {
	r := rand.New(rand.NewPCG(5, 6))
	v := make([]float32, 3*each*dim)
	for i := range 3 * each {
		for k := range dim {
			v[i*dim+k] = float32(0.3 * r.NormFloat64())
		}
		v[i*dim+i/each] += 5
	}
	return v
}

// TestPCA finds the plane of points that lie on one with their distances, for fewer points than dimensions and for more; the farthest along each axis is positive.
func TestPCA(t *testing.T) {
	const dim = 6
	for _, n := range []int{4, 50} {
		r := rand.New(rand.NewPCG(1, 2))
		v, want := make([]float32, n*dim), make([]float64, 2*n)
		for i := range n {
			a, b := 3*r.NormFloat64(), r.NormFloat64()
			want[2*i], want[2*i+1] = a, b
			v[i*dim+1], v[i*dim+4], v[i*dim+2] = float32(7+0.6*a), float32(0.8*a), float32(b)
		}
		points, shares, err := PCA(v, dim)
		if err != nil || math.Abs(shares[0]+shares[1]-1) > 1e-6 || shares[0] < shares[1] {
			t.Fatal(shares, err)
		}
		distance := func(x []float64, i, j int) float64 { return math.Hypot(x[2*i]-x[2*j], x[2*i+1]-x[2*j+1]) }
		for i := range n {
			if a, b := distance(points, i, 0), distance(want, i, 0); math.Abs(a-b) > 1e-5 {
				t.Fatalf("of %d: points 0 and %d are %g apart, expected %g", n, i, a, b)
			}
		}
		for axis := range 2 {
			far := 0.0
			for i := range n {
				if x := points[2*i+axis]; math.Abs(x) > math.Abs(far) {
					far = x
				}
			}
			if far < 0 {
				t.Errorf("of %d: the farthest point on axis %d is at %g", n, axis, far)
			}
		}
	}
	if _, _, err := PCA(make([]float32, dim), dim); err == nil {
		t.Error("one vector is no error")
	}
}

// TestTSNE keeps three clouds apart, with the same bits on any number of threads, and its gradient is that of the divergence.
func TestTSNE(t *testing.T) {
	defer parallel.SetWorkers(parallel.Workers())
	const each, dim = 20, 5
	v := clouds(each, dim)
	c := DefaultTSNEConfig()
	c.Perplexity = 10
	y, err := TSNE(context.Background(), v, dim, c)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 * each {
		nearest, best := -1, math.Inf(1)
		for j := range 3 * each {
			if d := math.Hypot(y[2*i]-y[2*j], y[2*i+1]-y[2*j+1]); j != i && d < best {
				nearest, best = j, d
			}
		}
		if nearest/each != i/each {
			t.Errorf("point %d of cloud %d is nearest to %d", i, i/each, nearest)
		}
	}
	parallel.SetWorkers(1)
	if again, _ := TSNE(context.Background(), v, dim, c); !slices.Equal(again, y) {
		t.Error("one thread gives other points")
	}
	p := affinities(v[:8*dim], dim, 3)
	x := slices.Clone(y[:16])
	gradient, sums := make([]float64, 16), make([]float64, 8)
	tsneGradient(gradient, sums, x, p, 1)
	divergence := func() (kl float64) {
		q, total := make([]float64, 64), 0.0
		for i := range 8 {
			for j := range 8 {
				if i != j {
					q[i*8+j] = 1 / (1 + math.Pow(x[2*i]-x[2*j], 2) + math.Pow(x[2*i+1]-x[2*j+1], 2))
					total += q[i*8+j]
				}
			}
		}
		mass := 0.0
		for i := range p {
			if p[i] > 0 {
				kl -= float64(p[i]) * math.Log(q[i]/total)
				mass += float64(p[i])
			}
		}
		return kl / mass
	}
	for i := range x {
		const h = 1e-5
		old := x[i]
		x[i] = old + h
		up := divergence()
		x[i] = old - h
		down := divergence()
		x[i] = old
		if got, want := gradient[i], (up-down)/(2*h); math.Abs(got-want) > 1e-5*max(1, math.Abs(want)) {
			t.Errorf("gradient %d is %g, expected %g", i, got, want)
		}
	}
	ended, end := context.WithCancel(context.Background())
	end()
	if _, err := TSNE(ended, v, dim, c); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: %v", err)
	}
	c.Perplexity = 100
	if _, err := TSNE(context.Background(), v, dim, c); err == nil {
		t.Error("a perplexity above the number of points")
	}
}

// TestPicture draws words that XML has to escape, as XML that can be read.
func TestPicture(t *testing.T) {
	words := []string{"<a&b>", "诗", "c\x01\xff"}
	for _, asHTML := range []bool{false, true} {
		page, err := Picture("Words & more", words, []float64{0, 0, 1, 2, -1, 5}, asHTML)
		if err != nil {
			t.Fatal(err)
		}
		text := string(page)
		if asHTML != strings.HasPrefix(text, "<!DOCTYPE html>") || strings.Count(text, "<circle") != 3 {
			t.Errorf("%s", text)
		}
		svg := text[strings.Index(text, "<svg"):]
		svg = svg[:strings.Index(svg, "</svg>")+len("</svg>")]
		for d := xml.NewDecoder(strings.NewReader(svg)); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := Picture("none", nil, nil, false); err == nil {
		t.Error("a picture of nothing")
	}
}
