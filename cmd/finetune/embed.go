package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/embed"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/task"
)

// embedderOptions say which model makes vectors.
type embedderOptions struct {
	Model string `required:"" placeholder:"DIR" help:"The model: a directory of sentence-transformers, model2vec or \"embed train\", or any encoder or decoder."`
	poolingOptions
	MaxSeqLength int `name:"seq-len" default:"0" placeholder:"T" help:"The most tokens of a text, beyond which it is cut. Default: as the model's files say."`
	Dimensions   int `default:"0" placeholder:"N" help:"Keep the first so many elements of vectors. Default: all."`
	Threads      int `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores that the process may use."`
}

// encoder opens the model.
func (o embedderOptions) encoder() (*embed.Encoder, error) {
	if err := errors.Join(checkThreads(o.Threads), atLeast("seq-len", &o.MaxSeqLength, 0), atLeast("dimensions", &o.Dimensions, 0)); err != nil {
		return nil, err
	}
	useThreads(o.Threads)
	edit := o.edit(nil)
	e, err := embed.OpenEncoder(o.Model, embed.OpenConfig{Edit: func(c *embed.Config) error {
		if o.MaxSeqLength > 0 {
			c.MaxLength = o.MaxSeqLength
		}
		return edit(c)
	}, Base: task.AdapterBase})
	if err != nil {
		return nil, err
	}
	if o.MaxSeqLength > e.Model.ContextLength() {
		return nil, fmt.Errorf("--seq-len %d: the model's context is %d tokens", o.MaxSeqLength, e.Model.ContextLength())
	}
	if o.Dimensions > e.Width() {
		return nil, fmt.Errorf("--dimensions %d: the model's vectors have %d", o.Dimensions, e.Width())
	}
	e.Dimensions = o.Dimensions
	return e, nil
}

// embedEncodeCommand is `finetune embed encode`.
type embedEncodeCommand struct {
	embedderOptions
	Text       []string `sep:"none" placeholder:"TEXT" help:"A text; may be given several times."`
	Data       []string `sep:"none" placeholder:"FILE|DIR|-" help:"Texts in place of --text: {\"text\": …} in JSON lines or a table, or plain text, a text a line."`
	Prompt     *string  `placeholder:"TEXT" help:"What stands before each text. Default: the model's default prompt."`
	PromptName string   `placeholder:"NAME" help:"The model's prompt of this name, such as query or document."`
	Output     string   `placeholder:"FILE" help:"Where the vectors go: a .npy file of float32 [texts, dimensions], or a .jsonl file. Default: JSON lines to standard output."`

	dataFormat
}

// Help is shown below the command's summary.
func (embedEncodeCommand) Help() string {
	return `A line of JSON is printed for each text: {"text": …, "embedding": [...]}. Texts of about the same length go through the model together.

Examples:

    finetune embed encode --model all-MiniLM-L6-v2 --text "The cat sat." --text "A dog ran."
    finetune embed encode --model all-MiniLM-L6-v2 --data passages.jsonl --output passages.npy
    finetune embed encode --model runs/embedder --prompt-name query --data questions.txt --output questions.npy`
}

// Run makes the vectors.
func (c *embedEncodeCommand) Run(ctx context.Context, s *streams) error {
	switch {
	case (len(c.Text) == 0) == (len(c.Data) == 0):
		return errors.New("give texts either by --text or by --data")
	case c.Prompt != nil && c.PromptName != "":
		return errors.New("give either --prompt or --prompt-name")
	case c.Output != "" && !strings.HasSuffix(c.Output, ".npy") && !strings.HasSuffix(c.Output, ".jsonl"):
		return fmt.Errorf("--output %s: expected a name that ends in .npy or .jsonl", c.Output)
	}
	e, err := c.encoder()
	if err != nil {
		return err
	}
	defer e.Close()
	prompt := e.Model.Prompt(c.PromptName)
	if c.Prompt != nil {
		prompt = *c.Prompt
	} else if _, known := e.Model.Config.Prompts[c.PromptName]; c.PromptName != "" && !known {
		return fmt.Errorf("--prompt-name %s: the model has no prompt of that name", c.PromptName)
	}
	texts := c.Text
	if len(c.Data) > 0 {
		if texts, err = c.texts(ctx, s, c.Data); err != nil {
			return err
		}
	}
	vectors, err := encodeShown(ctx, s, e, prompt, texts)
	if err != nil {
		return interrupted(ctx, err)
	}
	lines := func(w io.Writer) error {
		b := bufio.NewWriter(w)
		out := json.NewEncoder(b)
		out.SetEscapeHTML(false)
		for i, text := range texts {
			if err := out.Encode(struct {
				Text      string    `json:"text"`
				Embedding []float32 `json:"embedding"`
			}{text, vectors[i]}); err != nil {
				return err
			}
		}
		return b.Flush()
	}
	if c.Output == "" {
		return lines(s.out)
	}
	write := lines
	if strings.HasSuffix(c.Output, ".npy") {
		write = func(w io.Writer) error { return embed.WriteNPY(w, vectors) }
	}
	if err := atomicfile.Write(c.Output, write); err != nil {
		return err
	}
	s.say("wrote %s: %s of %d dimensions", c.Output, plural(len(texts), "vector"), e.Width())
	return nil
}

// encodeShown makes vectors and shows how far it has come.
func encodeShown(ctx context.Context, s *streams, e *embed.Encoder, prompt string, texts []string) ([][]float32, error) {
	m := newMeter(s.err, "making vectors")
	defer m.done()
	e.Progress = func(done, total int) { m.show(int64(done), int64(total)) }
	return e.Encode(ctx, prompt, texts)
}

// texts reads all texts of some data.
func (f dataFormat) texts(ctx context.Context, s *streams, paths []string) ([]string, error) {
	source, err := f.open(paths, "", 0, s)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	var texts []string
	for x, err := range source.Texts(data.Classification) {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return nil, err
		}
		texts = append(texts, string(x.Text))
	}
	if len(texts) == 0 {
		return nil, fmt.Errorf("no texts in %s", strings.Join(paths, ", "))
	}
	return texts, nil
}

// pairRecord is a record of an anchor and the texts that belong to it.
type pairRecord struct{ anchor, positive string }

// pairs reads all pairs of some data.
func (f dataFormat) pairs(ctx context.Context, s *streams, paths []string) ([]pairRecord, error) {
	source, err := f.open(paths, "", 0, s)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	var pairs []pairRecord
	for r, err := range source.Records(data.TripletShape, data.PairShape) {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return nil, err
		}
		keys := [2]string{"anchor", "positive"}
		if _, ok := r.Object.Get("anchor"); !ok || r.Shape == data.PairShape {
			keys = [2]string{"prompt", "completion"}
			if _, ok := r.Object.Get("prompt"); !ok {
				keys = [2]string{"source", "target"}
			}
		}
		var p pairRecord
		for i, key := range keys {
			value, _ := r.Object.Get(key)
			text, ok := value.(string)
			if !ok || text == "" {
				return nil, r.Fail(fmt.Errorf("%q: expected text", key))
			}
			*[]*string{&p.anchor, &p.positive}[i] = text
		}
		pairs = append(pairs, p)
	}
	if len(pairs) == 0 {
		return nil, fmt.Errorf("no records in %s", strings.Join(paths, ", "))
	}
	return pairs, nil
}

// distinct returns texts each once, in the order in which they come, and the place of each.
func distinct(texts []string) (all []string, at map[string]int) {
	at = map[string]int{}
	for _, text := range texts {
		if _, known := at[text]; !known {
			at[text] = len(all)
			all = append(all, text)
		}
	}
	return all, at
}

// writeTo writes a file that is there whole or not at all, or for "" standard output.
func writeTo(path string, s *streams, write func(w io.Writer) error) error {
	if path == "" {
		return write(s.out)
	}
	return atomicfile.Write(path, write)
}
