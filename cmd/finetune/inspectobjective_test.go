package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/data"
)

// inspectedText is a line of data inspect --json about a text of a record.
type inspectedText struct {
	inspectedRow
	Part   string
	Labels []string
}

// inspectedTexts inspects data as JSON.
func inspectedTexts(t *testing.T, args ...string) (all []inspectedText, said string) {
	t.Helper()
	out, said := succeed(t, "", append([]string{"data", "inspect", "--json"}, args...)...)
	for line := range strings.Lines(out) {
		var r inspectedText
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all, said
}

// learnedOf returns the documents of a run, and of each token whether it is to be learned.
func learnedOf(t *testing.T, run string) (ids [][]int32, learn [][]int) {
	t.Helper()
	f, err := data.OpenTokens(filepath.Join(run, "tokens.bin"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for d := range f.Documents() {
		lo, hi := f.Document(d)
		var one []int32
		var targets []int
		for i := lo; i < hi; i++ {
			one, targets = append(one, f.At(i)), append(targets, 0)
			if f.Target(i) {
				targets[i-lo] = 1
			}
		}
		ids, learn = append(ids, one), append(learn, targets)
	}
	return ids, learn
}

// TestInspectAsObjectives shows preferences, labelled texts and triplets as the runs that learn from them have them in their token files.
func TestInspectAsObjectives(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writer := newWriter(t, dir)
	encoder, transformer := newModels(t, dir)
	pairs, talks, judged := preferenceData(t, dir)
	triplets, _ := embedPairs(t, dir)
	classes := write(t, filepath.Join(dir, "classes.csv"), "text,label\na rose,<low>\nb rose rose,high\nc,high\n")
	values := write(t, filepath.Join(dir, "values.jsonl"), "{\"text\":\"a rose\",\"label\":[1,0.5]}\n{\"text\":\"b\",\"label\":[0,2]}\n")
	sources := write(t, filepath.Join(dir, "sources.jsonl"), "{\"source\":\"a b\",\"target\":\"A\"}\n{\"prompt\":\"c\",\"completion\":\"C\"}\n")
	words := write(t, filepath.Join(dir, "words.jsonl"), "{\"tokens\":[\"at\",\"rose\",\"b\"],\"labels\":[\"O\",\"B\",-100]}\n{\"tokens\":[\"a\"],\"labels\":[\"O\"]}\n")
	few := []string{"--max-steps=1", "--batch-size=2", "--warmup-steps=0", "--sample-tokens=0", "--validation-split=0"}
	for name, c := range map[string]struct {
		model, data string
		command     []string
		inspect     []string
		said        string
		parts       []string
		labels      []string
	}{
		"dpo":                  {writer, pairs, []string{"dpo", "--seq-len=120"}, nil, "objective  dpo, as the records are", []string{"chosen", "rejected"}, nil},
		"messages":             {writer, talks, []string{"dpo", "--seq-len=120"}, nil, "objective  dpo, as the records are", []string{"chosen", "rejected"}, nil},
		"kto":                  {writer, judged, []string{"kto", "--seq-len=120"}, []string{"--objective=kto"}, "", []string{""}, []string{"undesirable"}},
		"reward":               {writer, pairs, []string{"sft", "--objective=reward", "--seq-len=120"}, []string{"--objective=reward"}, "", []string{"chosen", "rejected"}, nil},
		"seq2seq":              {transformer, sources, []string{"sft", "--seq-len=30"}, nil, "", []string{"source", "target"}, nil},
		"embedding":            {encoder, triplets, []string{"embed", "train", "--seq-len=40"}, nil, "objective  embedding, as the records are", []string{"anchor", "positive"}, nil},
		"classification":       {encoder, classes, []string{"sft", "--objective=classification", "--seq-len=40"}, nil, "objective  classification, as the records are", []string{""}, []string{"<low>"}},
		"regression":           {encoder, values, []string{"sft", "--objective=regression", "--seq-len=40"}, []string{"--objective=regression"}, "", []string{""}, []string{"1", "0.5"}},
		"token-classification": {encoder, words, []string{"sft", "--objective=token-classification", "--seq-len=40"}, nil, "objective  token-classification, as the records are", []string{""}, []string{"O", "B", "-100"}},
	} {
		t.Run(name, func(t *testing.T) {
			run := filepath.Join(dir, "run-"+name)
			succeed(t, "", slices.Concat(c.command, few, []string{"--model", c.model, "--data", c.data, "--output-dir", run})...)
			ids, learn := learnedOf(t, run)
			rows, said := inspectedTexts(t, append(c.inspect, "--model", c.model, "--data", c.data)...)
			if !strings.Contains(said, c.said) {
				t.Errorf("said %q, expected %q", said, c.said)
			}
			var got [][]int32
			for i, r := range rows {
				if part := c.parts[i%len(c.parts)]; r.Part != part {
					t.Errorf("row %d is the part %q, expected %q", i, r.Part, part)
				}
				n := slices.Index(r.Targets, 1)
				switch name {
				case "dpo", "messages": // the prompt with the better answer, and the other one without
					if r.Part == "rejected" {
						r.IDs, r.Targets = r.IDs[n:], r.Targets[n:]
					}
					if !slices.Equal(r.Targets, learn[i]) {
						t.Errorf("row %d learns %v, the run %v", i, r.Targets, learn[i])
					}
				case "kto": // the prompt, and the answer
					got = append(got, r.IDs[:n])
					r.IDs = r.IDs[n:]
				case "seq2seq":
					if sumOf(r.Targets) != map[string]int{"source": 0, "target": len(r.IDs)}[r.Part] {
						t.Errorf("the %s learns %v", r.Part, r.Targets)
					}
					if r.Part == "target" { // in one document with its source
						got[len(got)-1] = slices.Concat(got[len(got)-1], r.IDs)
						continue
					}
				case "token-classification":
					if want := []string{"O", "B", "-100"}; i == 0 && (!slices.Equal(r.Labels, want) || sumOf(r.Targets) != 2) {
						t.Errorf("labels %q at %v", r.Labels, r.Targets)
					}
				default:
					if n >= 0 {
						t.Errorf("row %d has the targets %v, expected none", i, r.Targets)
					}
				}
				got = append(got, r.IDs)
			}
			if !slices.EqualFunc(got, ids, slices.Equal) {
				t.Errorf("inspect shows %v, the run has %v", got, ids)
			}
			if !slices.Equal(rows[0].Labels, c.labels) {
				t.Errorf("labels %q, expected %q", rows[0].Labels, c.labels)
			}
		})
	}
}

func sumOf(values []int) (n int) {
	for _, v := range values {
		n += v
	}
	return n
}

// TestInspectFindsInRecords counts what is wrong with records that aren't texts, and tells how often each label comes.
func TestInspectFindsInRecords(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writer := newWriter(t, dir)
	encoder, _ := newModels(t, dir)
	for _, c := range []struct {
		model, content string
		want           []string
	}{
		{writer, `{"prompt":"say ","chosen":"A","rejected":"b"}
{"prompt":"say ","chosen":"A","rejected":"A"}
{"prompt":"say ","chosen":"","rejected":"b"}
{"prompt":"say ","chosen":"A","rejected":["b"]}
{"prompt":"` + strings.Repeat("say ", 60) + `","chosen":"A","rejected":"b"}
{"prompt":"say ","chosen":"` + strings.Repeat("A", 200) + `","rejected":"b"}
{"prompt":"say ","chosen":"A","rejected":"b"}
{"prompt":"AKIA0123456789ABCDEF ","chosen":"A","rejected":"b"}
{"prompt":"say ","chosen":"A"}
`, []string{"9 records, 10 rows", "1  texts of a record alike\n           FILE:2: rejected is the same as chosen", "FILE:3: \"chosen\": empty, expected text", "FILE:4: ", "1  dropped\n           FILE:5: ",
			"1  cut\n           FILE:6: chosen: ", "1  duplicated\n           FILE:7: the text of FILE:1", "1  secret\n           FILE:8: an AWS", "FILE:9: expected {\"chosen\", \"rejected\"}"}},
		{encoder, `{"text":"a rose","label":"good"}
{"text":"a rose","label":"bad"}
{"text":"a rose","label":"good"}
{"text":"` + strings.Repeat("rose ", 60) + `","label":"good"}
{"text":"b","label":null}
{"text":7,"label":"bad"}
`, []string{"6 records, 4 rows", "3  labelled good", "1  labelled bad", "1  same text with another label\n           FILE:2: the text of FILE:1", "1  duplicated\n           FILE:3: the text of FILE:1",
			"1  cut\n           FILE:4: more than ", "FILE:5: label null", "FILE:6: \"text\" must be a string"}},
		{encoder, `{"anchor":"a","positive":"b"}
{"anchor":"a","positive":"b","negative":"rose"}
{"anchor":"a","positive":" "}
`, []string{"3 records, 2 rows", "FILE:2: 3 texts, expected 2 as the first record has", "FILE:3: text 2 of the record is empty"}},
	} {
		path := write(t, filepath.Join(dir, "data.jsonl"), c.content)
		page := filepath.Join(dir, "page.html")
		out, _ := succeed(t, "", "data", "inspect", "--model", c.model, "--data", path, "--html", page)
		for _, want := range c.want {
			if want = strings.ReplaceAll(want, "FILE", path); !strings.Contains(out, want) {
				t.Errorf("got\n%s\nwithout %q", out, want)
			}
		}
		if status, _, said := finetune(t, "", "data", "inspect", "--model", c.model, "--data", path, "--packing"); status == 0 || !strings.Contains(said, "--packing and --truncation are for texts") {
			t.Errorf("--packing: status %d, %s", status, said)
		}
	}
	text := write(t, filepath.Join(dir, "text.txt"), "a rose")
	if status, _, said := finetune(t, "", "data", "inspect", "--model", writer, "--data", text, "--objective=dpo"); status == 0 || !strings.Contains(said, `plain text, expected records of {"chosen", "rejected"}`) {
		t.Errorf("plain text: status %d, %s", status, said)
	}
}
