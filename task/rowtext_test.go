package task

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/data"
)

// TestRowText reads the texts of rows back.
func TestRowText(t *testing.T) {
	for _, c := range []struct {
		objective             Objective
		arch                  string
		file, content, expect string
	}{
		{Causal{}, "gpt2", "a.txt", strings.Repeat("all that one learns ", 9), "all that one"},
		{Seq2Seq{}, "t5", "a.jsonl", strings.Repeat(`{"source": "abc", "target": "cba"}`+"\n", 4), "abc"},
	} {
		path := filepath.Join(t.TempDir(), c.file)
		write(t, path, c.content)
		source, err := data.OpenSource(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Prepare(t.Context(), Config{Dir: filepath.Join(t.TempDir(), "run"), Objective: c.objective, Base: newBase("char", c.arch, c.objective), Data: source, Length: 12, SourceLength: 6})
		if err != nil {
			t.Fatal(err)
		}
		b := data.NewBatch(2, r.Rows.Train.Layout())
		if err := data.FillSequential(b, r.Rows.Train, 0); err != nil {
			t.Fatal(err)
		}
		if got := r.RowText(b, 0); !strings.Contains(got, c.expect) {
			t.Errorf("%s: %q, expected %q in it", c.objective.Name(), got, c.expect)
		}
		r.Close()
	}
}
