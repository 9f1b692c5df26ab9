package data

import (
	"path/filepath"
	"testing"
)

// TestRecordsAreTold checks that a token file tells one record from one text, in memory and on the disk.
func TestRecordsAreTold(t *testing.T) {
	for name, want := range map[string]struct {
		content string
		records bool
	}{
		"a.jsonl": {`{"text":"a b"}`, true}, "a.csv": {"text\na b\n", true}, "a.tsv": {"text\na b\n", true}, "a.txt": {"a b", false},
	} {
		s := openText(t, name, want.content)
		tokens, err := Encode(t.Context(), s, byteEncoder{}, EncodeConfig{})
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "tokens")
		if err := EncodeFile(t.Context(), path, s, byteEncoder{}, EncodeConfig{}); err != nil {
			t.Fatal(err)
		}
		f, err := OpenTokens(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if tokens.Records() != want.records || f.Records() != want.records || f.Slice(0, 1).Records() != want.records || f.Documents() != 1 {
			t.Errorf("%s: records %v in memory, %v in a file of %d documents, want %v", name, tokens.Records(), f.Records(), f.Documents(), want.records)
		}
	}
}
