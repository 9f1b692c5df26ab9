package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seahorse-ml/seahorse/internal/cpu"
)

// onEveryLevel runs a test with the generic loops and with each assembly that
// the processor can run.
func onEveryLevel(t *testing.T, test func(t *testing.T)) {
	defer func(before *vectors) { fast = before }(fast)
	fast = nil
	t.Run(cpu.Generic.String(), test)
	for _, v := range allVectors() {
		if v.level <= cpu.Best() {
			fast = v
			t.Run(v.level.String(), test)
		}
	}
}

// generically returns what f returns with the generic loops.
func generically[R any](f func() R) R {
	defer func(before *vectors) { fast = before }(fast)
	fast = nil
	return f()
}

// widest is the most elements that an iteration of a loop takes.
const widest = 64

// sentinel is what buffers have before and behind a test's slice.
const sentinel = 12345.678

// guarded returns n random elements at an odd place of a buffer, and a function
// that says whether something outside of them was written.
func guarded(r *rand.Rand, n int) ([]float32, func() bool) {
	const margin = 2 * widest
	before := margin + r.IntN(4)
	buffer := make([]float32, before+n+margin)
	Fill(buffer, sentinel)
	x := buffer[before : before+n]
	for i := range x {
		x[i] = float32(r.NormFloat64() * 2)
	}
	return x, func() bool {
		for i, v := range buffer {
			if (i < before || i >= before+n) && v != sentinel {
				return false
			}
		}
		return true
	}
}

// random32 returns n random elements.
func random32(r *rand.Rand, n int) []float32 {
	x, _ := guarded(r, n)
	return x
}

// same says whether two numbers are equal or both NaN.
func same(a, b float32) bool { return a == b || a != a && b != b }

// compare reports the first element of got that is further than tolerance,
// relative to 1 + |want|, from want.
func compare(t *testing.T, what string, got, want []float32, tolerance float64) {
	t.Helper()
	for i := range want {
		a, b := float64(got[i]), float64(want[i])
		if !same(got[i], want[i]) && !(math.Abs(a-b) <= tolerance*(1+math.Abs(b))) {
			t.Fatalf("%s: element %d of %d is %g, want %g", what, i, len(want), a, b)
		}
	}
}

// sprinkle puts NaN and infinities among the elements of x.
func sprinkle(r *rand.Rand, x []float32) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat32, 1e-45, 0} {
		if len(x) > 0 {
			x[r.IntN(len(x))] = float32(v)
		}
	}
}

func TestFastPathIsTaken(t *testing.T) {
	// Asked for here, since go test's cache doesn't see what package cpu asks for before the tests begin.
	limit := os.Getenv(cpu.Variable)
	got := cpu.Generic
	if fast != nil {
		got = fast.level
	}
	if got != cpu.Best() {
		t.Errorf("elementwise kernels run at level %v, expected %v with %s=%q", got, cpu.Best(), cpu.Variable, limit)
	}
}

// TestAssemblyIsComplete checks that no kernel would fall back silently.
func TestAssemblyIsComplete(t *testing.T) {
	for _, v := range allVectors() {
		s := reflect.ValueOf(*v)
		for i := range s.NumField() {
			f, name := s.Field(i), s.Type().Field(i).Name
			switch f.Kind() {
			case reflect.Func:
				if f.IsNil() {
					t.Errorf("%v has no %s", v.level, name)
				}
			case reflect.Array:
				for kind := range Activation(f.Len()) {
					if kind != Identity && f.Index(int(kind)).IsNil() {
						t.Errorf("%v has no %s of %v", v.level, name, kind)
					}
				}
			}
		}
	}
}

// TestAVX2UsesItsOwnRegisters checks that no function for AVX2 uses what only
// AVX-512 has: the upper 16 registers, ZMM or masks. The assembler would let it pass.
func TestAVX2UsesItsOwnRegisters(t *testing.T) {
	foreign := regexp.MustCompile(`\b([XY](1[6-9]|[23][0-9])|Z[0-9]+|K[0-7])\b`)
	files, err := filepath.Glob("*_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for function := range strings.SplitSeq(string(text), "\nTEXT ·") {
			title, body, _ := strings.Cut(function, "(")
			if bad := foreign.FindString(body); strings.HasSuffix(title, "AVX2") && bad != "" {
				t.Errorf("%s: %s uses %s", name, title, bad)
			}
		}
	}
}

// TestNoSSE checks that no kernel has an instruction of SSE, which is slow on Intel's processors between those of AVX.
func TestNoSSE(t *testing.T) {
	sse := regexp.MustCompile(`(?m)^\t(MOV(SS|SD|D|APS|UPS|APD|UPD|OU|OA|HLPS|LHPS)|CVT\w+|(ADD|SUB|MUL|DIV|MAX|MIN|SQRT|UCOMI|COMI|XOR|AND|OR)[SP][SD]|P[A-Z]{2,}[BWDQ])\s.*\bX[0-9]|^\tMOVQ\s.*\bX[0-9]`)
	files, err := filepath.Glob("*_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bad := sse.Find(text); bad != nil {
			t.Errorf("%s has %q", name, bad)
		}
	}
}

// TestLevelsAgree checks that reductions, and all that builds on them, have the same
// bits with AVX2 and AVX-512.
func TestLevelsAgree(t *testing.T) {
	if len(allVectors()) < 2 || !cpu.Has(cpu.AVX512) {
		t.Skip("needs AVX-512")
	}
	defer func(before *vectors) { fast = before }(fast)
	for _, n := range []int{1, 15, 33, 64, 100, 777} {
		var results [2][]float32
		for level, v := range allVectors() {
			fast = v
			r := rand.New(rand.NewPCG(uint64(n), 1))
			x, y, w := random32(r, n), random32(r, n), random32(r, n)
			out := []float32{Sum(x), Dot(x, y), float32(SumSquares(x))}
			for kind := range Activation(activations) {
				dst := make([]float32, n)
				Activate(kind, dst, x, false)
				out = append(out, dst...)
				ActivateGrad(kind, dst, x, y)
				out = append(out, dst...)
			}
			dst, dw, db, mean, rstd := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, 1), make([]float32, 1)
			LayerNorm(dst, mean, rstd, x, w, y, 1, n, 1e-5, false)
			out = append(out, dst...)
			LayerNormGrad(dst, dw, db, y, x, w, mean, rstd, 1, n, false, false)
			out = append(append(append(out, dst...), dw...), db...)
			Softmax(dst, x, 1, n)
			results[level] = append(out, dst...)
		}
		for i := range results[0] {
			if !same(results[0][i], results[1][i]) {
				t.Fatalf("n=%d: result %d is %g with AVX2 and %g with AVX-512", n, i, results[0][i], results[1][i])
			}
		}
	}
}

// BenchmarkElementwise reports the time of the fastest iteration beside the mean, since
// that is what can be compared on a machine that does other work too.
func BenchmarkElementwise(b *testing.B) {
	const n = 768 * 16
	r := rand.New(rand.NewPCG(1, 2))
	x, y, z, dst, dst2 := random32(r, n), random32(r, n), random32(r, n), random32(r, n), random32(r, n)
	w, bias, dw, db := random32(r, 768), random32(r, 768), random32(r, 768), random32(r, 768)
	mean, rstd := random32(r, 16), random32(r, 16)
	run := func(name string, streams int, f func()) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(4 * n * streams))
			best := time.Hour
			for b.Loop() {
				start := time.Now()
				f()
				best = min(best, time.Since(start))
			}
			b.ReportMetric(float64(best.Nanoseconds())/n, "best-ns/element")
		})
	}
	run("Add", 3, func() { Add(dst, x, y) })
	run("Dot", 2, func() { Dot(x, y) })
	run("SumSquares", 1, func() { SumSquares(x) })
	run("ColumnSum", 1, func() { ColumnSum(dw, x, 16, 768, 0, 768, false) })
	for kind := Identity + 1; kind < activations; kind++ {
		run(fmt.Sprintf("Activate/%v", kind), 2, func() { Activate(kind, dst, x, false) })
		run(fmt.Sprintf("ActivateGrad/%v", kind), 3, func() { ActivateGrad(kind, dst, x, y) })
	}
	run("GateGrad/silu", 5, func() { GateGrad(SiLU, dst, dst2, x, y, z) })
	run("Exp", 2, func() { Exp(dst, x) })
	run("Softmax", 2, func() { Softmax(dst, x, 16, 768) })
	run("LayerNorm", 2, func() { LayerNorm(dst, mean, rstd, x, w, bias, 16, 768, 1e-5, false) })
	run("LayerNormGrad", 3, func() { LayerNormGrad(dst, dw, db, y, x, w, mean, rstd, 16, 768, false, false) })
	run("RMSNorm", 2, func() { RMSNorm(dst, rstd, x, w, 16, 768, 1e-5, 0, false) })
	run("Dropout", 2, func() { Dropout(dst, x, 0.1, 1, 2, 0) })
	run("AdamW", 7, func() {
		AdamW(dst, y, dst2, z, AdamWStep{LR: 1e-9, Beta1: 1, Beta2: 1, Eps: 1, Correction1: 1, Correction2: 1, GradScale: 1})
	})
	cos, sin := random32(r, 32), random32(r, 32)
	run("Rotary", 2, func() { Rotary(dst, x, cos, sin, n/64, 64, 64, false, false) })
}
