package task

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/seahorse-ml/seahorse/adapt"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/internal/gguf"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

// Formats of an Export.
const (
	ExportHF       = "hf"        // a Hugging Face directory, in float32
	ExportGGUF     = "gguf"      // a GGUF file of the model
	ExportGGUFLoRA = "gguf-lora" // a GGUF file of an adapter
	ExportOllama   = "ollama"    // a directory for Ollama: a GGUF file of the model and a Modelfile
)

// ExportConfig configures Export.
type ExportConfig struct {
	Model    string // a directory or a GGUF file
	Adapter  string // of the model, a directory as peft writes it; merged into the model, or with ExportGGUFLoRA what is written. Default none
	Format   string // ExportHF, ExportGGUF or ExportGGUFLoRA
	Quantize string // the mixture of formats of a GGUF file, see models.Quantizations; default f16
	Text     string // that the source and what was written are compared on; default a page of English
	// Importance is a text that tells which columns of matrices count: their squared activations over it weigh the errors of what is
	// rounded. Default none.
	Importance string
	Output     string // the directory, or the file

	ChatTemplate string // a file or the name of a built-in template in place of the model's own, for GGUF files and Ollama
	System       string // what the system says, for Ollama; default nothing
}

//go:embed comparison.txt
var comparisonText string

// ExportReport is what Export found, and keeps beside what it wrote.
type ExportReport struct {
	Model    string         `json:"model"`
	Adapter  string         `json:"adapter,omitempty"`
	Output   string         `json:"output"`
	Format   string         `json:"format"`
	Quantize string         `json:"quantize,omitempty"`
	Bytes    int64          `json:"bytes"`
	Formats  map[string]int `json:"formats,omitempty"`    // how many tensors have each
	Fallback []string       `json:"fallback,omitempty"`   // tensors that have another format than the mixture's, and why
	Imatrix  int            `json:"imatrix,omitempty"`    // tokens that the importance matrix was found on
	Template string         `json:"template,omitempty"`   // where the chat template comes from that Ollama's was derived from
	Compared *Comparison    `json:"comparison,omitempty"` // nil for an adapter
}

// Comparison is how far what was written is from its source, on a text.
type Comparison struct {
	Tokens           int     `json:"tokens"`
	SourcePerplexity float64 `json:"source_perplexity,omitempty"` // of models with a head
	Perplexity       float64 `json:"perplexity,omitempty"`
	MaxDifference    float64 `json:"max_difference"`      // of logits, or of the states of a model without a head
	MeanDifference   float64 `json:"mean_difference"`     // the root of the mean square
	SameBest         float64 `json:"same_best,omitempty"` // share of positions at which both find the same best token
}

// Export writes a model or an adapter in another format, beside its name, reads it back, compares it with its source on a text, and only then gives it
// its name. The report and a model card in Hugging Face's form are kept with it: report.json and README.md in a directory, and beside a file
// NAME.report.json and NAME.README.md.
func Export(ctx context.Context, c ExportConfig) (ExportReport, error) {
	r := ExportReport{Model: c.Model, Adapter: c.Adapter, Output: c.Output, Format: c.Format}
	if c.Text == "" {
		c.Text = comparisonText
	}
	if _, err := os.Stat(c.Output); err == nil {
		return r, fmt.Errorf("task: export: %s is there already", c.Output)
	}
	if c.Adapter == "" && adapt.IsDir(c.Model) {
		base, err := adapterBase(c.Model)
		if err != nil {
			return r, err
		}
		c.Model, c.Adapter = base, c.Model
	}
	if c.System != "" && c.Format != ExportOllama {
		return r, fmt.Errorf("task: export: what the system says is written for %s only", ExportOllama)
	}
	var err error
	switch c.Format {
	case ExportHF:
		err = c.hf(ctx, &r)
	case ExportGGUF, ExportOllama:
		if c.Quantize == "" {
			c.Quantize = "f16"
		}
		r.Quantize = strings.ToLower(c.Quantize)
		if c.Format == ExportOllama {
			err = c.ollama(ctx, &r)
			break
		}
		err = c.gguf(ctx, &r)
	case ExportGGUFLoRA:
		err = c.lora(&r)
	default:
		err = fmt.Errorf("task: export: format %q; expected %s, %s, %s or %s", c.Format, ExportHF, ExportGGUF, ExportGGUFLoRA, ExportOllama)
	}
	if err != nil {
		return r, err
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return r, fmt.Errorf("task: export: %w", err)
	}
	card, err := c.card(r)
	if err != nil {
		return r, err
	}
	report, about := filepath.Join(c.Output, "report.json"), filepath.Join(c.Output, cardName)
	if c.Format == ExportGGUF || c.Format == ExportGGUFLoRA {
		report, about = c.Output+".report.json", c.Output+"."+cardName
	}
	return r, errors.Join(atomicfile.WriteBytes(about, card), atomicfile.WriteBytes(report, append(data, '\n')))
}

// source reads the model with the adapter in it.
func (c ExportConfig) source() (*Trained, error) {
	config := OpenConfig{}
	if c.Adapter == "" && models.IsGGUF(c.Model) {
		config.Storage = models.StoredStorage
	}
	t, err := Open(c.Model, config)
	if err != nil || c.Adapter == "" {
		return t, err
	}
	a, err := adapt.Open(c.Adapter, t.Model, adapt.OpenConfig{})
	if err == nil {
		err = a.Merge()
	}
	if err == nil {
		a.Remove()
	}
	return t, err
}

func (c ExportConfig) hf(ctx context.Context, r *ExportReport) error {
	if c.Quantize != "" && c.Quantize != "f32" {
		return fmt.Errorf("task: export: %s is written in float32; %s is a format of GGUF files", ExportHF, c.Quantize)
	}
	t, err := c.source()
	if err != nil {
		return err
	}
	partial := strings.TrimRight(c.Output, "/") + ".partial"
	defer os.RemoveAll(partial)
	if err := errors.Join(os.RemoveAll(partial), t.Model.Save(partial), t.Tokenizer.Save(partial)); err != nil {
		return err
	}
	if r.Compared, err = c.compare(ctx, t, partial, true); err != nil {
		return err
	}
	info, err := os.Stat(filepath.Join(partial, "model.safetensors"))
	if err != nil {
		return err
	}
	r.Bytes = info.Size()
	return os.Rename(partial, c.Output)
}

func (c ExportConfig) gguf(ctx context.Context, r *ExportReport) error {
	if !strings.HasSuffix(c.Output, ".gguf") {
		return fmt.Errorf("task: export: the output %s doesn't end in .gguf", c.Output)
	}
	t, err := c.source()
	if err != nil {
		return err
	}
	return c.writeGGUF(ctx, r, t, nil)
}

// writeGGUF writes a GGUF file of a model that was read. Start, unless nil, tells whether the token that begins a text stands before each.
func (c ExportConfig) writeGGUF(ctx context.Context, r *ExportReport, t *Trained, start *bool) error {
	tokens, err := t.Tokenizer.GGUF()
	if err != nil {
		return err
	}
	var importance map[string][]float32
	if c.Importance != "" {
		if importance, r.Imatrix, err = findImportance(ctx, t, c.Importance); err != nil {
			return err
		}
	}
	e, err := models.ExportGGUF(c.Model, t.Model, c.Quantize, importance)
	if err != nil {
		return err
	}
	r.Formats, r.Fallback = e.Formats, e.Fallback
	name := filepath.Base(filepath.Clean(c.Model))
	e.Meta = append(e.Meta, gguf.Pair{Key: "general.name", Value: strings.TrimSuffix(name, ".gguf")})
	for _, p := range tokens {
		e.Meta.Set(p.Key, p.Value)
	}
	if template, err := c.template(t); err == nil && !template.Borrowed {
		e.Meta.Set("tokenizer.chat_template", template.Source)
	}
	if base, err := c.base(); err == nil && base.license() != "" {
		e.Meta.Set("general.license", base.license())
	}
	if start != nil {
		e.Meta.Set("tokenizer.ggml.add_bos_token", *start)
	}
	partial := strings.TrimSuffix(c.Output, ".gguf") + ".partial.gguf"
	defer os.Remove(partial)
	if err := gguf.Write(partial, e.Meta, e.Tensors); err != nil {
		return fmt.Errorf("task: export: %w", err)
	}
	if r.Compared, err = c.compare(ctx, t, partial, start == nil); err != nil {
		return err
	}
	info, err := os.Stat(partial)
	if err != nil {
		return err
	}
	r.Bytes = info.Size()
	return os.Rename(partial, c.Output)
}

// comparedTokens are the most tokens that models are compared on, in rows of rowTokens.
const (
	comparedTokens = 1024
	rowTokens      = 256
)

// compare reads what was written back, and computes what both models find on the text; framed, with what their tokenizers put around a text.
func (c ExportConfig) compare(ctx context.Context, source *Trained, path string, framed bool) (*Comparison, error) {
	written, err := Open(path, OpenConfig{Storage: models.StoredStorage})
	if err != nil {
		return nil, fmt.Errorf("task: export: what was written can't be read back: %w", err)
	}
	ids := source.Tokenizer.AppendIDs(nil, []byte(c.Text), framed)
	again := written.Tokenizer.AppendIDs(nil, []byte(c.Text), framed)
	if len(ids) < 2 {
		return nil, fmt.Errorf("task: export: the text to compare on has %d tokens, expected at least 2", len(ids))
	}
	for i := range max(len(ids), len(again)) {
		if i >= len(ids) || i >= len(again) || ids[i] != again[i] {
			return nil, fmt.Errorf("task: export: the tokenizer that was written encodes the text otherwise, from token %d on", i)
		}
	}
	ids = ids[:min(len(ids), comparedTokens)]
	out := &Comparison{}
	var a, b entropy
	var squares, values, same float64
	length := min(rowTokens, source.Model.ContextLength())
	for first := 0; first < len(ids)-1; first += length {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		row := ids[first:min(first+length, len(ids))]
		x, head, err := found(source.Model, row)
		if err != nil {
			return nil, err
		}
		y, _, err := found(written.Model, row)
		if err != nil {
			return nil, err
		}
		out.Tokens += len(row)
		for i := range x {
			d := float64(x[i]) - float64(y[i])
			squares += d * d
			out.MaxDifference = max(out.MaxDifference, math.Abs(d))
		}
		values += float64(len(x))
		if !head {
			continue
		}
		width := len(x) / len(row)
		for i := range len(row) - 1 {
			p, q := x[i*width:][:width], y[i*width:][:width]
			a.add(p, int(row[i+1]))
			b.add(q, int(row[i+1]))
			if likeliest(p) == likeliest(q) {
				same++
			}
		}
	}
	out.MeanDifference = math.Sqrt(squares / values)
	if math.IsNaN(out.MeanDifference) || math.IsInf(out.MaxDifference, 0) {
		return nil, errors.New("task: export: what was written computes values that are no numbers")
	}
	if a.n > 0 {
		out.SourcePerplexity, out.Perplexity, out.SameBest = a.perplexity(), b.perplexity(), same/float64(a.n)
	}
	return out, nil
}

// found returns the logits of a row, or the states of a model without a head.
func found(m models.Model, row []int32) (values []float32, head bool, err error) {
	g := graph.New(graph.Config{})
	ids := g.Input("ids", tensor.Int32, 1, len(row))
	copy(graph.Ints(ids), row)
	var y *graph.Node
	switch m := m.(type) {
	case models.CausalLM:
		y, head = m.Logits(g, ids, nil), true
	case *models.Encoder:
		y = m.Hidden(g, ids, nil, nil)
	default:
		return nil, false, fmt.Errorf("task: export: %s can't be compared; decoders and encoders without a head can", Described(m))
	}
	machine, err := graph.Compile(g, y)
	if err != nil {
		return nil, head, err
	}
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		return nil, head, err
	}
	return append([]float32(nil), graph.Floats[float32](y)...), head, nil
}

// entropy sums losses.
type entropy struct {
	sum float64
	n   int
}

func (e *entropy) add(logits []float32, target int) {
	most := float64(logits[likeliest(logits)])
	sum := 0.0
	for _, v := range logits {
		sum += math.Exp(float64(v) - most)
	}
	e.sum += most + math.Log(sum) - float64(logits[target])
	e.n++
}

func (e *entropy) perplexity() float64 { return math.Exp(e.sum / float64(e.n)) }

func likeliest(logits []float32) int {
	at := 0
	for i, v := range logits {
		if v > logits[at] {
			at = i
		}
	}
	return at
}
