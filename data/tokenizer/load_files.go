package tokenizer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/postprocess"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pretok"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/spm"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tiktoken"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tokenizerjson"
	"github.com/seahorse-ml/seahorse/internal/gguf"
)

type settings = map[string]json.RawMessage

// parseFile reads a file of any known format, which its contents give away.
func parseFile(path string, s settings) (*tokenizerjson.File, settings, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	head, err := bufio.NewReader(f).Peek(1 << 10)
	if err != nil && len(head) == 0 {
		return nil, nil, fmt.Errorf("an empty file")
	}
	if bytes.HasPrefix(head, []byte("GGUF")) {
		opened, err := gguf.Open(path)
		if err != nil {
			return nil, nil, errors.New(strings.ReplaceAll(err.Error(), path+": ", "")) // which the caller names
		}
		defer opened.Close()
		return fromGGUF(opened.Meta)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	file, err := parse(path, b, s)
	return file, s, err
}

// rankLine is a line of a tiktoken file.
var rankLine = regexp.MustCompile(`^[A-Za-z0-9+/]+=* \d+\r?\n`)

func parse(path string, b []byte, s settings) (*tokenizerjson.File, error) {
	text := bytes.TrimLeft(b, " \t\r\n")
	switch {
	case bytes.HasPrefix(text, []byte("{")) && isVocabulary(text):
		return fromVocabJSON(path, text, s)
	case bytes.HasPrefix(text, []byte("{")):
		return tokenizerjson.Parse(b)
	case filepath.Ext(path) == ".txt":
		return fromVocabText(b, s)
	case rankLine.Match(text):
		tokens, err := tiktoken.Parse(b)
		if err != nil {
			return nil, err
		}
		file, err := fromTiktoken(tokens, filepath.Base(path))
		if err == nil {
			addSettings(file, s)
		}
		return file, err
	}
	m, err := spm.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("neither a JSON object, nor lines of tiktoken ranks, nor a SentencePiece model: %w", err)
	}
	file, err := fromSPM(m)
	if err == nil {
		addSettings(file, s)
	}
	return file, err
}

// isVocabulary reports whether the first value of a JSON object is a number, as in vocab.json.
func isVocabulary(b []byte) bool {
	d := json.NewDecoder(bytes.NewReader(b))
	for range 2 {
		if _, err := d.Token(); err != nil {
			return false
		}
	}
	t, err := d.Token()
	_, number := t.(float64)
	return err == nil && number
}

// fromVocabJSON reads a byte-level BPE: the vocabulary, and the merges from the file beside it.
func fromVocabJSON(path string, vocab []byte, s settings) (*tokenizerjson.File, error) {
	var ids map[string]int32
	if err := json.Unmarshal(vocab, &ids); err != nil {
		return nil, err
	}
	var lines []byte
	err := fs.ErrNotExist
	for _, name := range []string{"merges.txt", "vocab.bpe"} {
		if lines, err = os.ReadFile(filepath.Join(filepath.Dir(path), name)); err == nil {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("a vocabulary without its merges: %w", err)
	}
	v, err := model.NewVocab(ids)
	if err != nil {
		return nil, err
	}
	merges, err := tokenizerjson.ParseMergeLines(textLines(lines))
	if err != nil {
		return nil, fmt.Errorf("merges: %w", err)
	}
	split, class := "gpt2", setting[string](s, "tokenizer_class")
	if strings.HasPrefix(class, "Qwen2") {
		split = "qwen2"
	}
	file, err := byteLevel(model.BPEConfig{Vocab: v, Merges: merges}, split)
	if err != nil {
		return nil, err
	}
	for _, name := range append([]string{"<s>", "<pad>", "<unk>", "<mask>"}, endNames...) {
		if id, ok := v.ID(name); ok {
			file.AddedTokens = append(file.AddedTokens, tokenizerjson.AddedToken{ID: id, Content: name, Special: true, LStrip: name == "<mask>"})
		}
	}
	if p, ok := file.PreTokenizer.(pretok.ByteLevel); ok {
		p.AddPrefixSpace = setting[bool](s, "add_prefix_space")
		file.PreTokenizer = p
	}
	if cls, ok := v.ID("<s>"); ok && strings.HasPrefix(class, "Roberta") {
		sep, _ := v.ID("</s>")
		file.PostProcessor = postprocess.Roberta{
			Cls: postprocess.Special{Token: "<s>", ID: cls}, Sep: postprocess.Special{Token: "</s>", ID: sep},
			TrimOffsets: true, AddPrefixSpace: setting[bool](s, "add_prefix_space"),
		}
	}
	addSettings(file, s)
	return file, nil
}

// fromVocabText reads a WordPiece vocabulary: a token on each line.
func fromVocabText(b []byte, s settings) (*tokenizerjson.File, error) {
	tokens := textLines(b)
	for i := range tokens {
		tokens[i] = strings.TrimRight(tokens[i], " \t\r")
	}
	v := model.NewVocabList(tokens)
	if _, ok := v.ID("[UNK]"); !ok {
		return nil, errors.New("a WordPiece vocabulary without [UNK]")
	}
	n := normalize.Bert{CleanText: true, HandleChineseChars: true, Lowercase: true}
	for key, to := range map[string]*bool{"do_lower_case": &n.Lowercase, "tokenize_chinese_chars": &n.HandleChineseChars} {
		if _, ok := s[key]; ok {
			*to = setting[bool](s, key)
		}
	}
	if strip, ok := s["strip_accents"]; ok && string(strip) != "null" {
		on := setting[bool](s, "strip_accents")
		n.StripAccents = &on
	}
	file := bertFile(v, n)
	addSettings(file, s)
	return file, nil
}

func textLines(b []byte) []string {
	text := strings.TrimSuffix(strings.ReplaceAll(string(b), "\r\n", "\n"), "\n")
	return strings.Split(text, "\n")
}

// setting returns a setting of type T, the zero value if there is none.
func setting[T any](s settings, key string) T {
	var v T
	if json.Unmarshal(s[key], &v) != nil {
		var zero T
		return zero
	}
	return v
}

// addSettings adds what tokenizer_config.json says beyond the vocabulary.
func addSettings(file *tokenizerjson.File, s settings) {
	for id, token := range setting[map[int32]tokenizerjson.AddedToken](s, "added_tokens_decoder") {
		token.ID = id
		known := false
		for i := range file.AddedTokens {
			if known = file.AddedTokens[i].Content == token.Content; known {
				file.AddedTokens[i] = token
				break
			}
		}
		if !known {
			file.AddedTokens = append(file.AddedTokens, token)
		}
	}
	bos, _ := namedToken(s, "bos_token")
	eos, _ := namedToken(s, "eos_token")
	addFrame(file, bos, eos, setting[bool](s, "add_bos_token"), setting[bool](s, "add_eos_token"))
}

// trimMark takes a byte order mark off a text.
func trimMark(b []byte) []byte { return bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")) }
