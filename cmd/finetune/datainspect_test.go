package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// inspectedRow is a line of data inspect --json.
type inspectedRow struct {
	File      string
	Line      int
	IDs       []int32
	Targets   []int
	Text      string
	Documents []int
}

// TestDataInspect shows rows as sft learns them, and counts what is wrong with the others.
func TestDataInspect(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := filepath.Join(dir, "base")
	letters := write(t, filepath.Join(dir, "letters.txt"), strings.Repeat("abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ. <|_>\n:#,'-0123456789", 20))
	succeed(t, "", "pretrain", "--data", letters, "--output-dir", base, "--n-layer=1", "--n-head=2", "--n-embd=32", "--seq-len=256", "--batch-size=2", "--max-steps=1", "--warmup-steps=0", "--tokenizer=char",
		"--validation-split=0")
	path := write(t, filepath.Join(dir, "talks.jsonl"), `{"messages": [{"role": "user", "content": "a question"}, {"role": "assistant", "content": "an answer"}]}
{"messages": [{"role": "user", "content": "a question"}, {"role": "assistant", "content": "an answer"}]}
{"messages": [{"role": "user", "content": "a question"}, {"role": "assistant", "content": "a question"}]}
{"messages": [{"role": "user", "content": "a question"}, {"role": "assistant", "content": ""}]}
{"messages": [{"role": "user", "content": "`+strings.Repeat("long ", 60)+`"}, {"role": "assistant", "content": "yes"}]}
{"messages": [{"role": "user", "content": "nobody answers"}]}
{"prompt": "key: ", "completion": "AKIA0123456789ABCDEF"}
{"text": ""}
{"text": `+"\"\xff\"}\nnonsense\n")
	page := filepath.Join(dir, "page.html")
	out, _ := succeed(t, "", "data", "inspect", "--model", base, "--data", path, "--html", page)
	for _, want := range []string{
		"10 records, 5 rows", "1  unreadable\n           " + path + ":10: ", "1  not UTF-8\n           " + path + ":9: ", "2  empty\n           " + path + ":4: ", "1  without a target\n           " + path + ":6: ",
		"1  dropped\n           " + path + ":5: ", "1  duplicated\n           " + path + ":2: the text of " + path + ":1", "1  answer equal to its prompt\n           " + path + ":3: ", "1  secret\n           " + path + ":7: an AWS",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("got\n%s\nwithout %q", out, want)
		}
	}
	html := read(t, page)
	if strings.Contains(html, "<script") || strings.Contains(html, "http") || !strings.Contains(html, `class="t"`) || !strings.Contains(html, "the text of ") {
		t.Errorf("the page has a script or an address of elsewhere, or lacks targets or findings:\n%.3000s", html)
	}
	rows := func(args ...string) []inspectedRow {
		out, _ := succeed(t, "", append([]string{"data", "inspect", "--model", base, "--data", path, "--json"}, args...)...)
		var all []inspectedRow
		for line := range strings.Lines(out) {
			var r inspectedRow
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatal(err)
			}
			all = append(all, r)
		}
		return all
	}
	first := rows()[0]
	if first.Line != 1 || first.Text != "<|im_start|>user\na question<|im_end|>\n<|im_start|>assistant\nan answer<|im_end|>\n" || !slices.Equal(first.Documents, []int{0}) || len(first.IDs) != len(first.Targets) {
		t.Errorf("the first row is %+v", first)
	}
	learned := 0
	for _, target := range first.Targets {
		learned += target
	}
	if want := len("an answer<|im_end|>\n"); learned != want || first.Targets[len(first.Targets)-1] != 1 {
		t.Errorf("%d tokens are learned, want %d", learned, want)
	}
	if all := rows("--packing", "--max-length=200"); len(all) >= 5 || len(all[0].Documents) < 2 || all[0].Documents[1] >= len(all[0].IDs) {
		t.Errorf("packed rows are %+v", all)
	}
	ended, bare := rows(), rows("--no-eos")
	if e, b := ended[len(ended)-1].IDs, bare[len(bare)-1].IDs; len(e) != len(b)+1 || !slices.Equal(e[:len(b)], b) {
		t.Errorf("--no-eos shows %v, else %v", b, e)
	}
	if cut := rows("--max-length=40", "--truncation=left"); len(cut[0].IDs) != 40 || !strings.HasSuffix(cut[0].Text, "an answer<|im_end|>\n") {
		t.Errorf("a row cut at its left is %+v", cut[0])
	}
}
