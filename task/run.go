package task

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/adapt"
	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/train"
)

// Config says what a run learns, from which data, and what it starts from.
type Config struct {
	Dir       string // of the run; it becomes a model directory
	Objective Objective
	Base      Base
	// Adapter is what is trained in place of the model, which then is frozen and isn't saved; nil trains the model.
	Adapter *Adaptation
	// Freeze is a regular expression that the names of parameters are searched for; those that have it aren't trained. Empty for none.
	Freeze     string
	Data       *data.Source // what is learned; a run that goes on has it already
	DataFiles  []string     // further files that Data depends on, such as words that mean the same
	Exams      []*Exam      // that the model takes with each validation, whose figures are told under its name and a slash, as quiz/acc; default none
	Validation *data.Source // data to validate on; nil keeps a share of Data apart
	// Split is the share of the data that is kept apart for validation where there is no
	// Validation, in [0, 1): the end of a text, and of examples some that chance draws.
	// Default: 0, which goes without.
	Split float64
	// Length is T: the tokens of a row, and the most of a labelled text or a target text, > 0.
	Length int
	// SourceLength is S, the most tokens of the text that another one is about. Default: Length.
	SourceLength int
	// Stream lets rows of texts cross the ends of documents, as pretraining does. Default: each
	// document is by itself.
	Stream bool
	Seed   uint64 // of all that chance decides about the data
	// Epochs makes Train go so often over the data, in the place of its trainer's MaxSteps.
	// Default: 0, which leaves those.
	Epochs float64
	// Expected is the provenance of a run that a new one is to be made of the same files as; where it isn't, Prepare returns an ErrChanged
	// that names them. Default: nil, which expects nothing.
	Expected *Provenance
	// Encoding is told how far the data are encoded; nil for silence.
	Encoding func(data.Progress)
}

// Validate tells what is wrong with the configuration, or nil.
func (c Config) Validate() error {
	switch {
	case c.Dir == "":
		return errors.New("task: no directory for the run")
	case c.Objective == nil || c.Base == nil:
		return errors.New("task: a run needs an objective and a base")
	case c.Length < 1 || c.SourceLength < 0:
		return fmt.Errorf("task: rows of %d tokens, sources of %d; expected at least 1 and 0", c.Length, c.SourceLength)
	case !(c.Epochs >= 0) || math.IsInf(c.Epochs, 0):
		return fmt.Errorf("task: %g epochs, expected at least 0", c.Epochs)
	case !(c.Split >= 0 && c.Split < 1):
		return fmt.Errorf("task: Split is %g, expected [0, 1)", c.Split)
	case c.Adapter != nil && c.Freeze != "":
		return errors.New("task: an adapter freezes all of the model, so that nothing is left to freeze")
	}
	if c.Adapter != nil {
		return c.Adapter.Validate()
	}
	return nil
}

func (c Config) sourceLength() int {
	if c.SourceLength == 0 {
		return c.Length
	}
	return c.SourceLength
}

// Run is a run whose data are ready.
type Run struct {
	Config
	Rows      Rows
	Report    Report // of encoding; empty where a run goes on
	Tokenizer *tokenizer.Tokenizer
	Labels    data.Labels    // of labelled texts
	Model     Model          // a sketch until Begin; it computes with the adapter, if there is one
	Adapted   *adapt.Adapter // on the model; nil for none

	origin   Provenance        // of a new run
	prepared *preparation      // nil where the run goes on
	lock     *train.DirLock    // of the directory
	follows  bool              // another process has the directory; see Follow
	last     *train.Checkpoint // or nil
	files    []*data.TokenFile
	origins  *rowOrigins // where the data's rows come from; nil before somebody asks
	rollouts *rollouts   // of an objective that learns from samples; nil for others
	writing  *distilled  // of a distillation that learns from what is written; nil for others
}

// Prepare makes a new run: it gets its tokenizer, encodes the data and makes rows of them. Until
// Begin nothing of it is to be seen in its directory, and Close leaves nothing behind.
func Prepare(ctx context.Context, c Config) (*Run, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Data == nil {
		return nil, errors.New("task: a new run needs data")
	}
	p, err := prepareRun(c.Dir)
	if err != nil {
		return nil, err
	}
	r := &Run{Config: c, prepared: p, lock: p.lock}
	r.origin, err = c.origin()
	if err == nil && c.Expected != nil {
		err = r.origin.expect(*c.Expected)
	}
	if err == nil {
		err = r.encode(ctx)
	}
	if err == nil {
		err = r.open(p.staging)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// Reopen makes ready what Prepare and Begin made, to go on with it. The configuration must be as
// it was; it needs no data.
func Reopen(c Config) (*Run, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	lock, err := train.LockDir(c.Dir)
	if err != nil {
		return nil, err
	}
	r := &Run{Config: c, lock: lock}
	if err := r.reopen(); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *Run) reopen() error {
	var err error
	if r.Tokenizer, err = tokenizer.Load(r.Dir); err != nil {
		return err
	}
	if r.last, _, err = train.LastCheckpoint(r.Dir); err != nil {
		return err
	}
	if err := r.open(r.Dir); err != nil {
		return err
	}
	for _, f := range r.files {
		if err := f.Verify(); err != nil {
			return err
		}
	}
	return nil
}

// encode writes the tokenizer and the encoded data of a new run.
func (r *Run) encode(ctx context.Context) error {
	var err error
	if r.Tokenizer, err = r.Base.Tokenizer(ctx, r.Objective, r.Data); err != nil {
		return err
	}
	if err := r.Tokenizer.Save(r.prepared.staging); err != nil {
		return err
	}
	e := Encoding{Tokenizer: r.Tokenizer, Length: r.Length, Progress: r.Encoding, Path: r.prepared.path(tokensName)}
	found, err := r.Objective.Labels(r.Data)
	if err != nil {
		return err
	}
	if e.Labels, err = r.Base.Labels(r.Objective, found); err != nil {
		return err
	}
	if _, r.Report, err = r.Objective.Encode(ctx, r.Data, e); err != nil || r.Validation == nil {
		return err
	}
	e.Path = r.prepared.path(validationName)
	_, held, err := r.Objective.Encode(ctx, r.Validation, e)
	r.Report.Cut = append(r.Report.Cut, held.Cut...)
	r.Report.Long.Add(held.Long)
	r.Report.Blank.Add(held.Blank)
	r.Report.Full = append(r.Report.Full, held.Full...)
	return err
}

// open maps the encoded data of a directory, sketches the model and makes rows.
func (r *Run) open(dir string) error {
	c := RowsConfig{
		Tokenizer: r.Tokenizer, Split: r.Split, Length: r.Length, SourceLength: r.sourceLength(), Stream: r.Stream, Seed: r.Seed, Dir: dir,
	}
	var err error
	if c.Tokens, err = r.file(filepath.Join(dir, tokensName)); err != nil {
		return err
	}
	r.Labels = c.Tokens.Labels()
	if path := filepath.Join(dir, validationName); isFile(path) {
		if c.Held, err = r.file(path); err != nil {
			return err
		}
	}
	if distill, ok := r.Objective.(*Distill); ok {
		distill.kept = isFile(filepath.Join(dir, topsName))
	}
	if r.Model, err = r.model(true); err != nil {
		return err
	}
	c.Model = r.Model
	o := r.Objective
	if causal, ok := o.(Causal); ok && len(promptOf(r.Adapted)) > 0 {
		causal.Unpacked = true // each document has the prompt before it
		o = causal
	}
	if r.Rows, err = o.Rows(c); err != nil {
		return err
	}
	if err = errors.Join(r.readReferences(dir), r.checkExams()); err != nil {
		return err
	}
	if r.Rows.Train, err = prompted(r.Rows.Train, r.Adapted, r.Model); err != nil {
		return err
	}
	r.Rows.Validation, err = prompted(r.Rows.Validation, r.Adapted, r.Model)
	return err
}

func (r *Run) file(path string) (*data.Tokens, error) {
	f, err := data.OpenTokens(path)
	if err != nil {
		return nil, err
	}
	r.files = append(r.files, f)
	return f.Tokens, nil
}

// model returns the model of the last checkpoint, or where there is none that of the base, with what is to be frozen and the
// adapter of the run.
func (r *Run) model(sketch bool) (Model, error) {
	var m Model
	var err error
	if r.last != nil && r.Adapter == nil {
		m, err = r.Base.Reopen(r.last.Dir, sketch)
	} else {
		m, err = r.Base.Open(r.Objective, r.Tokenizer, r.Labels, sketch)
	}
	if err != nil {
		return nil, err
	}
	if r.Adapter != nil {
		if r.Adapted, err = r.adapter(m); err != nil {
			return nil, err
		}
	}
	if _, err := taughtBy(r.Objective, m); err != nil {
		return nil, err
	}
	return m, freeze(m, r.Freeze)
}

// Sketched returns a sketch of what the run would train if it started from another base, with another adapter or none, to know what that takes.
func (r *Run) Sketched(base Base, adapter *Adaptation) (train.Model, error) {
	other := *r
	other.Base, other.Adapter, other.Adapted, other.last = base, adapter, nil, nil
	if adapter != nil {
		other.Freeze = ""
	}
	m, err := other.model(true)
	if err != nil {
		return nil, err
	}
	other.Model = m
	return other.Learner(), nil
}

// Learner returns what the run trains: the model, or its adapter, with the loss of the objective.
func (r *Run) Learner() train.Model {
	m := r.Taught(r.Model)
	if r.Adapted != nil {
		return adapt.Trained(m, r.Adapted)
	}
	return m
}

// Taught returns a model of the run's kind with the loss of the objective, where that isn't the model's own.
func (r *Run) Taught(m Model) Model {
	t, err := taughtBy(r.Objective, m)
	if err != nil {
		return m // which model has checked
	}
	return t
}

// Made returns the steps of the last checkpoint, from which the run goes on.
func (r *Run) Made() int {
	if r.last == nil {
		return 0
	}
	return r.last.State.Step
}

// Load reads or makes the values of the model and its adapter, which until then are a sketch. Nothing of the run is to be seen yet.
func (r *Run) Load() error {
	m, err := r.model(false)
	if err == nil {
		r.Model = m
	}
	return err
}

// Begin loads the model and, of a new run, makes its directory one. Settings become its
// run.yaml; nil ones are those that follow from the configuration, or of a run that goes on those
// that it has.
func (r *Run) Begin(settings []byte) error {
	if r.NeedsReference() {
		return errors.New("task: the run begins before its reference is computed; call Refer first")
	}
	if err := r.Load(); err != nil {
		return err
	}
	if r.follows {
		return nil
	}
	if r.prepared == nil {
		if err := train.RemoveSums(r.Dir); err != nil {
			return err
		}
		if err := r.noteResumption(settings); err != nil || settings == nil {
			return err
		}
		return atomicfile.WriteBytes(filepath.Join(r.Dir, RunName), settings)
	}
	if settings == nil {
		var err error
		if settings, err = r.settings().encode(); err != nil {
			return err
		}
	}
	if err := atomicfile.WriteBytes(r.prepared.path(RunName), settings); err != nil {
		return err
	}
	if r.Expected != nil && len(r.Expected.Events) > 0 {
		if err := train.WriteEvents(r.prepared.staging, r.Expected.Events); err != nil {
			return err
		}
	}
	r.origin.Options = string(settings)
	if err := r.origin.write(r.prepared.staging); err != nil {
		return err
	}
	if err := r.prepared.publish(); err != nil {
		return err
	}
	r.prepared.clear()
	r.prepared = nil
	return nil
}

// Trains returns the configuration of a trainer of this run: the directory, the rows and the
// files of a checkpoint are the run's.
func (r *Run) Trains(c train.Config) train.Config {
	c.Dir, c.Lock, c.Train, c.Validation = r.Dir, r.lock, r.Rows.Train, r.Rows.Validation
	if c.Examine == nil {
		c.Examine = r.asks()
	}
	c.Text, c.Place = r.RowText, r.RowPlace
	for _, name := range []string{"tokenizer.json", "tokenizer_config.json", chatTemplateName} {
		if path := filepath.Join(r.Dir, name); isFile(path) {
			c.Files = append(c.Files, path)
		}
	}
	if o, ok := r.Objective.(GRPO); ok {
		if r.rollouts != nil {
			r.rollouts.close()
		}
		r.rollouts = newRollouts(r, o, c)
		c.Feed, c.Validation = r.rollouts, nil
		if len(r.rollouts.held()) > 0 {
			c.Measure = r.rollouts.measure
		}
	}
	if o, ok := r.Objective.(*Distill); ok && o.writes() {
		if r.writing != nil {
			r.writing.close()
		}
		r.writing = newDistilled(r, o, c)
		c.Feed = r.writing
	}
	return c
}

// Finish is called once the trainer is at its end: it notes what has come of the run in its provenance, and keeps the checksums
// of what it leaves, see train.Verify.
func (r *Run) Finish() error {
	if err := r.noteResult(); err != nil {
		return err
	}
	return train.WriteSums(r.Dir)
}

// Close gives back what the run holds. One that hasn't begun leaves nothing behind.
func (r *Run) Close() error {
	var errs []error
	if r.rollouts != nil {
		r.rollouts.close()
	}
	if r.writing != nil {
		r.writing.close()
	}
	for _, f := range r.Rows.opened {
		errs = append(errs, f.Close())
	}
	for _, f := range r.files {
		errs = append(errs, f.Close())
	}
	if r.prepared != nil {
		r.prepared.abandon()
	} else {
		r.lock.Release()
	}
	return errors.Join(errs...)
}

// isFile tells whether path is a file.
func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// Train goes the whole way: it prepares the run, or goes on with the one that the directory holds,
// and trains it as t says, whose directory, data and files are the run's. Called again after an
// interruption, it ends with the very model that it would have made without.
func Train(ctx context.Context, c Config, t train.Config) (err error) {
	r, err := Prepare(ctx, c)
	goesOn := errors.Is(err, ErrRunExists)
	if goesOn {
		r, err = Reopen(c)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if c.Epochs != 0 {
		t.MaxSteps = Steps(c.Epochs, r.Rows.Train.Len(), t.BatchSize*t.Accumulation)
	}
	if err := r.Refer(ctx); err != nil {
		return err
	}
	if err := r.Begin(nil); err != nil {
		return err
	}
	trainer, err := train.New(r.Learner(), r.Trains(t))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, trainer.Close()) }()
	if goesOn {
		if _, _, err := trainer.Resume(); err != nil {
			return err
		}
	}
	if err := trainer.Run(ctx); err != nil {
		return err
	}
	return r.Finish()
}
