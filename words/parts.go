package words

import "unicode/utf8"

// lineEnd is the word that fastText takes a line's end for; it has no parts.
const lineEnd = "</s>"

// appendParts appends the buckets of a word's parts, as fastText has them: of "<word>", all of minN to maxN characters but for a lone end.
func appendParts(dst []int32, word string, c Config) []int32 {
	if c.MaxN <= 0 {
		return dst
	}
	marked := "<" + word + ">"
	for i := 0; i < len(marked); {
		_, size := utf8.DecodeRuneInString(marked[i:])
		end := i
		for n := 1; end < len(marked) && n <= c.MaxN; n++ {
			_, s := utf8.DecodeRuneInString(marked[end:])
			end += s
			if n >= c.MinN && !(n == 1 && (i == 0 || end == len(marked))) {
				dst = append(dst, int32(partHash(marked[i:end])%uint32(c.Buckets)))
			}
		}
		i += size
	}
	return dst
}

// partHash is fastText's: FNV-1a of 32 bits with bytes taken as signed.
func partHash(s string) uint32 {
	h := uint32(2166136261)
	for i := range len(s) {
		h ^= uint32(int32(int8(s[i])))
		h *= 16777619
	}
	return h
}
