package curate

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
)

// ReadSynonyms reads words that mean the same, a line each: words between commas, of which each may stand for each other, or one word, a colon,
// and words that may stand for it. Blank lines and those that begin with # are passed over. Name is that of the file, for errors.
func ReadSynonyms(name string, r io.Reader) (map[string][]string, error) {
	all := map[string][]string{}
	add := func(word, other string) {
		key := strings.ToLower(word)
		if key != strings.ToLower(other) && !slices.Contains(all[key], other) {
			all[key] = append(all[key], other)
		}
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	n := 0
	for lines.Scan() {
		n++
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		head, rest, directed := strings.Cut(line, ":")
		if !directed {
			rest = line
		}
		var words []string
		for w := range strings.SplitSeq(rest, ",") {
			if w = strings.TrimSpace(w); w != "" {
				words = append(words, w)
			}
		}
		head = strings.TrimSpace(head)
		if directed && (head == "" || len(words) == 0) || !directed && len(words) < 2 {
			return nil, fmt.Errorf("curate: %s:%d: expected words between commas, or a word, a colon and words that may stand for it; got %.60q", name, n, line)
		}
		for i, w := range words {
			if directed {
				add(head, w)
				continue
			}
			for k, other := range words {
				if k != i {
					add(w, other)
				}
			}
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("curate: %s:%d: %w", name, n+1, err)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("curate: %s: no words that mean the same", name)
	}
	return all, nil
}
