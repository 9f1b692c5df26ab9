package data

import (
	"os"
	"strings"
	"testing"
)

// TestParquet reads texts and labels of a Parquet file, under its name and others, compressed once more, and damaged.
func TestParquet(t *testing.T) {
	b, err := os.ReadFile("../internal/parquetfile/testdata/flat-zstd.parquet")
	if err != nil {
		t.Fatal(err)
	}
	content := string(b)
	for _, c := range []struct{ name, content string }{
		{"a.parquet", content}, {"a.PQ", content}, {"a", content}, {"a.txt", content}, {"a.parquet.gz", gzipped(t, content)}, {"a.parquet.zst", zstded(t, content)},
	} {
		got, err := readAll(openText(t, c.name, c.content))
		if err != nil || strings.Count(got, "[line ") != 38 || !strings.HasPrefix(got, "[line 0 ][line 1 abc][line 2 abcabc][][π and 你好]") {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
	labels, err := ReadLabels(openText(t, "a.parquet", content), Classification)
	if err != nil || strings.Join(labels.Names, " ") != "0 1 2" {
		t.Errorf("labels %v, %v", labels.Names, err)
	}
	s, err := Open(SourceConfig{Paths: []string{writeFile(t, t.TempDir(), "a.parquet", content)}, Columns: Columns{"label": "score"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ReadLabels(s, Regression); err == nil || !strings.Contains(err.Error(), `a.parquet: row 1: "label" must be a number or a list of numbers, got null`) {
		t.Errorf("error is %v", err)
	}
	for _, c := range []struct{ content, want string }{
		{content[:len(content)-9], `a.parquet: it doesn't end with "PAR1"`}, {"text", "a.parquet: not a Parquet file"}, {"just a plain text", "a.parquet: not a Parquet file"},
		{content[:40] + "xxxx" + content[44:], "a.parquet: "},
	} {
		if _, err := readAll(openText(t, "a.parquet", c.content)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%d bytes: %v, want %q", len(c.content), err, c.want)
		}
	}
}
