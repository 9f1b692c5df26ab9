package task

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/adapt"
	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/hub"
	"github.com/seahorse-ml/seahorse/internal/gguf"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/train"
	"go.yaml.in/yaml/v3"
)

// cardName is the file of a model card in Hugging Face's form.
const cardName = "README.md"

// cardBase is what is known of the model that an exported one comes from.
type cardBase struct {
	name  string         // in the hub; "" where it isn't known
	path  string         // where it is
	front map[string]any // the head of its own card
	meta  gguf.Meta      // of a GGUF file
}

// base returns the model that the exported one was trained from, or that it is.
func (c ExportConfig) base() (cardBase, error) {
	b := cardBase{path: c.Model}
	if options := c.options(); options["model"] != nil {
		b.path = fmt.Sprint(options["model"])
	}
	if c.Adapter != "" {
		named, err := adapt.ReadBase(c.Adapter)
		if err != nil {
			return b, err
		}
		if _, err := os.Stat(named); err != nil {
			b.name = named
		}
	}
	if r, file, ok := hub.NameOf(b.path); ok {
		b.name = r.ID
		if file != "" {
			b.path = strings.TrimSuffix(b.path, filepath.FromSlash(file))
		}
	}
	if r, err := hub.Parse(b.name); err != nil || !strings.Contains(r.ID, "/") && b.name != "" && isFile(b.name) {
		b.name = ""
	}
	if models.IsGGUF(b.path) {
		f, err := gguf.Open(b.path)
		if err != nil {
			return b, err
		}
		defer f.Close()
		b.meta = f.Meta
		return b, nil
	}
	b.front = frontMatter(filepath.Join(b.path, cardName))
	return b, nil
}

// license is the name of the base's licence as the base states it; "" where it states none.
func (b cardBase) license() string {
	if name, ok := b.front["license"].(string); ok {
		return name
	}
	return b.meta.Text("general.license")
}

// frontMatter reads the YAML head of a card; nil where there is none.
func frontMatter(path string) map[string]any {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	text := strings.ReplaceAll(string(content), "\r\n", "\n")
	rest, ok := strings.CutPrefix(text, "---\n")
	head, _, ended := strings.Cut(rest, "\n---")
	var front map[string]any
	if !ok || !ended || yaml.Unmarshal([]byte(head), &front) != nil {
		return nil
	}
	return front
}

// runDir is the directory of the run that made what is exported; "" for none.
func (c ExportConfig) runDir() string {
	for _, dir := range []string{c.Adapter, c.Model} {
		if dir != "" && isFile(filepath.Join(dir, ProvenanceName)) {
			return dir
		}
	}
	return ""
}

// options returns the options of that run.
func (c ExportConfig) options() map[string]any {
	p, err := ReadProvenance(filepath.Join(c.runDir(), ProvenanceName))
	if c.runDir() == "" || err != nil {
		return nil
	}
	var options map[string]any
	_ = yaml.Unmarshal([]byte(p.Options), &options)
	return options
}

// card writes the model card: what is known, and nothing else.
func (c ExportConfig) card(r ExportReport) ([]byte, error) {
	b, err := c.base()
	if err != nil {
		return nil, err
	}
	run, options := c.runDir(), c.options()
	var p Provenance
	if run != "" {
		if p, err = ReadProvenance(filepath.Join(run, ProvenanceName)); err != nil {
			return nil, err
		}
	}
	head, err := c.cardHead(b, p, options)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "---\n%s---\n\n# %s\n\n", head, strings.TrimSuffix(filepath.Base(filepath.Clean(c.Output)), ".gguf"))
	name := b.name
	if name == "" {
		name = filepath.Base(filepath.Clean(b.path))
	}
	switch {
	case run == "":
		fmt.Fprintf(&out, "%s, in another form: its parameters were not trained further.\n", name)
	case options["model"] == nil:
		fmt.Fprintf(&out, "A model that was trained from random weights.\n")
	default:
		fmt.Fprintf(&out, "%s, trained further.\n", name)
	}
	if license := b.license(); license != "" && options["command"] != "pretrain" {
		fmt.Fprintf(&out, "\nLicence of the base, as it states it: %s.\n", license)
	} else if options["command"] != "pretrain" {
		fmt.Fprintf(&out, "\nThe base states no licence in its card or file.\n")
	}
	if run != "" {
		writeCardData(&out, run, p)
		writeCardFigures(&out, run)
	}
	writeCardExport(&out, r)
	if run != "" {
		fmt.Fprintf(&out, "\n## How it was made\n\n    finetune %v --config run.yaml --output-dir DIR\n\nwith this `run.yaml`, by %s:\n\n```yaml\n%s```\n", options["command"], firstNonempty(p.Binary.Version, "finetune"), withoutComments(p.Options))
	}
	return out.Bytes(), nil
}

func firstNonempty(a, b string) string {
	if a != "" {
		return b + " " + a
	}
	return b
}

// withoutComments leaves out the lines of a configuration that say how to use it.
func withoutComments(options string) string {
	var out strings.Builder
	for line := range strings.Lines(options) {
		if !strings.HasPrefix(line, "#") {
			out.WriteString(line)
		}
	}
	return out.String()
}

// cardHead writes the YAML head.
func (c ExportConfig) cardHead(b cardBase, p Provenance, options map[string]any) (string, error) {
	root := &yaml.Node{Kind: yaml.MappingNode}
	var failed error
	add := func(key string, value any) {
		var k, v yaml.Node
		if err := k.Encode(key); err != nil {
			failed = err
		}
		if err := v.Encode(value); err != nil {
			failed = err
		}
		root.Content = append(root.Content, &k, &v)
	}
	fresh := options["command"] == "pretrain"
	if !fresh {
		if b.name != "" {
			add("base_model", b.name)
			relation := "finetune"
			switch {
			case c.Format == ExportGGUFLoRA:
				relation = "adapter"
			case c.runDir() == "":
				relation = "quantized"
			}
			add("base_model_relation", relation)
		}
		for _, key := range []string{"license", "license_name", "license_link", "language"} {
			if value, ok := b.front[key]; ok {
				add(key, value)
			} else if key == "license" && b.license() != "" {
				add(key, b.license())
			}
		}
	}
	var sets []string
	for _, file := range slices.Concat(p.Data, p.Validation) {
		if r, _, ok := hub.NameOf(file.Path); ok && r.Kind == hub.Dataset && !slices.Contains(sets, r.ID) {
			sets = append(sets, r.ID)
		}
	}
	if len(sets) > 0 {
		add("datasets", sets)
	}
	tags := []string{"seahorse"}
	switch c.Format {
	case ExportHF:
		add("library_name", "transformers")
	case ExportGGUFLoRA:
		tags = append(tags, "gguf", "lora")
	default:
		tags = append(tags, "gguf")
	}
	if options["objective"] == nil || options["objective"] == (Causal{}).Name() {
		add("pipeline_tag", "text-generation")
	}
	add("tags", tags)
	if failed != nil {
		return "", fmt.Errorf("task: export: model card: %w", failed)
	}
	head, err := yaml.Marshal(root)
	return string(head), err
}

// writeCardData tells what was learned from.
func writeCardData(out *bytes.Buffer, run string, p Provenance) {
	fmt.Fprintf(out, "\n## Data\n\n| file | bytes | SHA-256 |\n|---|---|---|\n")
	list := func(files []data.FileHash, what string) {
		for _, f := range files {
			name := filepath.Base(f.Path)
			if r, file, ok := hub.NameOf(f.Path); ok {
				name = r.String() + "/" + file
			}
			fmt.Fprintf(out, "| %s%s | %d | `%s` |\n", strings.ReplaceAll(name, "|", `\|`), what, f.Size, f.SHA256)
		}
	}
	list(p.Data, "")
	list(p.Validation, " (validation)")
	if tokens, err := data.OpenTokens(filepath.Join(run, tokensName)); err == nil {
		unit := "documents"
		if tokens.Records() {
			unit = "records"
		}
		fmt.Fprintf(out, "\n%d %s of %d tokens, of which %d were learned; what is kept apart for validation is among them.\n", tokens.Documents(), unit, tokens.Len(), tokens.Targets())
		tokens.Close()
	}
}

// writeCardFigures tells the figures of the run, at its beginning and at its end.
func writeCardFigures(out *bytes.Buffer, run string) {
	content, err := os.ReadFile(filepath.Join(run, train.MetricsName))
	if err != nil {
		return
	}
	type figure struct {
		step  any
		value any
	}
	first, last := map[string]figure{}, map[string]figure{}
	for line := range bytes.Lines(content) {
		var m map[string]any
		if json.Unmarshal(line, &m) != nil {
			continue
		}
		for key, value := range m {
			if key != "loss" && !strings.HasPrefix(key, "eval_") {
				continue
			}
			if _, ok := first[key]; !ok {
				first[key] = figure{m["step"], value}
			}
			last[key] = figure{m["step"], value}
		}
	}
	var keys []string
	for key := range last {
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return
	}
	slices.Sort(keys)
	fmt.Fprintf(out, "\n## Figures\n\n| figure | at first | at the end |\n|---|---|---|\n")
	for _, key := range keys {
		fmt.Fprintf(out, "| %s | %.4g (step %v) | %.4g (step %v) |\n", key, first[key].value, first[key].step, last[key].value, last[key].step)
	}
}

// writeCardExport tells what was written, and how far it is from its source.
func writeCardExport(out *bytes.Buffer, r ExportReport) {
	form := r.Format
	if r.Quantize != "" {
		form += ", " + r.Quantize
	}
	fmt.Fprintf(out, "\n## Form\n\n%s, %d bytes.", form, r.Bytes)
	if e := r.Compared; e != nil && e.Perplexity > 0 {
		fmt.Fprintf(out, " Beside its source in float32, on %d tokens of English: perplexity %.4f and %.4f; the best token is the same at %.1f%%.", e.Tokens, e.Perplexity, e.SourcePerplexity, 100*e.SameBest)
	}
	out.WriteByte('\n')
}
