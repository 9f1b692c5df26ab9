package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/task"
	"github.com/seahorse-ml/seahorse/weights"
)

// infoCommand is `finetune info`.
type infoCommand struct {
	Dir        string `arg:"" help:"A model or run directory, or a GGUF file."`
	Parameters bool   `help:"List the parameters with their shapes."`
}

// Run prints what is in the directory.
func (c *infoCommand) Run(s *streams) error {
	isGGUF := models.IsGGUF(c.Dir)
	if !isDir(c.Dir) && !isGGUF {
		return fmt.Errorf("%s is neither a directory nor a GGUF file", c.Dir)
	}
	isRun, isModel := isFile(c.Dir, task.RunName), isGGUF || isFile(c.Dir, "config.json")
	t, noTokenizer := loadTokenizer(s, c.Dir)
	isTokenizer := !errors.Is(noTokenizer, tokenizer.ErrNone)
	if !isRun && !isModel && !isTokenizer {
		return fmt.Errorf("%s holds no model (config.json), no run (%s) and no tokenizer", c.Dir, task.RunName)
	}
	out := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
	var failed error // what is wrong with the model hides nothing of the rest
	if isRun {
		failed = c.run(out)
	}
	if isModel {
		failed = errors.Join(failed, c.model(out))
	}
	switch {
	case isGGUF && failed != nil && noTokenizer != nil: // of one file, which is wrong once
	case isTokenizer && noTokenizer != nil:
		failed = errors.Join(failed, noTokenizer)
	case isTokenizer:
		if isModel {
			kind, err := models.ModelType(c.Dir)
			if err != nil {
				return err
			}
			defer warnOfTokenizer(s.err, kind, t)
		}
		fmt.Fprintf(out, "tokenizer\t%s tokens, end of text %s\n", grouped(int64(t.VocabSize())), namesOfEnds(t))
	}
	return errors.Join(out.Flush(), failed)
}

// namesOfEnds lists the tokens that end a text, the one that is learned first.
func namesOfEnds(t *tokenizer.Tokenizer) string {
	ends := t.EndsOfText()
	if len(ends) == 0 {
		return "none"
	}
	names := make([]string, len(ends))
	for i, id := range ends {
		token, ok := t.Token(id)
		if !ok {
			token = "no token"
		}
		names[i] = fmt.Sprintf("%s (%d)", token, id)
	}
	return strings.Join(names, ", also ")
}

// model describes the model by its config.json. What is stored of it must have the right names and shapes; it isn't read, so that
// models of any size can be looked at.
func (c *infoCommand) model(out io.Writer) error {
	m, err := models.Open(c.Dir, models.OpenConfig{Sketch: true, Storage: models.StoredStorage})
	if err != nil {
		return err
	}
	kind, err := models.ModelType(c.Dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "model\t%s\n", kind)
	total := models.CountParameters(m)
	fmt.Fprintf(out, "parameters\t%s in %d tensors\n", grouped(total), len(m.Params()))
	if stored := storedAs(m); stored != "" {
		fmt.Fprintf(out, "stored\t%s\n", stored)
	}
	fmt.Fprintf(out, "memory\t%s MiB for the parameters, and more than %s to train\n", grouped(mebibytes(total, parameterBytes)), grouped(mebibytes(total, trainedBytes)))
	if !weights.Exist(c.Dir) {
		fmt.Fprintf(out, "weights\tnone are stored here\n")
	}
	fmt.Fprintf(out, "vocabulary\t%s\n", grouped(int64(m.VocabSize())))
	fmt.Fprintf(out, "context\t%s tokens\n", grouped(int64(m.ContextLength())))
	if c.Parameters {
		for _, p := range m.Params() {
			fmt.Fprintf(out, "  %s\t%v\t%s\n", p.Name, []int(p.Shape), p.Stored())
		}
	}
	return nil
}

// storedAs tells the formats that a model's blocks have and how many matrices have each, and what all parameters take as they are stored.
func storedAs(m models.Model) string {
	counts, bytes := map[string]int{}, int64(0)
	for _, p := range m.Params() {
		bytes += int64(p.Bytes())
		if p.Packed() != nil {
			counts[p.Stored()]++
		}
	}
	if len(counts) == 0 {
		return ""
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		list = append(list, fmt.Sprintf("%d matrices as %s", counts[name], name))
	}
	return fmt.Sprintf("%s; %s MiB in all", strings.Join(list, ", "), grouped(bytes>>20))
}

// run describes the run: what was asked for and how far it is.
func (c *infoCommand) run(out io.Writer) error {
	entries, err := readConfig(filepath.Join(c.Dir, task.RunName))
	if err != nil {
		return err
	}
	options := map[string]string{}
	for _, e := range entries {
		options[e.key] = e.value
	}
	fmt.Fprintf(out, "run\tfinetune %s\n", options[commandKey])
	for _, key := range []string{"model", "data", "preset"} {
		if options[key] != "" {
			fmt.Fprintf(out, "%s\t%s\n", key, options[key])
		}
	}
	h, err := task.ReadHistory(c.Dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "steps\t%d of %s\n", h.Step, options["max_steps"])
	if h.Last != nil {
		fmt.Fprintf(out, "validation loss\t%.4f at step %d, best %.4f at step %d\n", h.Last.Loss, h.Last.Step, h.Best.Loss, h.Best.Step)
	}
	if len(h.Checkpoints) > 0 {
		fmt.Fprintf(out, "checkpoints\t%s\n", strings.Join(h.Checkpoints, ", "))
	}
	return nil
}

// isFile tells whether a directory has a file of a name.
func isFile(dir, name string) bool {
	info, err := os.Stat(filepath.Join(dir, name))
	return err == nil && info.Mode().IsRegular()
}
