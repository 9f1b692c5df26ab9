package data

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/dlclark/regexp2/v2"
	"pgregory.net/rapid"
)

// The patterns by which GPT-2 and Llama 3 cut text into words.
var wordPatterns = map[string]string{
	"gpt2":   `'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
	"llama3": `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
}

func words(t *rapid.T, re *regexp2.Regexp, text string) []string {
	var out []string
	m, err := re.FindStringMatch(text)
	for ; m != nil && err == nil; m, err = re.FindNextMatch(m) {
		out = append(out, m.String())
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// cuttable reports whether a lone line end or space stands between two words in the second half of text.
func cuttable(text string) bool {
	for i := len(text)/2 + 1; i < len(text)-1; i++ {
		if (text[i] == '\n' || text[i] == ' ') && lone([]byte(text), i) {
			return true
		}
	}
	return false
}

// TestCutTextKeepsWords checks that text cut by cutText has the words of the whole, wherever there is white space to cut at.
func TestCutTextKeepsWords(t *testing.T) {
	for name, pattern := range wordPatterns {
		t.Run(name, func(t *testing.T) {
			re := regexp2.MustCompile(pattern, regexp2.None)
			rapid.Check(t, func(t *rapid.T) {
				parts := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "it's", "12", "1234", ".", "!?", " ", "\n", "\t", "\r\n", "\u00a0", "é", "中文", "🙂", "'", " b", "c\nd"}), 8, 60)
				text := strings.Join(parts.Draw(t, "parts"), "")
				cut := cutText([]byte(text))
				if cut <= 0 || cut >= len(text) {
					t.Fatalf("cut at %d of %d", cut, len(text))
				}
				if !cuttable(text) {
					return
				}
				pieces := slices.Concat(words(t, re, text[:cut]), words(t, re, text[cut:]))
				if whole := words(t, re, text); !slices.Equal(whole, pieces) {
					t.Fatalf("cut at %d of %q: %q, expected %q", cut, text, pieces, whole)
				}
			})
		})
	}
}

func TestCutTextKeepsCharacters(t *testing.T) {
	for _, c := range []string{"é", "中", "🙂"} {
		text := strings.Repeat(c, 20)
		for n := len(text); n > len(text)-len(c); n-- { // the last character is whole, or lacks some bytes
			if cut := cutText([]byte(text)[:n]); cut != len(text)-len(c) {
				t.Errorf("cut at %d of %d bytes of %q, expected before the last character", cut, n, c)
			}
		}
	}
}

// TestLongDocuments reads documents of many blocks back whole.
func TestLongDocuments(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, separators := range []string{" \n", " ", "中", "x"} {
		for _, size := range []int{blockSize - 1, blockSize, blockSize + 1, 3*blockSize + 17} {
			var b strings.Builder
			for b.Len() < size {
				b.WriteString(strings.Repeat("w", 1+r.IntN(9)))
				s := []rune(separators)
				b.WriteRune(s[r.IntN(len(s))])
			}
			text := b.String()[:size]
			for !strings.HasSuffix(strings.ToValidUTF8(text, ""), text) {
				text = text[:len(text)-1]
			}
			s := openText(t, "a.txt", text)
			if got, err := readAll(s); err != nil || got != "["+text+"]" {
				t.Errorf("%d bytes with %q between words: read %d bytes, %v", size, separators, len(got)-2, err)
			}
			n := 0
			for range s.Pieces() {
				n++
			}
			if most := len(text)/(blockSize/2) + 1; n > most {
				t.Errorf("%d bytes came in %d pieces, expected at most %d", len(text), n, most)
			}
		}
	}
}

// TestLongLines reads JSON lines that are longer than a block, and counts lines on over them.
func TestLongLines(t *testing.T) {
	long := strings.Repeat("long line ", blockSize/4)
	s := openText(t, "a.jsonl", `{"text":"a"}`+"\n"+`{"text":"`+long+`"}`+"\n"+`{"text":"b"}`+"\n"+`oops`)
	got, err := readAll(s)
	if want := "[a][" + long + "][b]"; got != want {
		t.Errorf("read %d bytes, expected %d", len(got), len(want))
	}
	if err == nil || !strings.Contains(err.Error(), "a.jsonl:4: ") {
		t.Errorf("error is %v, expected one in line 4", err)
	}
	text := strings.Repeat("A line of text.\n", blockSize/8)
	_, err = readAll(openText(t, "a.txt", text+"\xff"))
	if err == nil || !strings.Contains(err.Error(), "a.txt:32769: invalid UTF-8: byte 0xff at offset 524288") {
		t.Errorf("error is %v", err)
	}
}
