package pretok

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"
)

var scanners = []struct {
	name    string
	pattern string
	scan    Scanner
}{
	{"gpt2", GPT2Pattern, ScanGPT2},
	{"cl100k", CL100KPattern, ScanCL100K},
	{"qwen", QwenPattern, ScanQwen},
}

func scanAll(scan Scanner, text string) (out []string) {
	for i := 0; i < len(text); {
		end := scan([]byte(text), i)
		out = append(out, text[i:end])
		i = end
	}
	return out
}

func TestScannersSplit(t *testing.T) {
	for _, c := range []struct {
		scan Scanner
		text string
		want string
	}{
		{ScanGPT2, "Hello world, 你好! It's 2024.", "Hello| world|,| 你好|!| It|'s| 2024|."},
		{ScanGPT2, "a\n\n  b \t", "a|\n\n | b| \t"},
		{ScanGPT2, "'ll'LL'", "'ll|'|LL|'"},
		{ScanCL100K, "It'S 12345\r\n\n  x", "It|'S| |123|45|\r\n\n| | x"},
		{ScanCL100K, "foo.bar !!\n\n", "foo|.bar| !!\n\n"},
		{ScanQwen, "x 12", "x| |1|2"},
		{ScanGPT2, "a\xff\xfeb", "a|\xff\xfe|b"},
	} {
		if got := strings.Join(scanAll(c.scan, c.text), "|"); got != c.want {
			t.Errorf("%q splits into %q, want %q", c.text, got, c.want)
		}
	}
}

// randomText mixes characters that the patterns treat differently with arbitrary ones.
func randomText(r *rand.Rand) string {
	const pool = "aZsStTrReEvVmMlLdD'''   \t\n\n\r\u00a0\u3000\u2028 0179٣½你好éßſK.,!?-_#😀\u200d\u0301\u00ad"
	runes := []rune(pool)
	var b strings.Builder
	for range r.IntN(24) {
		if r.IntN(6) == 0 {
			c := rune(r.IntN(0x11000))
			if r.IntN(4) == 0 {
				c = rune(r.IntN(0x30000))
			}
			if utf8.ValidRune(c) {
				b.WriteRune(c)
			}
			continue
		}
		b.WriteRune(runes[r.IntN(len(runes))])
	}
	return b.String()
}

// newerThanGo lists characters that regexp2, which uses Go's tables, knows less of than we do.
func newerThanGo(text string) bool {
	for _, r := range text {
		if kindOf(r) != goKind(r) {
			return true
		}
	}
	return false
}

func goKind(r rune) kind {
	switch {
	case unicode.IsLetter(r):
		return letter
	case unicode.IsNumber(r):
		return number
	case unicode.IsSpace(r):
		return space
	}
	return other
}

func TestScannersMatchTheirPatterns(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, s := range scanners {
		re := regexp2.MustCompile(s.pattern, regexp2.None)
		for range 30000 {
			text := randomText(r)
			if newerThanGo(text) {
				continue
			}
			var want []string
			for m, _ := re.FindStringMatch(text); m != nil; m, _ = re.FindNextMatch(m) {
				want = append(want, m.String())
			}
			if got := scanAll(s.scan, text); strings.Join(got, "|") != strings.Join(want, "|") {
				t.Fatalf("%s: %q splits into %q, want %q", s.name, text, got, want)
			}
		}
	}
}

func FuzzScanners(f *testing.F) {
	f.Add("Hello world, 你好! It's 2024.")
	f.Add("'\xc5\xbf \xff\n \r\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, s := range scanners {
			for i := 0; i < len(text); {
				end := s.scan([]byte(text), i)
				if end <= i || end > len(text) {
					t.Fatalf("%s: %q: from %d to %d", s.name, text, i, end)
				}
				i = end
			}
		}
	})
}

func BenchmarkScanGPT2(b *testing.B) {
	text := []byte(strings.Repeat("The quick brown fox's 12 friends, who jump over 1,000 lazy dogs.\n", 1000))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		for i := 0; i < len(text); {
			i = ScanGPT2(text, i)
		}
	}
}
