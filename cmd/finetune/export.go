package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/seahorse-ml/seahorse/task"
)

// exportCommand is `finetune export`.
type exportCommand struct {
	Model    string `required:"" placeholder:"DIR|FILE.gguf" help:"A model or run directory, or a GGUF file."`
	Adapter  string `placeholder:"DIR|FILE.gguf" help:"An adapter of the model, as peft or llama.cpp write it: merged into it, or with --format gguf-lora what is written."`
	Format   string `enum:"hf,gguf,gguf-lora,ollama" default:"gguf" placeholder:"NAME" help:"hf, a Hugging Face directory in float32; gguf; ollama, a directory with a GGUF file and a Modelfile; or gguf-lora, the adapter alone as llama.cpp takes it (${default})."`
	Quantize string `placeholder:"NAME" help:"How a GGUF file stores matrices: ${quantizations} (f16)."`
	Imatrix  string `placeholder:"FILE" help:"A text by which it is found which columns of matrices count more, to round those better."`
	System   string `placeholder:"TEXT" help:"With --format ollama: what the system says."`

	ChatTemplate string `placeholder:"FILE|NAME" help:"Chat template in place of the model's own: a Jinja file or the name of a built-in one."`

	Text    string `placeholder:"FILE" help:"The text that the source and what is written are compared on. Default: a page of English."`
	Output  string `required:"" placeholder:"DIR|FILE.gguf" help:"What to write. It must not be there yet."`
	JSON    bool   `name:"json" help:"Print the report as an object."`
	Threads int    `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores that the process may use."`
}

// Help is shown below the command's summary.
func (exportCommand) Help() string {
	return `What is written gets its name only after it was read back and computed with: its logits and its perplexity on a text are compared with the
source's, and the report is kept beside it (NAME.report.json), with a model card in Hugging Face's form (NAME.README.md; in directories report.json and
README.md). For Ollama the chat template becomes one of Ollama's, which must write the same for 20 conversations, or is refused. GGUF files hold the tokenizer and its chat template, and name and turn tensors
as llama.cpp does. Rows that 256 doesn't divide have no K format; as in llama.cpp they get q5_0, q5_1 or q8_0, and the report names them.

Examples:

    finetune export --model runs/mine --quantize q8_0 --output mine-q8_0.gguf
    finetune export --model runs/mine --quantize q4_k_m --imatrix corpus.txt --output mine-q4_k_m.gguf
    finetune export --model smollm2.gguf --adapter runs/lora --quantize q4_1 --output tuned.gguf
    finetune export --model smollm2.gguf --adapter runs/lora --format gguf-lora --output lora.gguf
    finetune export --model runs/lora --format ollama --quantize q8_0 --output helper && ollama create helper -f helper/Modelfile
    finetune export --model smollm2.gguf --format hf --output smollm2`
}

// Run writes the model.
func (c *exportCommand) Run(ctx context.Context, s *streams) error {
	if err := checkThreads(c.Threads); err != nil {
		return err
	}
	useThreads(c.Threads)
	boundGarbage()
	config := task.ExportConfig{Model: c.Model, Adapter: c.Adapter, Format: c.Format, Quantize: c.Quantize, Output: c.Output, System: c.System, ChatTemplate: c.ChatTemplate}
	for path, to := range map[string]*string{c.Text: &config.Text, c.Imatrix: &config.Importance} {
		if path == "" {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		*to = string(text)
	}
	r, err := task.Export(ctx, config)
	if err != nil {
		return interrupted(ctx, err)
	}
	if c.JSON {
		return json.NewEncoder(s.out).Encode(r)
	}
	out := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
	fmt.Fprintf(out, "written\t%s, %s MiB\n", r.Output, grouped(r.Bytes>>20))
	if r.Format == task.ExportOllama {
		fmt.Fprintf(out, "template\tof %s; it writes the same for 20 conversations\n", r.Template)
		name := strings.ToLower(filepath.Base(filepath.Clean(r.Output)))
		defer fmt.Fprintf(s.err, "try: ollama create %s -f %s && ollama run %s\n", shellQuote(name), shellQuote(filepath.Join(r.Output, "Modelfile")), shellQuote(name))
	}
	var formats []string
	for _, name := range slices.Sorted(maps.Keys(r.Formats)) {
		formats = append(formats, fmt.Sprintf("%d %s", r.Formats[name], name))
	}
	if len(formats) > 0 {
		fmt.Fprintf(out, "tensors\t%s\n", strings.Join(formats, ", "))
	}
	if n := len(r.Fallback); n > 0 {
		fmt.Fprintf(out, "fallback\t%d tensors: %s\n", n, task.FirstOf(r.Fallback, 2))
	}
	if e := r.Compared; e != nil {
		if e.Perplexity > 0 {
			fmt.Fprintf(out, "perplexity\t%.4f, the source's %.4f, on %d tokens\n", e.Perplexity, e.SourcePerplexity, e.Tokens)
			fmt.Fprintf(out, "logits\tdiffer by %.3g at most, %.3g on average; the best token is the same at %.1f%%\n", e.MaxDifference, e.MeanDifference, 100*e.SameBest)
		} else {
			fmt.Fprintf(out, "states\tdiffer by %.3g at most, %.3g on average, on %d tokens\n", e.MaxDifference, e.MeanDifference, e.Tokens)
		}
	}
	return out.Flush()
}
