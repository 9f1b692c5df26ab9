package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWords takes vectors from a text to a file of word2vec's, by every method.
func TestWords(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text, pairs, questions := filepath.Join(dir, "text.txt"), filepath.Join(dir, "pairs.tsv"), filepath.Join(dir, "questions.txt")
	write(t, text, strings.Repeat("the sun and the moon and the stars\nbread and butter and cheese and milk\nthe moon and the sun\nmilk and bread\n", 100))
	write(t, pairs, "sun\tmoon\t9\nsun\tbread\t1\nmilk\tbread\t8\nmilk\tnowhere\t8\n")
	write(t, questions, ": all\nsun moon bread milk\n")
	finetune := func(args ...string) string {
		t.Helper()
		out, _ := succeed(t, "", args...)
		return out
	}
	for _, method := range []string{"skipgram", "cbow", "fasttext", "glove", "svd"} {
		model := filepath.Join(dir, method)
		finetune("words", "train", "--data", text, "--output-dir", model, "--method", method, "--dim", "6", "--bucket", "1000", "--sample", "0")
		finetune("words", "train", "--data", text, "--output-dir", model+"-2", "--method", method, "--dim", "6", "--bucket", "1000", "--sample", "0", "--threads", "1")
		a, err1 := os.ReadFile(filepath.Join(model, "words.safetensors"))
		b, err2 := os.ReadFile(filepath.Join(model+"-2", "words.safetensors"))
		if err1 != nil || err2 != nil || !bytes.Equal(a, b) {
			t.Errorf("%s: another number of threads gives other bytes (%v, %v)", method, err1, err2)
		}
		var line struct {
			Neighbors []struct{ Word string }
		}
		if err := json.Unmarshal([]byte(finetune("words", "neighbors", "--model", model, "--top-n", "3", "--json", "sun")), &line); err != nil || len(line.Neighbors) != 3 {
			t.Errorf("%s: neighbours %+v, %v", method, line, err)
		}
		var figures struct {
			Similarity []struct{ Pairs, Unknown int }
			Analogies  struct{ Asked int }
		}
		if err := json.Unmarshal([]byte(finetune("words", "eval", "--model", model, "--similarity", pairs, "--analogies", questions, "--json")), &figures); err != nil {
			t.Fatal(err)
		}
		if figures.Similarity[0].Pairs != 3 || figures.Similarity[0].Unknown != 1 || figures.Analogies.Asked != 1 {
			t.Errorf("%s: %+v", method, figures)
		}
		for _, format := range []string{"word2vec", "word2vec-bin", "glove", "fasttext", "keyedvectors"} {
			if format == "fasttext" && (method == "glove" || method == "svd") {
				continue // no models
			}
			file := filepath.Join(dir, method+"."+format)
			finetune("words", "convert", "--model", model, "--format", format, "--output", file)
			if got, want := finetune("words", "neighbors", "--model", file, "milk"), finetune("words", "neighbors", "--model", model, "milk"); got != want {
				t.Errorf("%s as %s: neighbours\n%s\nexpected\n%s", method, format, got, want)
			}
		}
	}
	for file, args := range map[string][]string{"map.svg": nil, "map.html": {"--method", "pca", "sun", "moon", "bread"}, "few.svg": {"--perplexity", "2", "sun", "moon", "bread", "milk"}} {
		page := filepath.Join(dir, file)
		finetune(append([]string{"words", "map", "--model", filepath.Join(dir, "svd"), "--output", page}, args...)...)
		if text, err := os.ReadFile(page); err != nil || !strings.Contains(string(text), ">bread</text>") {
			t.Errorf("%s: %v\n%s", file, err, text)
		}
	}
	joined := filepath.Join(dir, "joined")
	finetune("words", "train", "--data", text, "--output-dir", joined, "--phrases", "1", "--phrase-scoring", "npmi", "--phrase-threshold", "0.5", "--dim", "6", "--sample", "0")
	if raw, err := os.ReadFile(filepath.Join(joined, "vocabulary.tsv")); err != nil || !strings.Contains(string(raw), "the_moon\t") {
		t.Errorf("no phrases: %v\n%s", err, raw)
	}
	finetune("words", "train", "--data", text, "--model", joined, "--output-dir", joined+"-more", "--epochs", "1")
	if _, err := os.Stat(filepath.Join(joined+"-more", "phrases.json")); err != nil {
		t.Error(err)
	}
	finetune("words", "analogy", "--model", filepath.Join(dir, "svd"), "sun", "moon", "bread")
	if got := finetune("words", "neighbors", "--model", filepath.Join(dir, "fasttext"), "moonlight"); !strings.HasPrefix(got, "moonlight\n") {
		t.Errorf("a word that isn't known: %s", got)
	}
	finetune("words", "train", "--data", text, "--model", filepath.Join(dir, "cbow"), "--method", "cbow", "--output-dir", filepath.Join(dir, "more"), "--epochs", "1")
	for line, want := range map[string]string{
		"words train --data " + text + " --output-dir " + filepath.Join(dir, "cbow"):                                           "already holds words.json",
		"words train --data " + text + " --output-dir " + filepath.Join(dir, "new") + " --hs --negative 5":                     "hierarchical softmax",
		"words train --data " + text + " --output-dir " + filepath.Join(dir, "new") + " --min-count 100000":                    "no word is frequent enough",
		"words train --data " + text + " --output-dir " + filepath.Join(dir, "new") + " --model " + filepath.Join(dir, "cbow"): "go on with the same",
		"words neighbors --model " + filepath.Join(dir, "svd") + " nowhere":                                                    "the word is unknown",
		"words neighbors --model " + dir + " sun":                                                                              "holds no vectors of words",
		"words map --model " + filepath.Join(dir, "svd") + " --output " + filepath.Join(dir, "map.png"):                        "ends in .svg or .html",
		"words eval --model " + filepath.Join(dir, "svd"):                                                                      "nothing to compare with",
		"words convert --format fasttext --model " + filepath.Join(dir, "svd") + " --output " + filepath.Join(dir, "x"):        "holds vectors only",
	} {
		var out bytes.Buffer
		if status := execute(context.Background(), strings.Fields(line), &streams{in: strings.NewReader(""), out: &out, err: &out}); status != exitFailure || !strings.Contains(out.String(), want) {
			t.Errorf("%s: status %d, %s expected %q", line, status, out.String(), want)
		}
	}
}
