package task

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/prefer"
)

// Distill is learning what a teacher says of the next token: of the data as Causal has them, or of texts that the student or the teacher writes on from their
// prompts. Its name is that of Causal, for what results is a model as any other.
type Distill struct {
	Causal
	// Teacher is a model directory, a GGUF file, or a file of a teacher's most probable tokens (WriteTops), of which the run keeps a copy. A model must
	// be there when the run is resumed.
	Teacher string
	// Storage is how the teacher's matrices are kept. Default: floats.
	Storage models.Storage
	// Beta and Temperature are those of prefer.Distill.
	Beta, Temperature float64
	// Lmbda is the share of steps, in [0, 1], whose texts the student writes itself, behind their prompts: what of a text comes before the last stretch that is
	// learned, or where there is no such stretch its first token. trl's default is 0.5, and 0 here.
	Lmbda float64
	// SequenceLevel lets the teacher write those of the other steps. Default: false, the data as they are.
	SequenceLevel bool
	// Sampling says how these are drawn: MaxNewTokens and Temperature count. trl's defaults are 128 and 0.9.
	Sampling generate.Config

	teacher *Trained // once it is needed
	kept    bool     // the run has a copy of a file of tops
}

// reads returns the file of the chat template and the teacher.
func (o *Distill) reads() []string { return append(o.Causal.reads(), o.Teacher) }

// Validate tells what is wrong with the settings, or nil.
func (o *Distill) Validate() error {
	switch {
	case !(o.Lmbda >= 0 && o.Lmbda <= 1):
		return fmt.Errorf("task: distillation: lmbda %g, expected [0, 1]", o.Lmbda)
	case !(o.Beta >= 0 && o.Beta <= 1) || !(o.Temperature > 0) || math.IsInf(o.Temperature, 0):
		return fmt.Errorf("task: distillation: beta %g and a temperature of %g, expected [0, 1] and more than 0", o.Beta, o.Temperature)
	case o.knows() && o.Temperature != 1:
		return fmt.Errorf("task: distillation: a temperature of %g, expected 1 where a teacher's most probable tokens are kept in a file", o.Temperature)
	case o.knows() && o.writes():
		return fmt.Errorf("task: distillation: lmbda %g and sequence level %t need the teacher itself, and %s holds what it said of the data only", o.Lmbda, o.SequenceLevel, o.Teacher)
	case !o.writes():
		return nil
	case !(o.Sampling.Temperature > 0) || math.IsInf(o.Sampling.Temperature, 0):
		return fmt.Errorf("task: distillation: texts drawn at a temperature of %g, expected more than 0", o.Sampling.Temperature)
	}
	return o.Sampling.Validate()
}

// knows tells whether the teacher is a file of what it has said.
func (o *Distill) knows() bool { return o.kept || data.IsTops(o.Teacher) }

// writes tells whether texts of the student or the teacher are learned from.
func (o *Distill) writes() bool { return o.Lmbda > 0 || o.SequenceLevel }

// open returns the teacher, nil where only what it said is known.
func (o *Distill) open() (models.CausalLM, error) {
	if o.knows() {
		return nil, nil
	}
	if o.teacher == nil {
		t, err := openTeacher(o.Teacher, o.Storage)
		if err != nil {
			return nil, err
		}
		o.teacher = t
	}
	return o.teacher.Model.(models.CausalLM), nil // which openTeacher has checked
}

// openTeacher opens a decoder to learn from.
func openTeacher(dir string, storage models.Storage) (*Trained, error) {
	t, err := Open(dir, OpenConfig{Storage: storage})
	if err != nil {
		return nil, fmt.Errorf("task: teacher: %w", err)
	}
	if !(Causal{}).Fits(t.Model) || len(promptOf(t.Adapter)) > 0 {
		return nil, fmt.Errorf("task: teacher: %s holds %s, expected a decoder without a tuned prompt", dir, Described(t.Model))
	}
	for _, p := range t.Model.Params() {
		p.Frozen = true
	}
	return t, nil
}

// learner returns what learns from the teacher: a model with the parameters of m, which is saved as m is.
func (o *Distill) learner(m Model) (Model, error) {
	student, ok := m.(models.CausalLM)
	if !ok {
		return nil, fmt.Errorf("task: distillation: %s, expected a decoder", Described(m))
	}
	if err := o.Validate(); err != nil {
		return nil, err
	}
	l := prefer.Distill{Student: student, Beta: o.Beta, Temperature: o.Temperature}
	teacher, err := o.open()
	if err != nil {
		return nil, err
	}
	vocab := 0
	if teacher != nil {
		l.Teacher, vocab = teacher, teacher.VocabSize()
	}
	if teacher != nil && vocab != student.VocabSize() {
		return nil, o.foreign("it scores %d tokens, and the model that learns %d", vocab, student.VocabSize())
	}
	return taught{m, l}, nil
}

// foreign is the error of a teacher of another vocabulary.
func (o *Distill) foreign(format string, args ...any) error {
	return fmt.Errorf("task: teacher %s: %s; what it holds probable can't be learned in another vocabulary, but its texts can: "+
		`write some by "finetune data generate --model %s", and learn those by "finetune sft"`, o.Teacher, fmt.Sprintf(format, args...), o.Teacher)
}

// check refuses a teacher that doesn't fit the tokenizer and the length of the run.
func (o *Distill) check(c RowsConfig) error {
	t := o.teacher
	for id := range int32(max(c.Tokenizer.VocabSize(), t.Tokenizer.VocabSize())) {
		ours, _ := c.Tokenizer.Token(id)
		theirs, _ := t.Tokenizer.Token(id)
		if ours != theirs {
			return o.foreign("its token %d is %q, and %q of the model that learns", id, theirs, ours)
		}
	}
	if n := t.Model.ContextLength(); c.Length > n {
		return fmt.Errorf("task: teacher %s: rows of %d tokens, and its context is %d", o.Teacher, c.Length, n)
	}
	return nil
}

// topsName is the file of a run that holds what a teacher said of its data.
const topsName = "teacher.bin"

// Encode is that of Causal, and copies what a teacher has said beside the tokens.
func (o *Distill) Encode(ctx context.Context, s *data.Source, c Encoding) (*data.Tokens, Report, error) {
	if path := filepath.Join(filepath.Dir(c.Path), topsName); c.Path != "" && data.IsTops(o.Teacher) && !isFile(path) {
		err := atomicfile.Write(path, func(w io.Writer) error {
			from, err := os.Open(o.Teacher)
			if err != nil {
				return err
			}
			defer from.Close()
			_, err = io.Copy(w, from)
			return err
		})
		if err != nil {
			return nil, Report{}, fmt.Errorf("task: teacher: %w", err)
		}
	}
	return o.Causal.Encode(ctx, s, c)
}

// Rows are those of Causal, with what the teacher has said where it isn't asked while the run goes on. Where texts are written, each has a row.
func (o *Distill) Rows(c RowsConfig) (Rows, error) {
	causal := o.Causal
	causal.Unpacked = causal.Unpacked || o.writes()
	r, err := causal.Rows(c)
	if err != nil {
		return r, err
	}
	path := o.Teacher
	if o.kept {
		path = filepath.Join(c.Dir, topsName)
	}
	if !o.knows() {
		if _, err := o.open(); err != nil {
			return r, err
		}
		return r, o.check(c)
	}
	tops, err := data.OpenTops(path)
	if err != nil {
		return r, fmt.Errorf("task: teacher: %w", err)
	}
	r.opened = append(r.opened, tops)
	if tops.Vocab() != c.Model.VocabSize() {
		return r, errors.Join(o.foreign("it scores %d tokens, and the model that learns %d", tops.Vocab(), c.Model.VocabSize()), tops.Close())
	}
	if err = tops.Verify(); err == nil {
		r.Train, err = rows(data.NewTaught(r.Train, c.Tokens, tops))
	}
	if r.Validation != nil && err == nil {
		whole := c.Tokens
		if c.Held != nil {
			whole = c.Held
		}
		r.Validation, err = rows(data.NewTaught(r.Validation, whole, tops))
	}
	if err != nil {
		return r, errors.Join(fmt.Errorf("task: teacher: %w", err), tops.Close())
	}
	return r, nil
}
