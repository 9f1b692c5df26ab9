package main

import (
	"context"

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
	// openTokenizer returns the tokenizer of a new run; source is the corpus.
	openTokenizer(ctx context.Context, s *streams, source *data.Source) (*tokenizer.Tokenizer, error)
	// openModel returns the model of a run that has no checkpoint.
	openModel(t *tokenizer.Tokenizer) (models.CausalLM, error)
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
	p, err := prepareRun(dir)
	if err != nil {
		return err
	}
	defer p.abandon()
	t, err := encodeCorpus(ctx, s, j, corpus, p)
	if err != nil {
		return err
	}
	model, err := j.openModel(t)
	if err != nil {
		return err
	}
	d, err := openData(j, t, p.staging)
	if err != nil {
		return err
	}
	defer d.close()
	o.resolveSteps(d.train.Len(), j.defaultSteps(d.train.Len()))
	if err := o.schedule().Validate(); err != nil {
		return err
	}
	comment := "The options of this run, all of them resolved. Another run like it:\nfinetune " + command.Name + " --config run.yaml --output-dir DIR"
	config, err := formatConfig(command, comment)
	if err != nil {
		return err
	}
	if err := atomicfile.WriteBytes(p.path(runName), config); err != nil {
		return err
	}
	if err := p.publish(); err != nil {
		return err
	}
	p.abandon() // the empty staging directory
	r := run{dir: dir, options: o, model: model, tokenizer: t, data: d}
	return r.train(ctx, s, false)
}

// encodeCorpus writes the tokenizer and the encoded data of a new run.
func encodeCorpus(ctx context.Context, s *streams, j job, corpus string, p *preparation) (*tokenizer.Tokenizer, error) {
	source, err := data.OpenSource(corpus, s.in)
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
	if err := encodeTo(ctx, s, p.path(tokensName), source, t); err != nil {
		return nil, err
	}
	if path := j.common().ValidationData; path != "" {
		validation, err := data.OpenSource(path, s.in)
		if err != nil {
			return nil, err
		}
		defer validation.Close()
		if err := encodeTo(ctx, s, p.path(validationName), validation, t); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// encodeTo writes the tokens of a source to a file and shows how far it is.
func encodeTo(ctx context.Context, s *streams, path string, source *data.Source, t *tokenizer.Tokenizer) error {
	m := newMeter(s.err, "encoding the text")
	defer m.done()
	err := data.EncodeFile(ctx, path, source, t, data.EncodeConfig{
		EndOfText: true, AddSpecial: true,
		Progress: func(p data.Progress) { m.show(p.Read, p.Size) },
	})
	return interrupted(ctx, err)
}
