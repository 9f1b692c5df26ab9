package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/task"
	"github.com/seahorse-ml/seahorse/train"
)

// evalCommand is `finetune eval`.
type evalCommand struct {
	Model           string   `required:"" placeholder:"DIR|FILE.gguf" help:"A model or run directory, or a GGUF file."`
	Data            []string `sep:"none" placeholder:"FILE|DIR|-" help:"What to measure on, unless there is a --task: text, or documents as sft takes them. Of folders with test.*, that, else validation.*."`
	SeqLen          *int     `aliases:"max-target-length" placeholder:"T" help:"Tokens in a row; of pairs and labelled texts the most tokens of a target or a text. Default: as in the run that made the model, else the model's context and at most 2,048."`
	BatchSize       *int     `placeholder:"B" help:"Rows at a time, which the result doesn't depend on. Default: as many as have about 4,096 tokens together."`
	MaxSourceLength *int     `placeholder:"S" help:"The most tokens of a pair's source. Default: as in the run that made the model, else as --seq-len."`
	Seed            uint64   `default:"1337" placeholder:"N" help:"Decides which tokens are hidden from a masked model (${default})."`
	JSON            bool     `name:"json" help:"Print an object: objective, loss, tokens or rows (how many targets there are), perplexity and bits_per_byte where they mean something, and the model's figures, such as accuracy, mse and pearson."`
	Threads         int      `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores that the process may use."`

	taskFlags
	dataFormat
	weightsFlag
	storageFlags
	adapterFlag
	memoryFlag
}

// Help is shown below the command's summary.
func (evalCommand) Help() string {
	return `What is measured is what the model's head is for.

    causal                loss and perplexity over a text, cut into windows that don't overlap, so that every token but the first is
                          predicted once. Of prompts and completions only the completions count, each pair by itself.
    masked                the same over 15 of 100 tokens, which are hidden
    seq2seq               the same over the completions of pairs
    classification        accuracy over texts with labels, and token-classification over words with labels
    regression            mean squared error and Pearson's correlation over texts with values
    reward                over pairs of answers, in how many the better one has the greater value, and by how much

Accuracy of tokens and classes is the share of targets whose score is the highest.

A --task is a YAML file with questions that have choices, or whose answers are written (docs/evaluation.md):

    data: questions.jsonl
    question: "Question: {{.question}}\nAnswer:"
    choices: options              # a field with a list, or a list of labels; without it the answer is written
    answer: label

Examples:

    finetune eval --model runs/opticks --data held-out.txt
    finetune eval --model runs/reviews --data held-out.csv --json
    finetune eval --model runs/mine --compare runs/other --task quiz.yaml --answers answers.jsonl
    finetune eval --model runs/mine --task quiz.yaml --template prompts/quiz/prompt.tmpl
    shuf -n 100 pairs.jsonl | finetune eval --model runs/pairs --data - --data-format jsonl`
}

// evaluated is what --json prints.
type evaluated struct {
	Objective   string   `json:"objective"`
	Loss        float64  `json:"loss"`
	Perplexity  *float64 `json:"perplexity,omitempty"`    // of tokens only
	BitsPerByte *float64 `json:"bits_per_byte,omitempty"` // only where all of a text is predicted
	Tokens      int      `json:"tokens,omitempty"`        // targets, where they are tokens
	Rows        int      `json:"rows,omitempty"`          // where they are rows

	Figures train.Figures `json:"-"` // of the model, each under its name
}

// MarshalJSON writes how many targets there are behind the rest.
func (e evaluated) MarshalJSON() ([]byte, error) {
	type plain evaluated
	tokens, rows := e.Tokens, e.Rows
	e.Tokens, e.Rows = 0, 0
	out, err := json.Marshal(plain(e))
	if err != nil {
		return nil, err
	}
	out = out[:len(out)-1]
	for _, f := range e.Figures {
		value, err := json.Marshal(f.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		out = fmt.Appendf(out, ",%q:%s", f.Name, value)
	}
	if tokens > 0 {
		out = fmt.Appendf(out, `,"tokens":%d`, tokens)
	}
	if rows > 0 {
		out = fmt.Appendf(out, `,"rows":%d`, rows)
	}
	return append(out, '}'), nil
}

// Run measures and prints what is found.
func (c *evalCommand) Run(ctx context.Context, s *streams) error {
	if err := errors.Join(checkThreads(c.Threads), atLeast("seq-len", c.SeqLen, 1), atLeast("batch-size", c.BatchSize, 1), atLeast("max-source-length", c.MaxSourceLength, 1)); err != nil {
		return err
	}
	return together(s, c.Threads, func(t team) error { return c.run(ctx, s, t) })
}

// run measures as one of several ranks, or alone.
func (c *evalCommand) run(ctx context.Context, s *streams, ranks team) error {
	if len(c.Task) > 0 {
		if ranks.several() {
			return errors.New("a --task is asked in one process; several ranks measure on --data")
		}
		return c.examine(ctx, s)
	}
	if len(c.Data) == 0 {
		return errors.New("missing flags: --data=FILE|DIR|- or --task=FILE")
	}
	if len(c.Compare) > 0 || c.Answers != "" || c.Template != "" {
		return errors.New("--compare, --template and --answers are for a --task")
	}
	if err := ranks.refuseStdin(c.Data...); err != nil {
		return err
	}
	t, err := sketched(s, c.Model, c.storageFlags, c.adapterFlag, c.memoryFlag)
	if err != nil {
		return err
	}
	m, files, err := c.measure(ctx, s, t, ranks)
	if err != nil {
		return interrupted(ctx, err)
	}
	s.tell(m.Report)
	s.tellConversations(m.Report, m.Config.Length)
	s.tellLength("rows", m.Config.Length, t.Settings.Length)
	if m.Rows.Layout().Length(data.SourceLength) > 0 {
		s.tellLength("sources", m.Config.SourceLength, t.Settings.SourceLength)
	}
	if err := c.checkRows(m); err != nil {
		return err
	}
	if err := load(t); err != nil {
		return err
	}
	if err := c.agree(ranks, t, files); err != nil {
		return err
	}
	m.Config.Ranks = ranks
	progress := newMeter(s.err, "evaluating")
	m.Config.Progress = func(done, total int) { progress.show(int64(done), int64(total)) }
	result, err := m.Run(ctx)
	progress.done()
	if err != nil {
		return interrupted(ctx, err)
	}
	found := evaluated{Objective: t.Objective.Name(), Loss: result.Loss, Tokens: result.Targets, Figures: result.Figures}
	if result.Unit == layers.PerRow {
		found.Tokens, found.Rows = 0, result.Targets
	}
	if result.Tokens {
		perplexity := result.Perplexity()
		found.Perplexity = &perplexity
	}
	if bits, ok := m.BitsPerByte(result); ok {
		found.BitsPerByte = &bits
	}
	if c.JSON {
		return json.NewEncoder(s.out).Encode(found)
	}
	return found.print(s.out)
}

// tellLength says where texts are cut to another length than in the run that made the model, of which 0 is none.
func (s *streams) tellLength(what string, length, learned int) {
	if learned != 0 && learned != length {
		s.say("length     %s of at most %d tokens; those of the run that made the model had at most %d", what, length, learned)
	}
}

// agree returns an error where another rank is about to measure something else.
func (c *evalCommand) agree(ranks team, t *task.Trained, files []data.FileHash) error {
	flags := *c
	flags.Threads = 0
	return ranks.sameModel(t, flags, map[string]string{"data": fmt.Sprint(files)})
}

// measure encodes the data and makes the rows to measure on. Several ranks are told what the files are, to be compared.
func (c *evalCommand) measure(ctx context.Context, s *streams, t *task.Trained, ranks team) (*task.Measurement, []data.FileHash, error) {
	config := task.EvalConfig{Seed: c.Seed}
	for _, o := range []struct {
		flag  string
		value *int
		to    *int
		most  int // 0 for no bound
	}{
		{"seq-len", c.SeqLen, &config.Length, t.Model.ContextLength()},
		{"max-source-length", c.MaxSourceLength, &config.SourceLength, t.Model.ContextLength()},
		{"batch-size", c.BatchSize, &config.BatchSize, 0},
	} {
		switch {
		case o.value == nil:
		case o.most > 0 && *o.value > o.most:
			return nil, nil, fmt.Errorf("--%s %d: the model's context is %d tokens", o.flag, *o.value, o.most)
		default:
			*o.to = *o.value
		}
	}
	_, part := held(c.Data, data.TestPart, data.ValidationPart)
	if err := c.weigh(&c.dataFormat, t.Objective); err != nil {
		return nil, nil, err
	}
	source, err := c.open(c.Data, part, c.Seed, s)
	if err != nil {
		return nil, nil, err
	}
	defer source.Close()
	encoding := newMeter(s.err, "encoding the text")
	defer encoding.done()
	config.Encoding = func(p data.Progress) { encoding.show(p.Read, p.Size) }
	m, err := t.Measure(ctx, source, config)
	if err != nil || !ranks.several() {
		return m, nil, err
	}
	files, err := source.Hashes()
	return m, files, err
}

// checkRows refuses rows that take more memory than is free.
func (c *evalCommand) checkRows(m *task.Measurement) error {
	batch := batchPart(min(m.Config.BatchSize, m.Rows.Len()), m.Rows.Layout())
	return c.check("a smaller --batch-size, --seq-len or model takes less", batch, func() ([]memoryPart, error) {
		use, err := m.Estimate()
		return runningParts(use), err
	})
}

// print writes the figures as a person reads them.
func (e evaluated) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintf(w, "objective\t%s\n", e.Objective)
	fmt.Fprintf(w, "loss\t%.4f\n", e.Loss)
	for _, f := range []struct {
		name  string
		value *float64
	}{{"perplexity", e.Perplexity}, {"bits per byte", e.BitsPerByte}} {
		if f.value != nil {
			fmt.Fprintf(w, "%s\t%.4f\n", f.name, *f.value)
		}
	}
	for _, f := range e.Figures {
		fmt.Fprintf(w, "%s\t%.4f\n", strings.ReplaceAll(f.Name, "_", " "), f.Value)
	}
	fmt.Fprintf(w, "targets\t%s\n", grouped(int64(e.Tokens+e.Rows)))
	return w.Flush()
}

// interrupted returns err, or in its place what ended ctx.
func interrupted(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
