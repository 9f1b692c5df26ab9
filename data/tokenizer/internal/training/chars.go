package training

import "slices"

// frequentChars returns the characters of words, the most frequent first: as
// many as it takes to make up the share coverage of the text, at most limit.
func frequentChars(words []Word, coverage float64, limit int) []rune {
	counts := map[rune]int64{}
	var total int64
	for _, w := range words {
		for _, r := range w.Text {
			counts[r] += w.Count
			total += w.Count
		}
	}
	chars := make([]rune, 0, len(counts))
	for r := range counts {
		chars = append(chars, r)
	}
	slices.SortFunc(chars, func(a, b rune) int {
		if counts[a] != counts[b] {
			return int(min(max(counts[b]-counts[a], -1), 1))
		}
		return int(a - b)
	})
	var covered int64
	for i, r := range chars {
		if float64(covered) >= coverage*float64(total) || i >= limit {
			return chars[:i]
		}
		covered += counts[r]
	}
	return chars
}
