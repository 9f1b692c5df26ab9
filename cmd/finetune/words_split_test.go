package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWordsOfTokenizers learns vectors of a tokenizer's tokens, goes on with them, and learns labels by them.
func TestWordsOfTokenizers(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	text := write(t, at("text.txt"), strings.Repeat("the sun and the moon\nbread and butter and cheese\n", 60))
	succeed(t, "", "tokenizer", "train", "--data", text, "--model", "bpe", "--vocab-size", "290", "--output-dir", at("tokenizer"))
	succeed(t, "", "words", "train", "--data", text, "--split", at("tokenizer"), "--output-dir", at("tokens"), "--dim", "4", "--epochs", "1")
	if words := read(t, at("tokens/vocabulary.tsv")); !strings.Contains(words, "\nĠthe\t60\n") || !strings.HasPrefix(words, "Ġand\t") {
		t.Errorf("the vocabulary has no tokens as they are spelled:\n%s", words)
	}
	succeed(t, "", "words", "train", "--data", text, "--model", at("tokens"), "--output-dir", at("more"), "--epochs", "1")
	if _, err := os.Stat(at("more/tokenizer/tokenizer.json")); err != nil {
		t.Error(err)
	}
	fails(t, "--split tokenizer; go on with the same", "words", "train", "--data", text, "--model", at("tokens"), "--split", "letters", "--output-dir", at("other"))
	fails(t, "the directory of a tokenizer", "words", "train", "--data", text, "--split", "syllables", "--output-dir", at("other"))
	labelled := write(t, at("labelled.txt"), strings.Repeat("__label__sky the sun and the moon\n__label__food bread and butter\n", 60))
	succeed(t, "", "words", "supervised", "--data", labelled, "--split", at("tokenizer"), "--output-dir", at("labels"), "--dim", "4")
	if out, _ := succeed(t, "", "words", "predict", "--model", at("labels"), "butter and bread"); !strings.Contains(out, "food") {
		t.Error(out)
	}
}

func TestChineseWords(t *testing.T) {
	dir := t.TempDir()
	text := write(t, filepath.Join(dir, "text.txt"), strings.Repeat("计算机科学AI很有趣。\n", 20))
	succeed(t, "", "words", "train", "--data", text, "--split", "chinese", "--output-dir", filepath.Join(dir, "words"), "--dim", "4", "--epochs", "1")
	for _, word := range []string{"计算机科学", "有趣", "ai"} {
		if words := read(t, filepath.Join(dir, "words", "vocabulary.tsv")); !strings.Contains("\n"+words, "\n"+word+"\t20\n") {
			t.Errorf("%s is no word of\n%s", word, words)
		}
	}
}

// TestGloVeInLittleMemory learns the same bits from pairs in files, and leaves none behind.
func TestGloVeInLittleMemory(t *testing.T) {
	dir := t.TempDir()
	text := write(t, filepath.Join(dir, "text.txt"), strings.Repeat("the sun and the moon\nbread and butter and cheese\nthe bread and the moon\n", 50))
	for _, memory := range []string{"0", "1e-6"} {
		succeed(t, "", "words", "train", "--data", text, "--method", "glove", "--output-dir", filepath.Join(dir, memory), "--dim", "5", "--memory", memory)
	}
	if read(t, filepath.Join(dir, "0", "words.safetensors")) != read(t, filepath.Join(dir, "1e-6", "words.safetensors")) {
		t.Error("less memory gives other bits")
	}
	if left, err := filepath.Glob(filepath.Join(dir, "1e-6", ".pairs-*")); err != nil || len(left) > 0 {
		t.Error(left, err)
	}
}
