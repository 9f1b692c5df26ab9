// Package tiktoken reads the rank files of OpenAI's tiktoken: a token in base64
// and its rank on each line.
package tiktoken

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
)

// Token is a string of bytes and its rank, which is its id as well.
type Token struct {
	Bytes string
	Rank  int32
}

// Parse reads a file; the tokens come in the order of their ranks.
func Parse(b []byte) ([]Token, error) {
	var out []Token
	s := bufio.NewScanner(bytes.NewReader(b))
	s.Buffer(nil, 1<<20)
	seen := map[string]bool{}
	for line := 1; s.Scan(); line++ {
		if len(bytes.TrimSpace(s.Bytes())) == 0 {
			continue
		}
		name, rank, ok := bytes.Cut(bytes.TrimSpace(s.Bytes()), []byte(" "))
		if !ok {
			return nil, fmt.Errorf("tiktoken: line %d: expected a token and its rank, got %.60q", line, s.Text())
		}
		token := make([]byte, base64.StdEncoding.DecodedLen(len(name)))
		n, err := base64.StdEncoding.Decode(token, name)
		if err != nil {
			return nil, fmt.Errorf("tiktoken: line %d: %w", line, err)
		}
		id, err := strconv.ParseInt(string(rank), 10, 32)
		if err != nil || id < 0 {
			return nil, fmt.Errorf("tiktoken: line %d: expected a rank of at least 0, got %.60q", line, rank)
		}
		if text := string(token[:n]); n == 0 || seen[text] {
			return nil, fmt.Errorf("tiktoken: line %d: the token %.80q is empty or a repetition", line, text)
		} else {
			seen[text] = true
			out = append(out, Token{text, int32(id)})
		}
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("tiktoken: %w", err)
	}
	slices.SortStableFunc(out, func(a, b Token) int { return int(a.Rank - b.Rank) })
	return out, nil
}
