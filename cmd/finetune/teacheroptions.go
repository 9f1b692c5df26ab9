package main

import (
	"errors"
	"fmt"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/task"
)

// teacherOptions are the options of learning from a teacher, by the names of trl's GKDConfig.
type teacherOptions struct {
	Teacher            string   `group:"teacher" placeholder:"DIR|FILE" help:"Learn what this model holds probable in place of what the data say: a model of the same tokenizer (matrices of a GGUF file stay as they lie), or a file of what it has said of the data (finetune data prepare --teacher)."`
	TeacherLoadIn8bit  bool     `group:"teacher" name:"teacher-load-in-8bit" help:"Keep the teacher's matrices as blocks of 8 bits."`
	TeacherLoadIn4bit  bool     `group:"teacher" name:"teacher-load-in-4bit" help:"Keep the teacher's matrices as blocks of 4 bits."`
	Beta               *float64 `group:"teacher" placeholder:"X" help:"Which divergence is learned: 0 is that of the model from the teacher (forward), 1 that of the teacher from the model (reverse), and between them that of both from a mixture. Default: 0.5."`
	TeacherTemperature *float64 `group:"teacher" placeholder:"X" help:"What the logits of both are divided by. Default: 1."`
	Lmbda              *float64 `group:"teacher" placeholder:"X" help:"Share of the steps whose texts the model writes itself, behind the data's prompts, and the teacher judges. Default: 0; trl's is 0.5."`
	SeqKD              *bool    `group:"teacher" name:"seq-kd" negatable:"" help:"Let the teacher write the texts of the other steps. Default: the data as they are."`
	MaxNewTokens       *int     `group:"teacher" placeholder:"N" help:"The most tokens that are written behind a prompt, by --lmbda or --seq-kd. Default: 128."`
	Temperature        *float64 `group:"teacher" placeholder:"X" help:"What logits are divided by where texts are written. Default: 0.9."`
}

// teacherHelp tells of the options in a command's help.
const teacherHelp = `With --teacher the model learns what a larger one holds probable behind each token (GKD; docs/distillation.md). metrics.jsonl then has the divergence as
loss, and the cross entropy as nll_loss, which is the loss without a teacher.`

// set tells whether there is a teacher; options of one without it are an error.
func (o *teacherOptions) set() (bool, error) {
	if o.Teacher == "" && *o != (teacherOptions{}) {
		return false, errors.New("--beta, --lmbda, --seq-kd, --max-new-tokens, --temperature and those that begin with --teacher- are for learning from a --teacher")
	}
	return o.Teacher != "", nil
}

// resolve fills in what the user left open, for an objective.
func (o *teacherOptions) resolve(objective string) error {
	set, err := o.set()
	if !set || err != nil {
		return err
	}
	if objective != (task.Causal{}).Name() {
		return fmt.Errorf("--teacher is for the objective causal, not for %s", objective)
	}
	if !data.IsTops(o.Teacher) {
		if err := modelFolder(&o.Teacher); err != nil {
			return err
		}
	}
	if o.Teacher, err = absolute(o.Teacher); err != nil {
		return err
	}
	setDefault(&o.Beta, 0.5)
	setDefault(&o.TeacherTemperature, 1)
	setDefault(&o.Lmbda, 0)
	setDefault(&o.SeqKD, false)
	if *o.Lmbda > 0 || *o.SeqKD {
		setDefault(&o.MaxNewTokens, 128)
		setDefault(&o.Temperature, 0.9)
	}
	d, err := o.distill(task.Causal{})
	if err != nil {
		return err
	}
	return d.Validate()
}

// storage returns how the teacher's matrices are kept.
func (o *teacherOptions) storage() (models.Storage, error) {
	s, err := storageFlags{LoadIn8bit: o.TeacherLoadIn8bit, LoadIn4bit: o.TeacherLoadIn4bit}.storage(o.Teacher)
	if err != nil {
		err = errors.New("--teacher-load-in-8bit and --teacher-load-in-4bit exclude each other")
	}
	return s, err
}

// distill returns the objective of learning from the teacher what another one learns of the data.
func (o *teacherOptions) distill(c task.Causal) (*task.Distill, error) {
	s, err := o.storage()
	d := &task.Distill{Causal: c, Teacher: o.Teacher, Storage: s, Beta: *o.Beta, Temperature: *o.TeacherTemperature, Lmbda: *o.Lmbda, SequenceLevel: *o.SeqKD}
	if o.MaxNewTokens != nil && o.Temperature != nil {
		d.Sampling = generate.Config{MaxNewTokens: *o.MaxNewTokens, Temperature: *o.Temperature}
	}
	return d, err
}
