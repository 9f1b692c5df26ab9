package main

import (
	"fmt"
	"slices"
)

// suggestion returns `; did you mean "x"?` for the known name that is nearest to name, or nothing where none is near.
func suggestion(name string, known []string) string {
	best, least := "", len([]rune(name))/3+2
	for _, k := range slices.Sorted(slices.Values(known)) {
		if d := editDistance(name, k); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// editDistance returns the number of characters to insert, delete, replace or swap with their neighbour that turn a into b.
func editDistance(a, b string) int {
	s, t := []rune(a), []rune(b)
	var before []int // the row before above
	above := make([]int, len(t)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(s); i++ {
		row := make([]int, len(t)+1)
		row[0] = i
		for j := 1; j <= len(t); j++ {
			replaced := above[j-1]
			if s[i-1] != t[j-1] {
				replaced++
			}
			row[j] = min(replaced, above[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above = above, row
	}
	return above[len(t)]
}
