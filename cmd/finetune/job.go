package main

import (
	"context"
	"fmt"

	"github.com/alecthomas/kong"
	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/models"
)

// job is a command that trains: pretrain or sft. Its options are resolved, all but those that count steps.
type job interface {
	common() *trainingOptions
	paths() (corpus, outputDir string)
	objective() string
	// modelType returns the model_type of the model's family.
	modelType() (string, error)
	// openTokenizer returns the tokenizer of a new run; source is the corpus.
	openTokenizer(ctx context.Context, s *streams, source *data.Source) (*tokenizer.Tokenizer, error)
	// openLabels returns the labels of a run that learns from labelled texts, which must have all of those found in the data.
	openLabels(found data.Labels) (data.Labels, error)
	// outline returns a sketch of the model as far as it is known before the data are read.
	outline() (models.Model, error)
	// openModel returns the model of a run that has no checkpoint, with a head for the labels if it learns from labelled texts, or
	// a sketch of it.
	openModel(t *tokenizer.Tokenizer, l data.Labels, sketch bool) (trainable, error)
	// documents tells whether rows are made of whole documents rather than cut from a stream.
	documents(t *data.Tokens) bool
	// defaultSteps returns the steps of a run for which the user set neither steps nor epochs, over data of so many rows.
	defaultSteps(rows int) int
}

// start prepares the directory of a new run and trains. All that can be wrong with the options and the data shows before anything
// is left behind.
func start(ctx context.Context, s *streams, j job, command *kong.Node) error {
	o := j.common()
	corpus, dir := j.paths()
	useThreads(o.Threads)
	if err := checkOutline(j); err != nil {
		return err
	}
	p, err := prepareRun(dir)
	if err != nil {
		return err
	}
	defer p.abandon()
	t, err := encodeCorpus(ctx, s, j, corpus, p)
	if err != nil {
		return err
	}
	if err := warnOfJob(s, j, t); err != nil {
		return err
	}
	d, err := openData(o, p.staging)
	if err != nil {
		return err
	}
	defer d.close()
	sketch, err := j.openModel(t, d.stream.Labels(), true)
	if err != nil {
		return err
	}
	if err := d.makeRows(j, sketch, t); err != nil {
		return err
	}
	o.resolveSteps(d.train.Len(), j.defaultSteps(d.train.Len()))
	if err := o.schedule().Validate(); err != nil {
		return err
	}
	r := run{dir: dir, lock: p.lock, options: o, model: sketch, tokenizer: t, data: d}
	if err := r.checkMemory(); err != nil {
		return err
	}
	if r.model, err = j.openModel(t, d.stream.Labels(), false); err != nil {
		return err
	}
	config, err := runConfig(command)
	if err != nil {
		return err
	}
	if err := atomicfile.WriteBytes(p.path(runName), config); err != nil {
		return err
	}
	if err := p.publish(); err != nil {
		return err
	}
	p.clear()
	return r.train(ctx, s, false)
}

// runConfig returns the content of a run's run.yaml.
func runConfig(command *kong.Node) ([]byte, error) {
	return formatConfig(command, "The options of this run, all of them resolved. Another run like it:\nfinetune "+command.Name+" --config run.yaml --output-dir DIR")
}

// encodeCorpus writes the tokenizer and the encoded data of a new run.
func encodeCorpus(ctx context.Context, s *streams, j job, corpus string, p *preparation) (*tokenizer.Tokenizer, error) {
	source, err := j.common().open(corpus, s)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	t, err := j.openTokenizer(ctx, s, source)
	if err != nil {
		return nil, err
	}
	if err := t.Save(p.staging); err != nil {
		return nil, err
	}
	e := runEncoder{streams: s, tokenizer: t, objective: j.objective(), length: *j.common().SeqLen}
	if labelled(e.objective) {
		found, err := data.ReadLabels(source, data.LabelKind(e.objective))
		if err != nil {
			return nil, err
		}
		if e.labels, err = j.openLabels(found); err != nil {
			return nil, err
		}
	}
	if err := e.encode(ctx, source, p.path(tokensName)); err != nil {
		return nil, err
	}
	if path := j.common().ValidationData; path != "" {
		validation, err := j.common().open(path, s)
		if err != nil {
			return nil, err
		}
		defer validation.Close()
		if err := e.encode(ctx, validation, p.path(validationName)); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// runEncoder encodes texts as an objective learns from them.
type runEncoder struct {
	streams   *streams
	tokenizer *tokenizer.Tokenizer
	objective string
	labels    data.Labels // of labelled texts
	length    int         // the most tokens of a labelled text
}

// encode writes the tokens of a source to a file.
func (e *runEncoder) encode(ctx context.Context, source *data.Source, path string) error {
	m := newMeter(e.streams.err, "encoding the text")
	show := func(p data.Progress) { m.show(p.Read, p.Size) }
	if !labelled(e.objective) {
		defer m.done()
		return interrupted(ctx, data.EncodeFile(ctx, path, source, e.tokenizer, e.config(show)))
	}
	report, err := data.EncodeLabelledFile(ctx, path, source, e.tokenizer, e.labelledConfig(show))
	m.done()
	e.tell(report)
	return interrupted(ctx, err)
}

// tokens is encode for a source that is to be in memory.
func (e *runEncoder) tokens(ctx context.Context, source *data.Source) (*data.Tokens, error) {
	m := newMeter(e.streams.err, "encoding the text")
	show := func(p data.Progress) { m.show(p.Read, p.Size) }
	if !labelled(e.objective) {
		defer m.done()
		tokens, err := data.Encode(ctx, source, e.tokenizer, e.config(show))
		return tokens, interrupted(ctx, err)
	}
	tokens, report, err := data.EncodeLabelled(ctx, source, e.tokenizer, e.labelledConfig(show))
	m.done()
	e.tell(report)
	return tokens, interrupted(ctx, err)
}

// config returns how texts without labels are encoded. Those whose tokens are to be found get their frame when rows are made.
func (e *runEncoder) config(show func(data.Progress)) data.EncodeConfig {
	special := e.objective != masked
	return data.EncodeConfig{EndOfText: special, AddSpecial: special, Pairs: e.objective == seq2seq, Progress: show}
}

func (e *runEncoder) labelledConfig(show func(data.Progress)) data.LabelledConfig {
	return data.LabelledConfig{Labels: e.labels, MaxLength: e.length, Progress: show}
}

// tell says how many texts are too long, and what labels mean that don't have the name of their class.
func (e *runEncoder) tell(r data.LabelledReport) {
	if r.Cut > 0 {
		fmt.Fprintf(e.streams.err, "cut        %s of %s cut to %d tokens (--seq-len)\n", plural(r.Cut, "text"), grouped(int64(r.Examples)), e.length)
	}
	if len(r.Renamed) > 0 {
		var renamed []string
		for _, x := range r.Renamed {
			renamed = append(renamed, x.String())
		}
		fmt.Fprintf(e.streams.err, "labels     %s\n", firstOf(renamed, 10))
	}
}
