package task

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/data"
)

// TestRowPlace names the files and lines that rows come from.
func TestRowPlace(t *testing.T) {
	lines := func(format string) string {
		var all strings.Builder
		for i := range 4 {
			fmt.Fprintf(&all, format+"\n", i)
		}
		return all.String()
	}
	for _, c := range []struct {
		objective     Objective
		arch          string
		file, content string
		row           int
		expect        string
	}{
		{Causal{}, "gpt2", "a.txt", strings.Repeat("ten chars\n", 20), 0, "a.txt:1-2"},
		{Causal{}, "gpt2", "a.txt", strings.Repeat("ten chars\n", 20), 5, "a.txt:7-8"},
		{Causal{}, "gpt2", "a.jsonl", lines(`{"text": "nine char%d"}`), 2, "a.jsonl:3"},
		{Masked{}, "bert", "a.jsonl", lines(`{"text": "nine char%d"}`), 2, "a.jsonl:3"},
		{Seq2Seq{}, "t5", "a.jsonl", lines(`{"source": "abc", "target": "cba%d"}`), 3, "a.jsonl:4"},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, c.file)
		write(t, path, c.content)
		source, err := data.OpenSource(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Prepare(t.Context(), Config{Dir: filepath.Join(t.TempDir(), "run"), Objective: c.objective, Base: newBase("char", c.arch, c.objective), Data: source, Length: 12, SourceLength: 6})
		if err != nil {
			t.Fatalf("%s: %v", c.objective.Name(), err)
		}
		b := data.NewBatch(1, r.Rows.Train.Layout())
		if err := data.FillSequential(b, r.Rows.Train, c.row); err != nil {
			t.Fatal(err)
		}
		if got := r.RowPlace(b, 0); got != filepath.Join(dir, c.expect) {
			t.Errorf("%s: row %d of %s comes from %q, expected %s", c.objective.Name(), c.row, c.file, strings.TrimPrefix(got, dir), c.expect)
		}
		r.Close()
	}
}

// records is a dataset that doesn't know its tokens.
type records int

func (r records) Len() int                       { return int(r) }
func (records) Layout() data.Layout              { return data.TokenLayout{Length: 1}.Layout() }
func (records) Fill(_ data.Row, _ int, _ uint64) {}

// TestStretchesOfRecords gives rows of records as many documents each.
func TestStretchesOfRecords(t *testing.T) {
	b, err := data.NewTokenBuilder(10)
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 6; n++ {
		if err := errors.Join(b.Append(make([]int32, n), true), b.EndDocument()); err != nil {
			t.Fatal(err)
		}
	}
	o := rowOrigins{}
	if o.tokens, err = b.Tokens(); err != nil {
		t.Fatal(err)
	}
	some, err := data.NewSubset(records(3), []int{2, 1})
	if err != nil {
		t.Fatal(err)
	}
	if got := o.stretches(some, 1, 0); !slices.Equal(got, [][2]int{{3, 6}, {6, 10}}) {
		t.Errorf("the second record is made of the tokens %v, expected its third and fourth document", got)
	}
	if got := o.stretches(records(4), 0, 0); got != nil {
		t.Errorf("four records of six documents: %v", got)
	}
}
