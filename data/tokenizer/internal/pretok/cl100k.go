package pretok

import "unicode/utf8"

// The patterns that the scanners of this file follow: GPT-4's, which Llama 3
// took over, and Qwen's, which takes digits one by one.
const (
	CL100KPattern = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	QwenPattern   = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
)

// O200KPattern is the pattern of GPT-4o, which has no scanner of its own.
const O200KPattern = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`

// ScanCL100K scans by CL100KPattern.
func ScanCL100K(text []byte, i int) int { return scanCL100K(text, i, 3) }

// ScanQwen scans by QwenPattern.
func ScanQwen(text []byte, i int) int { return scanCL100K(text, i, 1) }

func scanCL100K(text []byte, i, digits int) int {
	c := text[i]
	if c == '\'' {
		if n := foldedContraction(text[i+1:]); n > 0 {
			return i + 1 + n
		}
	}
	k, w := kindAt(text, i)
	switch k {
	case letter:
		return run(text, i+w, letter)
	case number:
		end := i + w
		for n := 1; n < digits && end < len(text); n++ {
			k, w := kindAt(text, end)
			if k != number {
				break
			}
			end += w
		}
		return end
	}
	next := other
	nextWidth := 0
	if i+w < len(text) {
		next, nextWidth = kindAt(text, i+w)
		if next == letter && c != '\r' && c != '\n' {
			return run(text, i+w+nextWidth, letter)
		}
	}
	if k == space && !(c == ' ' && nextWidth > 0 && next == other) {
		return linesOrSpaces(text, i)
	}
	if k == space {
		w += nextWidth
	}
	return newlines(text, run(text, i+w, other))
}

// newlines skips [\r\n]*.
func newlines(text []byte, i int) int {
	for i < len(text) && (text[i] == '\r' || text[i] == '\n') {
		i++
	}
	return i
}

// linesOrSpaces matches \s*[\r\n]+|\s+(?!\S)|\s+ at i.
func linesOrSpaces(text []byte, i int) int {
	end, last, line := i, 0, -1
	for end < len(text) {
		k, w := kindAt(text, end)
		if k != space {
			break
		}
		end, last = end+w, w
		if b := text[end-1]; b == '\r' || b == '\n' {
			line = end
		}
	}
	switch {
	case line >= 0:
		return line
	case end < len(text) && end-last > i:
		return end - last
	}
	return end
}

// foldedContraction is contraction for either case. U+017F folds to s.
func foldedContraction(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	var low [2]byte
	for i := range min(len(b), 2) {
		if low[i] = b[i]; b[i] < utf8.RuneSelf {
			low[i] |= 0x20
		}
	}
	if b[0] == 0xc5 && len(b) > 1 && b[1] == 0xbf {
		return 2
	}
	if b[0] < 'A' {
		return 0
	}
	return contraction(low[:min(len(b), 2)])
}
