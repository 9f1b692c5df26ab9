package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/search"
	"github.com/seahorse-ml/seahorse/task"
	"gorgonia.org/tensor"
)

// searchTexts writes documents, each with a word of its own, and questions about some of them.
func searchTexts(t *testing.T, dir string, n int) (documents, questions string) {
	t.Helper()
	var d, q strings.Builder
	for i := range n {
		fmt.Fprintf(&d, "{\"id\": \"page %d\", \"text\": \"The letter %c%d was kept in a drawer. Nobody has read it.\"}\n", i, 'a'+i%26, i)
		if i%10 == 0 {
			fmt.Fprintf(&q, "{\"question\": \"who has letter %c%d\", \"sources\": [\"page %d\"]}\n", 'a'+i%26, i, i)
		}
	}
	return write(t, filepath.Join(dir, "documents.jsonl"), d.String()), write(t, filepath.Join(dir, "questions.jsonl"), q.String())
}

// TestSearch indexes documents by their words and by an encoder's vectors, again and changed, and searches them.
func TestSearch(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	encoder, _ := newModels(t, dir)
	documents, questions := searchTexts(t, dir, 60)
	for name, args := range map[string][]string{"words": nil, "vectors": {"--model", encoder, "--split=sentences", "--max-tokens=40", "--cells=4"}} {
		t.Run(name, func(t *testing.T) {
			index := filepath.Join(dir, name)
			put := append([]string{"search", "index", "--index", index, "--data", documents, "--batch-documents=16"}, args...)
			if _, said := succeed(t, "", put...); !strings.Contains(said, "60 documents added") {
				t.Error(said)
			}
			if _, said := succeed(t, "", put...); !strings.Contains(said, "0 documents added, 0 replaced, 60 unchanged") {
				t.Error(said)
			}
			changed := strings.Replace(read(t, documents), "Nobody has read it", "Everybody has read it", 1)
			put[5] = write(t, filepath.Join(dir, name+".jsonl"), changed)
			if _, said := succeed(t, "", put...); !strings.Contains(said, "1 replaced, 59 unchanged") {
				t.Error(said)
			}
			out, _ := succeed(t, "", "search", "query", "--index", index, "--mode=bm25", "--top=1", "--json", "everybody")
			var hit struct{ Source, Text string }
			if err := json.Unmarshal([]byte(out), &hit); err != nil || hit.Source != "page 0" || !strings.Contains(hit.Text, "Everybody") {
				t.Errorf("%v: %s", err, out)
			}
			out, _ = succeed(t, "", "search", "eval", "--index", index, "--data", questions, "--mode=bm25", "--json")
			var figures map[string]float64
			if err := json.Unmarshal([]byte(out), &figures); err != nil || figures["answered@1"] != 1 || figures["questions"] != 6 {
				t.Errorf("%v: %s", err, out)
			}
			if out, _ = succeed(t, "", "search", "eval", "--index", index, "--data", questions); strings.Contains(out, "the cells find") != (name == "vectors") || !strings.Contains(out, "a search takes") {
				t.Error(out)
			}
			succeed(t, "", "search", "query", "--index", index, "who keeps letters")
		})
	}
	fails(t, "has no vectors", "search", "query", "--index", filepath.Join(dir, "words"), "--mode=vector", "letters")
	fails(t, "another model needs another index", "search", "index", "--index", filepath.Join(dir, "words"), "--data", documents, "--model", encoder)
}

// TestKilledIndexing kills the indexing several times; it goes on each time, and in the end all is found.
func TestKilledIndexing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	documents, questions := searchTexts(t, dir, 3000)
	index := filepath.Join(dir, "index")
	args := []string{"search", "index", "--index", index, "--data", documents, "--batch-documents=20"}
	killed := 0
	for i := range 6 {
		c := process(t, args...)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(60+40*i) * time.Millisecond)
		c.Process.Kill()
		if c.Wait() != nil {
			killed++
		}
	}
	if killed == 0 {
		t.Error("the indexing was never killed before its end")
	}
	succeed(t, "", args...)
	out, _ := succeed(t, "", "search", "eval", "--index", index, "--data", questions, "--json")
	var figures map[string]float64
	if err := json.Unmarshal([]byte(out), &figures); err != nil || figures["answered@1"] != 1 || figures["passages"] != 3000 {
		t.Errorf("%v: %s", err, out)
	}
	segments, err := filepath.Glob(filepath.Join(index, "segment-*"))
	if err != nil || len(segments) == 0 {
		t.Fatal(segments, err)
	}
	raw := []byte(read(t, segments[0]))
	raw[len(raw)-1] ^= 1
	if err := os.WriteFile(segments[0], raw, 0o666); err != nil {
		t.Fatal(err)
	}
	fails(t, filepath.Base(segments[0]), "search", "query", "--index", index, "letter")
}

// TestAsk answers from passages, and says so where there are none.
func TestAsk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	letters := write(t, filepath.Join(dir, "letters.txt"), strings.Repeat("abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ. <|_>\n:#,'", 20))
	writer := filepath.Join(dir, "writer")
	succeed(t, "", "pretrain", "--data", letters, "--output-dir", writer, "--arch=llama", "--n-layer=1", "--n-head=2", "--n-embd=32", "--seq-len=600", "--batch-size=2", "--max-steps=1",
		"--warmup-steps=0", "--tokenizer=char", "--validation-split=0")
	documents := write(t, filepath.Join(dir, "documents.jsonl"), `{"id": "box", "text": "the key is in a box"}`+"\n")
	index := filepath.Join(dir, "index")
	succeed(t, "", "search", "index", "--index", index, "--data", documents)
	out, _ := succeed(t, "", "ask", "--index", index, "--model", writer, "--max-new-tokens=1", "--chat-template", write(t, filepath.Join(dir, "t.jinja"), "{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{% endif %}{% endfor %}"), "--json", "key")
	var answer struct {
		Found   bool
		Sources []struct {
			Source string
			Number int
		}
	}
	if err := json.Unmarshal([]byte(out), &answer); err != nil || !answer.Found || len(answer.Sources) != 1 || answer.Sources[0].Source != "box" {
		t.Errorf("%v: %s", err, out)
	}
	if out, _ := succeed(t, "", "ask", "--index", index, "--model", writer, "xylophone"); out != "Nothing was found that answers this.\n" {
		t.Errorf("%q", out)
	}
	fails(t, "no room for a passage", "ask", "--index", index, "--model", writer, "--max-new-tokens=550", "key")
}

// TestCitations tells which passages an answer is from: those that it names, or else those with most of its words.
func TestCitations(t *testing.T) {
	hits := []search.Hit{{Passage: search.Passage{Text: "Noah built an ark"}}, {Passage: search.Passage{Text: "the ark was of gopher wood"}}, {Passage: search.Passage{Text: "it rained"}}}
	for answer, want := range map[string][]bool{
		"It rained [3], see [1] and [9].": {true, false, true},
		"Of gopher wood.":                 {false, true, false},
		"An ark.":                         {true, true, false},
		"I don't know.":                   {false, false, false},
	} {
		for i, source := range sourcesOf(answer, "english", hits) {
			if source.Cited != want[i] {
				t.Errorf("%s: passage %d is cited: %v", answer, i+1, source.Cited)
			}
		}
	}
}

// TestRerankByQuestions lets a decoder rank passages, and holds its scores to the log-probabilities of all of its logits.
func TestRerankByQuestions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	letters := write(t, filepath.Join(dir, "letters.txt"), strings.Repeat("abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ. <|_>\n:#,0123456789", 20))
	writer := filepath.Join(dir, "writer")
	succeed(t, "", "pretrain", "--data", letters, "--output-dir", writer, "--arch=llama", "--n-layer=1", "--n-head=2", "--n-embd=32", "--seq-len=300", "--batch-size=2", "--max-steps=1",
		"--warmup-steps=0", "--tokenizer=char", "--validation-split=0")
	documents, _ := searchTexts(t, dir, 12)
	long := write(t, filepath.Join(dir, "long.jsonl"), "{\"id\": \"long\", \"text\": \"a letter "+strings.Repeat("of length ", 60)+"\"}\n")
	index := filepath.Join(dir, "index")
	succeed(t, "", "search", "index", "--index", index, "--data", documents, "--data", long)
	const question = "who has letter a0"
	out, _ := succeed(t, "", "search", "query", "--index", index, "--rerank", writer, "--top=13", "--json", question)
	trained, err := task.Open(writer, task.OpenConfig{})
	if err != nil {
		t.Fatal(err)
	}
	template, err := task.Conversations{Dir: writer}.ChatTemplate(trained.Tokenizer, false)
	if err != nil {
		t.Fatal(err)
	}
	model := trained.Model.(models.CausalLM)
	last, hits := 0.0, 0
	for line := range strings.Lines(out) {
		var hit struct {
			Text  string
			Score float64
		}
		if err := json.Unmarshal([]byte(line), &hit); err != nil {
			t.Fatal(err)
		}
		if hits++; len(hit.Text) > 300 { // which is cut
			continue
		}
		said := chat.Conversation{Messages: []chat.Message{chat.NewMessage("user", "Passage: "+hit.Text+"\nPlease write a question based on this passage.")}}
		ids, _, err := template.Encoding(trained.Tokenizer).Prompt(said)
		if err != nil {
			t.Fatal(err)
		}
		first := len(ids)
		ids = trained.Tokenizer.AppendIDs(ids, []byte(question), false)
		g := graph.New(graph.Config{})
		input := g.Input("ids", tensor.Int32, 1, len(ids))
		logits := model.Logits(g, input, nil)
		machine, err := graph.Compile(g, logits)
		if err != nil {
			t.Fatal(err)
		}
		copy(graph.Ints(input), ids)
		if err := machine.RunAll(); err != nil {
			t.Fatal(err)
		}
		want := 0.0
		for i := first; i < len(ids); i++ {
			row := graph.Floats[float32](logits)[(i-1)*model.VocabSize():][:model.VocabSize()]
			sum := 0.0
			for _, x := range row {
				sum += math.Exp(float64(x))
			}
			want += (float64(row[ids[i]]) - math.Log(sum)) / float64(len(ids)-first)
		}
		machine.Close()
		if math.Abs(hit.Score-want) > 1e-5 || last < 0 && hit.Score > last {
			t.Errorf("%q has the score %g, expected %g, and no more than %g", hit.Text, hit.Score, want, last)
		}
		last = hit.Score
	}
	if hits != 13 {
		t.Errorf("%d hits", hits)
	}
}
