package tokenizerjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
)

func parseModel(b unread) (any, error) {
	if b.absent() {
		return nil, errors.New("there is none")
	}
	var kind string
	var vocab, merges unread
	if err := fields(b, map[string]any{"type": &kind, "vocab": &vocab, "merges": &merges}); err != nil {
		return nil, err
	}
	if kind == "" && !merges.absent() {
		kind = "BPE" // files written before models had types
	}
	switch kind {
	case "BPE":
		return parseBPE(b, vocab, merges)
	case "WordPiece":
		return parseWordPiece(b, vocab)
	case "WordLevel":
		return parseWordLevel(b, vocab)
	case "Unigram":
		return parseUnigram(b, vocab)
	case "":
		return nil, errors.New("it has no type")
	}
	return nil, fmt.Errorf("unknown type %.80q", kind)
}

func parseBPE(b, vocab, merges unread) (any, error) {
	var c model.BPEConfig
	err := fields(b, map[string]any{
		"dropout": &c.Dropout, "unk_token": &c.Unknown, "continuing_subword_prefix": &c.Prefix, "end_of_word_suffix": &c.Suffix,
		"fuse_unk": &c.FuseUnknown, "byte_fallback": &c.ByteFallback, "ignore_merges": &c.IgnoreMerges,
	})
	if err != nil {
		return nil, err
	}
	if c.Vocab, err = parseVocab(vocab); err != nil {
		return nil, err
	}
	c.Merges, err = parseMerges(merges, c.Vocab)
	return c, err
}

// ParseVocab reads a vocab.json: an object of ids by token.
func ParseVocab(b []byte) (*model.Vocab, error) {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if !json.Valid(b) {
		var nothing json.RawMessage
		return nil, fmt.Errorf("vocab: %w", json.Unmarshal(b, &nothing))
	}
	return parseVocab(unread(skipSpace(b)))
}

// parseVocab reads an object of ids by token.
func parseVocab(b unread) (*model.Vocab, error) {
	if b.kind() != '{' {
		return nil, fmt.Errorf("vocab: expected an object of ids by token, got %.40s", b)
	}
	n, size := 0, 0
	for key := range members(b) {
		n++
		size += len(key)
	}
	ids := make(map[string]int32, n)
	var names names
	names.Grow(size)
	for key, value := range members(b) {
		name, err := unquote(key)
		if err != nil {
			return nil, fmt.Errorf("vocab: %w", err)
		}
		id, err := strconv.ParseInt(string(value), 10, 32)
		if err != nil {
			return nil, fmt.Errorf("vocab: token %.40q: expected an id, got %.40s", name, value)
		}
		ids[names.keep(name)] = int32(id)
	}
	return model.NewVocab(ids)
}

// names holds the names of all tokens in one piece of memory.
type names struct{ strings.Builder }

func (n *names) keep(name []byte) string {
	from := n.Len()
	n.Write(name)
	return n.String()[from:]
}

// parseMerges reads a list of merges: lists of two tokens, or texts with a space between the two.
func parseMerges(b unread, v *model.Vocab) ([][2]string, error) {
	if b.absent() {
		return nil, nil
	}
	if b.kind() != '[' {
		return nil, fmt.Errorf("merges: expected a list, got %.40s", b)
	}
	n := 0
	for range elements(b) {
		n++
	}
	out := make([][2]string, 0, n)
	for m := range elements(b) {
		left, right, err := cutMerge(m)
		if err != nil {
			return nil, fmt.Errorf("BPE: merge %d: %w", len(out), err)
		}
		if left != nil {
			out = append(out, [2]string{v.Spell(left), v.Spell(right)})
		}
	}
	return out, nil
}

// cutMerge returns the two tokens of a merge; nil for a line with the version.
func cutMerge(m unread) (left, right []byte, err error) {
	if m.kind() == '"' {
		line, err := unquote(m)
		if err != nil || strings.HasPrefix(string(line), versionLine) {
			return nil, nil, err
		}
		l, r, err := cutMergeLine(string(line))
		return []byte(l), []byte(r), err
	}
	if m.kind() != '[' {
		return nil, nil, fmt.Errorf("expected two tokens, got %.80s", m)
	}
	pair := make([][]byte, 0, 2)
	for part := range elements(m) {
		token, err := unquote(part)
		if err != nil {
			return nil, nil, err
		}
		if pair = append(pair, token); len(pair) > 2 {
			break
		}
	}
	if len(pair) != 2 {
		return nil, nil, fmt.Errorf("expected two tokens, got %.80s", m)
	}
	return pair[0], pair[1], nil
}

// versionLine begins a line of a list of merges that is none.
const versionLine = "#version"

// ParseMergeLines reads merges written as two tokens with a space between them,
// as in merges.txt; a line that begins with #version is passed over.
func ParseMergeLines(lines []string) ([][2]string, error) {
	out := make([][2]string, 0, len(lines))
	for i, line := range lines {
		if strings.HasPrefix(line, versionLine) {
			continue
		}
		left, right, err := cutMergeLine(line)
		if err != nil {
			return nil, fmt.Errorf("BPE: merge %d: %w", i, err)
		}
		out = append(out, [2]string{left, right})
	}
	return out, nil
}

func cutMergeLine(line string) (left, right string, err error) {
	left, right, ok := strings.Cut(line, " ")
	if !ok || strings.Contains(right, " ") {
		return "", "", fmt.Errorf("expected two tokens with a space between them, got %.80q", line)
	}
	return left, right, nil
}

func parseUnigram(b, vocab unread) (any, error) {
	c := model.UnigramConfig{}
	unknown := (*int32)(nil)
	if err := fields(b, map[string]any{"unk_id": &unknown, "byte_fallback": &c.ByteFallback}); err != nil {
		return nil, err
	}
	c.Unknown = -1
	if unknown != nil {
		if c.Unknown = *unknown; c.Unknown < 0 {
			return nil, fmt.Errorf("a Unigram: unk_id must not be negative, got %d", c.Unknown)
		}
	}
	if vocab.kind() != '[' {
		return nil, fmt.Errorf("a Unigram: vocab: expected a list of tokens with their scores, got %.40s", vocab)
	}
	n := 0
	for range elements(vocab) {
		n++
	}
	c.Pieces = make([]model.Piece, 0, n)
	var names names
	names.Grow(len(vocab) / 2)
	for pair := range elements(vocab) {
		name, score, err := cutPiece(pair)
		if err != nil {
			return nil, fmt.Errorf("a Unigram: token %d: %w", len(c.Pieces), err)
		}
		c.Pieces = append(c.Pieces, model.Piece{Token: names.keep(name), Score: score})
	}
	return c, nil
}

// cutPiece returns a token and its score, which are in a list of the two.
func cutPiece(pair unread) (name []byte, score float64, err error) {
	var parts []unread
	if pair.kind() == '[' {
		for part := range elements(pair) {
			if parts = append(parts, part); len(parts) > 2 {
				break
			}
		}
	}
	if len(parts) != 2 {
		return nil, 0, fmt.Errorf("expected a list of a name and a score, got %.80s", pair)
	}
	if name, err = unquote(parts[0]); err != nil {
		return nil, 0, err
	}
	if score, err = strconv.ParseFloat(string(parts[1]), 64); err != nil {
		return nil, 0, fmt.Errorf("the score of %.40q is no number that fits: %.40s", name, parts[1])
	}
	return name, score, nil
}

func parseWordPiece(b, vocab unread) (any, error) {
	c := model.WordPieceConfig{Unknown: "[UNK]", Prefix: "##", MaxChars: 100}
	err := fields(b, map[string]any{"unk_token": &c.Unknown, "continuing_subword_prefix": &c.Prefix, "max_input_chars_per_word": &c.MaxChars})
	if err != nil {
		return nil, err
	}
	c.Vocab, err = parseVocab(vocab)
	return c, err
}

func parseWordLevel(b, vocab unread) (any, error) {
	c := model.WordLevelConfig{Unknown: "<unk>"}
	if err := fields(b, map[string]any{"unk_token": &c.Unknown}); err != nil {
		return nil, err
	}
	var err error
	c.Vocab, err = parseVocab(vocab)
	return c, err
}
