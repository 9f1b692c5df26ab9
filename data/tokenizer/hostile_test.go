package tokenizer

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tokenizerjson"
)

// load reads a tokenizer.json with the given model and other parts.
func load(t *testing.T, model, more string) (*Tokenizer, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), jsonFile)
	if err := os.WriteFile(path, []byte(`{"model":`+model+more+`}`), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path)
}

const tinyBPE = `{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":[["a","b"]]}`

func TestHostileFilesAreRefused(t *testing.T) {
	nested := func(key, kind string, n int) string {
		return `,"` + key + `":` + strings.Repeat(`{"type":"Sequence","`+kind+`":[`, n) + strings.Repeat(`]}`, n)
	}
	for name, c := range map[string]struct{ model, more, want string }{
		"no model":           {`null`, ``, "model"},
		"unknown model":      {`{"type":"LSTM"}`, ``, `"LSTM"`},
		"unknown normalizer": {tinyBPE, `,"normalizer":{"type":"Scramble"}`, `"Scramble"`},
		"unknown splitter":   {tinyBPE, `,"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Scramble"}]}`, `"Scramble"`},
		"unknown processor":  {tinyBPE, `,"post_processor":{"type":"Scramble"}`, `"Scramble"`},
		"unknown decoder":    {tinyBPE, `,"decoder":{"type":"Scramble"}`, `"Scramble"`},
		"deep normalizers":   {tinyBPE, nested("normalizer", "normalizers", 1000), "nested"},
		"deep splitters":     {tinyBPE, nested("pre_tokenizer", "pretokenizers", 1000), "nested"},
		"deep decoders":      {tinyBPE, nested("decoder", "decoders", 1000), "nested"},
		"very deep":          {strings.Repeat("[", 100000), ``, ""},
		"huge id":            {`{"type":"BPE","vocab":{"a":2147483647},"merges":[]}`, ``, "2147483647"},
		"too large an id":    {`{"type":"BPE","vocab":{"a":99999999999},"merges":[]}`, ``, ""},
		"negative id":        {`{"type":"WordLevel","vocab":{"a":-5},"unk_token":"a"}`, ``, "-5"},
		"huge added id":      {tinyBPE, `,"added_tokens":[{"id":2000000000,"content":"x"}]`, "2000000000"},
		"merge of nothing":   {`{"type":"BPE","vocab":{"a":0},"merges":[["a","x"]]}`, ``, `"x"`},
		"merge of three":     {`{"type":"BPE","vocab":{"a":0},"merges":["a a a"]}`, ``, "a a a"},
		"unknown is missing": {`{"type":"WordPiece","vocab":{"a":0}}`, ``, "[UNK]"},
		"unigram unknown":    {`{"type":"Unigram","unk_id":7,"vocab":[["a",0]]}`, ``, "7"},
		"bad score":          {`{"type":"Unigram","vocab":[["a",1e999]]}`, ``, ""},
		"bad expression":     {tinyBPE, `,"pre_tokenizer":{"type":"Split","pattern":{"Regex":"("},"behavior":"Isolated","invert":false}`, "regular expression"},
		"bad behavior":       {tinyBPE, `,"pre_tokenizer":{"type":"Split","pattern":{"String":"a"},"behavior":"Shuffled","invert":false}`, "Shuffled"},
		"bad table":          {tinyBPE, `,"normalizer":{"type":"Precompiled","precompiled_charsmap":"/////w=="}`, "Precompiled"},
		"bad direction":      {tinyBPE, `,"truncation":{"direction":"Up","max_length":3,"strategy":"LongestFirst","stride":0}`, `"Up"`},
		"bad strategy":       {tinyBPE, `,"truncation":{"direction":"Left","max_length":3,"strategy":"Shortest","stride":0}`, `"Shortest"`},
		"negative stride":    {tinyBPE, `,"truncation":{"direction":"Left","max_length":3,"strategy":"OnlyFirst","stride":-1}`, "-1"},
		"bad padding":        {tinyBPE, `,"padding":{"strategy":"Shortest","direction":"Left"}`, `"Shortest"`},
		"negative padding":   {tinyBPE, `,"padding":{"strategy":{"Fixed":-2},"direction":"Left"}`, "-2"},
		"negative multiple":  {tinyBPE, `,"padding":{"strategy":"BatchLongest","pad_to_multiple_of":-3}`, "-3"},
		"two templates": {tinyBPE, `,"post_processor":{"type":"Sequence","processors":[{"type":"BertProcessing","sep":["a",0],"cls":["b",1]},
			{"type":"BertProcessing","sep":["a",0],"cls":["b",1]}]}`, "at most one"},
		"no UTF-8":  {"{\"type\":\"BPE\",\"vocab\":{\"\xff\":0},\"merges\":[]}", ``, "UTF-8"},
		"truncated": {`{"type":"BPE","vocab":{"a":0`, ``, ""},
	} {
		begin := time.Now()
		_, err := load(t, c.model, c.more)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error about %s", name, err, c.want)
		}
		if d := time.Since(begin); d > 5*time.Second {
			t.Errorf("%s: took %v", name, d)
		}
	}
}

func TestCyclesOfMergesEnd(t *testing.T) {
	// The empty token makes merges that lead back to where they began.
	tok, err := load(t, `{"type":"BPE","vocab":{"a":0,"":1,"aa":2},"merges":[["a",""],["","a"],["a","a"],["",""]]}`, ``)
	if err != nil {
		t.Fatal(err)
	}
	if got := tok.AppendIDs(nil, []byte(strings.Repeat("a", 100001)), false); len(got) != 50001 {
		t.Errorf("%d tokens, want 50001", len(got))
	}
}

func TestLongWordsTakeLinearTime(t *testing.T) {
	long := []byte(strings.Repeat("ab", 50_000))
	for name, tok := range families(t) {
		begin := time.Now()
		tok.AppendIDs(nil, long, false)
		if d := time.Since(begin); d > 5*time.Second {
			t.Errorf("%s: a word of 100,000 characters took %v", name, d)
		}
	}
}

func TestExpressionsRunOutOfTime(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for seconds")
	}
	tok, err := load(t, tinyBPE, `,"pre_tokenizer":{"type":"Split","pattern":{"Regex":"(a+)+$"},"behavior":"Isolated","invert":false}`)
	if err != nil {
		t.Fatal(err)
	}
	var failure error
	bytes, d := costs(func() { _, failure = tok.Encode([]byte(strings.Repeat("a", 60)+"b"), EncodeOptions{}) })
	if failure == nil && d > 20*time.Second {
		t.Errorf("an expression that never ends took %v without an error", d)
	}
	if bytes > mostAtAll {
		t.Errorf("an expression that never ends allocated %d bytes, want at most %d", bytes, mostAtAll)
	}
}

func TestLoadNamesWhatItLooksFor(t *testing.T) {
	if _, err := Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), jsonFile) {
		t.Errorf("an empty directory gives %v", err)
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a missing file: no error")
	}
	empty := filepath.Join(t.TempDir(), "x")
	os.WriteFile(empty, nil, 0o600)
	if _, err := Load(empty); err == nil {
		t.Error("an empty file: no error")
	}
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "vocab.json"), []byte(`{"a":0}`), 0o600)
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "merges") {
		t.Errorf("a vocabulary without merges gives %v", err)
	}
	os.WriteFile(filepath.Join(dir, "merges.txt"), []byte("#version: 0.2\n"), 0o600)
	if tok, err := Load(dir); err != nil || tok.VocabSize() != 1 {
		t.Errorf("a vocabulary with merges gives %v", err)
	}
}

func TestVocabulariesOfLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vocab.txt")
	os.WriteFile(path, []byte("[UNK]\nx\n\xffy\n"), 0o600)
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "token 2 is not UTF-8") {
		t.Errorf("a token that is no UTF-8 gives %v", err)
	}
	// Of a token that comes twice, the later place is its id, also once it is saved.
	os.WriteFile(path, []byte("[UNK]\nx\nx\n"), 0o600)
	tok, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := tok.Save(dir); err != nil {
		t.Fatal(err)
	}
	again, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, tok := range []*Tokenizer{tok, again} {
		if id, _ := tok.ID("x"); id != 2 {
			t.Errorf("x has the id %d, want 2", id)
		}
	}
}

func TestLegacyMerges(t *testing.T) {
	for _, merges := range []string{`[["a","b"]]`, `["a b"]`, `["#version: 0.2","a b"]`} {
		file, err := tokenizerjson.Parse([]byte(fmt.Sprintf(`{"model":{"vocab":{"a":0,"b":1,"ab":2},"merges":%s}}`, merges)))
		if err != nil {
			t.Fatal(err)
		}
		tok, err := newTokenizer(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(tok.AppendIDs(nil, []byte("ab"), false)); got != "[2]" {
			t.Errorf("%s: ab gives %s", merges, got)
		}
	}
}

func TestTokensThatShareAnID(t *testing.T) {
	// A merge of a and n is one of a and the mark too, as these have one id: texts can't be cut at spaces.
	tok, err := load(t, `{"type":"BPE","vocab":{"n":0,"▁":0,"a":1,"an":2},"merges":[["a","n"]]}`, `,"normalizer":{"type":"Replace","pattern":{"String":" "},"content":"▁"}`)
	if err != nil {
		t.Fatal(err)
	}
	e, err := tok.Encode([]byte("a a"), EncodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := tok.AppendIDs(nil, []byte("a a"), false); !slices.Equal(got, []int32{2, 1}) || !slices.Equal(got, e.IDs) {
		t.Errorf("AppendIDs gives %v, Encode %v, want [2 1]", got, e.IDs)
	}
}

func TestNormalizersThatTakeSpacesAway(t *testing.T) {
	const vocab = `"vocab":{"<unk>":0,"a":1,"b":2,"ab":3,"a▁b":4,"▁a":5,"▁b":6,"▁":7},"unk_token":"<unk>"`
	const split = `,"pre_tokenizer":{"type":"WhitespaceSplit"}`
	replace := func(kind, pattern, content string) string {
		return fmt.Sprintf(`{"type":"Replace","pattern":{%q:%q},"content":%q}`, kind, pattern, content)
	}
	for name, c := range map[string]string{
		"runs vanish":        split + `,"normalizer":` + replace("Regex", " {2,}", ""),
		"spaces are spelled": split + `,"normalizer":` + replace("String", " ", "▁"),
		"words vanish": `,"pre_tokenizer":{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true},"normalizer":{"type":"Sequence","normalizers":[` +
			replace("String", "x", "") + "," + replace("Regex", " {2,}", " ") + `]}`,
	} {
		tok, err := load(t, `{"type":"WordLevel",`+vocab+`}`, c)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"a b", "a  b", "a x b", "a   b a", "x a"} {
			e, err := tok.Encode([]byte(text), EncodeOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if got := tok.AppendIDs(nil, []byte(text), false); !slices.Equal(got, e.IDs) {
				t.Errorf("%s: %q: AppendIDs gives %v, Encode %v", name, text, got, e.IDs)
			}
		}
	}
}
