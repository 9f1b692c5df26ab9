package parquetfile

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

var names = []string{"flat-none", "flat-snappy", "flat-gzip", "flat-zstd", "flat-brotli", "flat-lz4", "flat-v2", "nested", "odd"}

// TestDamaged flips bits of files, cuts them short and puts numbers of other sizes into them: each is read, to the same rows or others, or is an
// error, and none takes more memory than its bounds. Where pages have checksums, no value changes unseen.
func TestDamaged(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var before, after runtime.MemStats
	unseen := map[string]int{}
	for _, name := range names {
		whole := load(t, name)
		want, err := rows(whole)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 400 {
			b := append([]byte(nil), whole...)
			switch at := random.IntN(len(b)); i % 4 {
			case 0, 1:
				b[at] ^= 1 << random.IntN(8)
			case 2:
				b[at] = byte(random.UintN(256))
				b[random.IntN(len(b))] = 0xff
			case 3:
				b = b[:at]
			}
			runtime.ReadMemStats(&before)
			got, err := rows(b)
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > 900<<20 {
				t.Errorf("%s, change %d: %d MiB allocated, error %v", name, i, used>>20, err)
			}
			if err == nil && i%4 == 3 {
				t.Errorf("%s: a file that is cut short is read", name)
			}
			if err == nil && got != want && i%4 < 2 {
				unseen[name]++
				if checked := name == "flat-none" || name == "flat-snappy"; checked && !otherNames(got, want) {
					t.Errorf("%s, change %d: other rows without an error", name, i)
				}
			}
		}
	}
	t.Logf("of 200 flipped bits each, other rows without an error: %v", unseen)
}

// otherNames tells whether rows differ in the names of their columns alone, which no checksum is over.
func otherNames(got, want string) bool {
	values := func(s string) string {
		var out strings.Builder
		for line := range strings.Lines(s) {
			for i, pair := range strings.Split(strings.TrimSpace(line), ", \"") {
				_, value, _ := strings.Cut(pair, "\": ")
				fmt.Fprintf(&out, "%d%s", i, value)
			}
		}
		return out.String()
	}
	return values(got) == values(want)
}

func FuzzReader(f *testing.F) {
	for _, name := range names {
		f.Add(load(f, name))
	}
	f.Add([]byte("PAR1\x00\x00\x00\x00\x00PAR1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 {
			return
		}
		rows(b)
	})
}
