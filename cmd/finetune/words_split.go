package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/words"
)

// wordSplit is how a text is split into words.
type wordSplit struct {
	name      string // that a directory of vectors keeps
	by        words.Splitter
	tokenizer *tokenizer.Tokenizer // nil unless words are its tokens
}

// The values of --split, beside the directory of a tokenizer.
const (
	splitLetters    = "letters"
	splitSpaces     = "spaces"
	splitCharacters = "characters"
	splitChinese    = "chinese"

	splitTokenizer = "tokenizer" // what a directory keeps of a tokenizer, which lies below it
)

// openSplit returns what --split names.
func openSplit(s *streams, name string) (wordSplit, error) {
	switch name {
	case splitLetters:
		return wordSplit{name: name, by: words.Letters}, nil
	case splitSpaces:
		return wordSplit{name: name, by: words.Spaces}, nil
	case splitCharacters:
		return wordSplit{name: name, by: words.Characters}, nil
	case splitChinese:
		cut, err := tokenizer.ChineseWords()
		return wordSplit{name: name, by: chineseSplitter(cut)}, err
	}
	if _, err := os.Stat(name); err != nil {
		return wordSplit{}, fmt.Errorf("--split %s: expected %s, %s, %s, %s, or the directory of a tokenizer", name, splitLetters, splitChinese, splitCharacters, splitSpaces)
	}
	t, err := loadTokenizer(s, name)
	if err != nil {
		return wordSplit{}, fmt.Errorf("--split: %w", err)
	}
	return wordSplit{splitTokenizer, tokenSplitter(t), t}, nil
}

// openKeptSplit returns the split that a directory keeps.
func openKeptSplit(s *streams, name, dir string) (wordSplit, error) {
	if name == splitTokenizer {
		name = filepath.Join(dir, splitTokenizer)
	}
	return openSplit(s, name)
}

// keep writes the tokenizer, if there is one, into the directory of what was learned.
func (w wordSplit) keep(dir string) error {
	if w.tokenizer == nil {
		return nil
	}
	return w.tokenizer.Save(filepath.Join(dir, splitTokenizer))
}

// chineseSplitter splits as words.Letters does, and runs of Chinese characters into words.
func chineseSplitter(cut func(run string) []string) words.Splitter {
	isHan := func(r rune) bool { return unicode.Is(unicode.Han, r) }
	return func(line []byte, word func([]byte)) {
		words.Letters(line, func(run []byte) {
			for len(run) > 0 {
				first, _ := utf8.DecodeRune(run)
				end := bytes.IndexFunc(run, func(r rune) bool { return isHan(r) != isHan(first) })
				if end < 0 {
					end = len(run)
				}
				if !isHan(first) {
					word(run[:end])
				} else {
					for _, w := range cut(string(run[:end])) {
						word([]byte(w))
					}
				}
				run = run[end:]
			}
		})
	}
}

// tokenSplitter makes the tokens of each line words, as the tokenizer spells them. White space alone is none.
func tokenSplitter(t *tokenizer.Tokenizer) words.Splitter {
	spelled := make([][]byte, t.VocabSize())
	for i := range spelled {
		if token, ok := t.Token(int32(i)); ok && strings.TrimSpace(token) != "" {
			spelled[i] = []byte(token)
		}
	}
	return func(text []byte, word func([]byte)) {
		var ids []int32
		for line := range bytes.Lines(text) {
			ids = t.AppendIDs(ids[:0], bytes.TrimRight(line, "\r\n"), false)
			for _, id := range ids {
				if token := spelled[id]; token != nil {
					word(token)
				}
			}
		}
	}
}
