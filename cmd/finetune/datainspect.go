package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/data/inspect"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/embed"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
	"github.com/seahorse-ml/seahorse/internal/screen"
	"github.com/seahorse-ml/seahorse/task"
)

// dataInspectCommand is `finetune data inspect`.
type dataInspectCommand struct {
	Model string   `required:"" placeholder:"DIR" help:"The model whose tokenizer and chat template are used: a model or run directory."`
	Data  []string `required:"" sep:"none" placeholder:"FILE|DIR|-" help:"What to look at: a text, or records of texts, pairs or conversations. May be given several times."`

	dataFormat
	lossOptions

	Objective string `enum:",causal,seq2seq,dpo,kto,reward,classification,token-classification,regression,embedding" default:"" placeholder:"NAME" help:"What is to be learned: causal, seq2seq, dpo, kto, reward, classification, token-classification, regression or embedding. Default: what the keys of the first record are for."`
	MaxLength *int   `aliases:"seq-len" placeholder:"N" help:"The most tokens of a record, beyond which --truncation says what becomes of it. Default: the model's context."`
	Packing   bool   `help:"Let records share rows, as sft does, and show where each begins."`
	HTML      string `name:"html" placeholder:"FILE" help:"Write a page that shows rows, lengths and findings."`
	Rows      int    `default:"100" placeholder:"N" help:"Rows that the page shows (${default})."`
	JSON      bool   `name:"json" help:"Print an object for each row instead: file, line, ids, targets (1 for each id that is learned), text, and documents: where those of the row begin; part and labels too where a record has several texts or labels."`
	Threads   int    `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores that the process may use."`
}

// Help is shown below the command's summary.
func (dataInspectCommand) Help() string {
	return `Records are encoded as what learns from them does. Texts, pairs and conversations are for a causal model: conversations by the chat template, only what the assistant says being
learned; an encoder-decoder has a row for the source and one for the target. Records of {"chosen", "rejected"} are for dpo, two rows each; those of {"anchor", "positive"} for embed train, a row for each text; those of {"tokens", "labels"}, and of {"text",
"label"} where the model is an encoder, for a classifier, whose labels are counted. --objective says otherwise. Nothing is cut, unless it is longer than --max-length or the model's context.
What can't be read is counted, with file and line, and the rest is gone through.

Examples:

    finetune data inspect --model smollm2 --data talks.jsonl
    finetune data inspect --model smollm2 --data talks.jsonl --html talks.html
    finetune data inspect --model smollm2 --data preferences.jsonl --objective kto
    finetune data inspect --model all-MiniLM-L6-v2 --data triplets.jsonl
    finetune data inspect --model smollm2 --data talks.jsonl --max-length 512 --packing --json | head -1`
}

// Run reads the data and tells what they are.
func (c *dataInspectCommand) Run(ctx context.Context, s *streams) error {
	if err := checkThreads(c.Threads); err != nil {
		return err
	}
	if err := atLeast("max-length", c.MaxLength, 1); err != nil {
		return err
	}
	if err := atLeast("rows", &c.Rows, 0); err != nil {
		return err
	}
	if err := c.resolve(); err != nil {
		return err
	}
	useThreads(c.Threads)
	folder, err := embed.Folder(c.Model)
	if err != nil {
		folder = c.Model
	}
	t, err := loadTokenizer(s, folder)
	if err != nil {
		return err
	}
	source, err := c.open(c.Data, "", 0, s)
	if err != nil {
		return err
	}
	defer source.Close()
	objective, err := c.objective(s, source)
	if err != nil {
		return err
	}
	config, err := c.config(t, objective)
	if err != nil {
		return err
	}
	page := &inspect.Page{Title: strings.Join(c.Data, ", ") + " as " + c.Model + " sees it", Tokenizer: t, Most: c.Rows}
	out := bufio.NewWriterSize(s.out, 1<<16)
	var line []byte
	report, err := inspect.Inspect(ctx, source, config, func(r *inspect.Row) error {
		if c.HTML != "" {
			page.Add(r)
		}
		if !c.JSON {
			return nil
		}
		line = appendRow(line[:0], r)
		_, err := out.Write(line)
		return err
	})
	if err != nil {
		return interrupted(ctx, err)
	}
	if c.HTML != "" {
		err := atomicfile.Write(c.HTML, func(w io.Writer) error { return page.Write(w, report) })
		if err != nil {
			return err
		}
	}
	if !c.JSON {
		c.print(out, report, config, screen.Width(s.out))
	}
	return out.Flush()
}

// config returns how records become rows of an objective.
func (c *dataInspectCommand) config(t *tokenizer.Tokenizer, o task.Objective) (inspect.Config, error) {
	m, err := c.outline()
	if err != nil {
		return inspect.Config{}, err
	}
	limit := &data.LengthLimit{Most: m.ContextLength(), How: data.Truncation(c.Truncation)}
	if c.MaxLength != nil {
		limit.Most = *c.MaxLength
	}
	found, err := task.Inspect(o, t, limit.Most)
	if err != nil {
		return inspect.Config{}, err
	}
	if found != nil {
		if c.Packing || c.Truncation != "" {
			return inspect.Config{}, fmt.Errorf("--packing and --truncation are for texts and conversations; the objective is %s", o.Name())
		}
		return inspect.Config{Tokenizer: t, Reader: found.Reader, Limit: found.Limit}, nil
	}
	if limit.How == "" {
		limit.How, limit.Conversations = data.TruncateDrop, true
	}
	conversations := c.conversations()
	asks, err := conversations.Asks(t)
	if err != nil {
		return inspect.Config{}, err
	}
	templates := conversations.Templates(t)
	config := inspect.Config{
		Tokenizer: t, Learn: c.learn(), LearnPrompts: c.TrainOnPrompt, Unended: !c.EOS, Limit: limit, Instructions: asks,
		Template: func(tools bool) (*chat.Template, error) {
			found, err := templates(tools)
			if err != nil {
				return nil, err
			}
			return found.Template, nil
		},
	}
	if c.Packing {
		config.Length = limit.Most
	}
	return config, nil
}

// appendRow appends the line of a row.
func appendRow(dst []byte, r *inspect.Row) []byte {
	dst = append(dst, `{"file": `...)
	dst = orderedjson.AppendString(dst, r.File, false)
	dst = append(dst, `, "line": `...)
	dst = strconv.AppendInt(dst, int64(r.Line), 10)
	dst = appendInts(append(dst, `, "ids": `...), r.IDs)
	dst = append(dst, `, "targets": [`...)
	for i, learn := range r.Learn {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if learn {
			dst = append(dst, '1')
		} else {
			dst = append(dst, '0')
		}
	}
	dst = append(dst, `], "text": `...)
	dst = orderedjson.AppendString(dst, r.Text, false)
	dst = appendInts(append(dst, `, "documents": `...), r.Documents)
	if r.Part != "" {
		dst = orderedjson.AppendString(append(dst, `, "part": `...), r.Part, false)
	}
	if r.Labels != nil {
		dst = append(dst, `, "labels": [`...)
		for i, label := range r.Labels {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = orderedjson.AppendString(dst, label, false)
		}
		dst = append(dst, ']')
	}
	return append(dst, "}\n"...)
}

func appendInts[T int | int32](dst []byte, values []T) []byte {
	dst = append(dst, '[')
	for i, v := range values {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = strconv.AppendInt(dst, int64(v), 10)
	}
	return append(dst, ']')
}

// print tells what was found out, in lines of so many columns where that is 1 or more.
func (c *dataInspectCommand) print(out io.Writer, r *inspect.Report, config inspect.Config, columns int) {
	say := func(indent int, format string, args ...any) {
		fmt.Fprintln(out, screen.Wrap(fmt.Sprintf(format, args...), columns, indent))
	}
	learned := ""
	if r.Targets > 0 || config.Reader == nil { // else labels or vectors are
		learned = fmt.Sprintf("; %s are learned", grouped(r.Targets))
	}
	say(2, "%s, %s of %s tokens%s", plural(r.Records, "record"), plural(r.Rows, "row"), grouped(r.Tokens), learned)
	if c.Packing {
		say(2, "packed into rows of %d, of which %.1f%% is padding", config.Length, 100*r.Padding)
	}
	what, most := "record", ""
	if config.Reader != nil {
		what = "text"
	}
	if config.Limit != nil {
		most = fmt.Sprintf("; a row has at most %d", config.Limit.Most)
	}
	say(2, "tokens of a %s: half have at most %d, 95%% at most %d, the longest %d%s", what, r.Quantile(0.5), r.Quantile(0.95), r.Quantile(1), most)
	fmt.Fprintf(out, "\n%s\n", r.Text(16, columns))
	if counts, more := r.Classes(10); len(counts) > 0 {
		for _, one := range counts {
			say(findingColumns, "%9s  labelled %s", grouped(int64(one.Count)), one.Name)
		}
		if more > 0 {
			say(findingColumns, "           and %s more labels", grouped(int64(more)))
		}
		fmt.Fprintln(out)
	}
	for _, kind := range inspect.Kinds {
		f := r.Found[kind]
		if f == nil {
			say(findingColumns, "%9d  %s", 0, kind)
			continue
		}
		say(findingColumns, "%9s  %s", grouped(int64(f.Count)), kind)
		for i, first := range f.First {
			if i == 5 {
				say(findingColumns, "           and %s more", grouped(int64(f.Count-5)))
				break
			}
			say(findingColumns+2, "           %s", first)
		}
	}
}

// findingColumns are what stands before the words of a finding.
const findingColumns = 11
