package task_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/task"
	"github.com/seahorse-ml/seahorse/train"
)

// Pretraining, as `finetune pretrain` does it, and a prompt continued, as `finetune generate` does it.
func ExampleTrain() {
	dir, closeDir := workplace("text.txt", strings.Repeat("she sells sea shells by the sea shore. ", 40))
	defer closeDir()
	source, err := data.OpenSource(filepath.Join(dir, "text.txt"), nil)
	check(err)
	defer source.Close()
	learn := task.TokenizerConfig("char", "gpt2", task.Causal{})
	config := task.Config{
		Dir: filepath.Join(dir, "run"), Objective: task.Causal{}, Data: source, Length: 32, Stream: true, Split: 0.1,
		Base: task.New{Arch: "gpt2", Size: models.Size{Context: 32, Layers: 1, Heads: 2, Width: 32}, Learn: &learn},
	}
	trainer := train.DefaultConfig()
	trainer.MaxSteps, trainer.Schedule.LearningRate = 150, 1e-2
	check(task.Train(context.Background(), config, trainer))

	model, err := task.Open(config.Dir, task.OpenConfig{})
	check(err)
	writer, err := model.Writer()
	check(err)
	writer.Config.MaxNewTokens = 24
	text, err := writer.Answer(context.Background(), "she sells ")
	check(err)
	fmt.Println(text)
	// Output: sea shells by the sea sh
}

// Fine-tuning on labelled texts, as `finetune sft` does it, and applying what came out, as
// `finetune classify` does it.
func ExampleClassifier() {
	dir, closeDir := workplace("reviews.csv", "text,label\n"+strings.Repeat("a good book,yes\na bad book,no\na good play,yes\na bad play,no\n", 20))
	defer closeDir()
	check(newEncoder(filepath.Join(dir, "encoder"), "a good book and a bad play"))
	source, err := data.OpenSource(filepath.Join(dir, "reviews.csv"), nil)
	check(err)
	defer source.Close()
	config := task.Config{
		Dir: filepath.Join(dir, "run"), Objective: task.Labelled{Kind: data.Classification}, Data: source, Length: 16, Split: 0.1, Epochs: 10,
		Base: task.Pretrained{Dir: filepath.Join(dir, "encoder")},
	}
	trainer := train.DefaultConfig()
	trainer.Schedule.LearningRate = 1e-2
	check(task.Train(context.Background(), config, trainer))

	model, err := task.Open(config.Dir, task.OpenConfig{})
	check(err)
	classifier, err := model.Classifier()
	check(err)
	defer classifier.Close()
	found, err := classifier.Apply([]data.Text{{Text: []byte("a good book")}, {Text: []byte("a bad play")}})
	check(err)
	fmt.Println(found[0].Label, found[1].Label)
	// Output: yes no
}

// Learning pairs by an encoder-decoder, and measuring it, as `finetune eval` does it. Train goes
// on with a run that is there, as `finetune resume` does.
func ExampleTrained_Evaluate() {
	dir, closeDir := workplace("pairs.tsv", "source\ttarget\n"+strings.Repeat("ab\tba\nbc\tcb\nca\tac\n", 30))
	defer closeDir()
	source, err := data.OpenSource(filepath.Join(dir, "pairs.tsv"), nil)
	check(err)
	defer source.Close()
	learn := task.TokenizerConfig("char", "transformer", task.Seq2Seq{})
	config := task.Config{
		Dir: filepath.Join(dir, "run"), Objective: task.Seq2Seq{}, Data: source, Length: 8,
		Base: task.New{Arch: "transformer", Size: models.Size{Context: 8, Layers: 1, Heads: 2, Width: 32}, Learn: &learn},
	}
	trainer := train.DefaultConfig()
	trainer.MaxSteps, trainer.Schedule.LearningRate = 40, 1e-2
	check(task.Train(context.Background(), config, trainer))
	trainer.MaxSteps = 80 // further than before
	check(task.Train(context.Background(), config, trainer))

	model, err := task.Open(config.Dir, task.OpenConfig{})
	check(err)
	figures, err := model.Evaluate(context.Background(), source, task.EvalConfig{})
	check(err)
	accuracy, _ := figures.Figures.Get("accuracy")
	fmt.Printf("accuracy %.2f over %d tokens\n", accuracy, figures.Targets)
	// Output: accuracy 1.00 over 270 tokens
}

// newEncoder makes a small encoder that finds masked tokens, with a vocabulary of characters.
func newEncoder(dir, text string) error {
	if err := os.WriteFile(dir+".txt", []byte(strings.Repeat(text+"\n", 20)), 0o666); err != nil {
		return err
	}
	source, err := data.OpenSource(dir+".txt", nil)
	if err != nil {
		return err
	}
	defer source.Close()
	learn := task.TokenizerConfig("char", "bert", task.Masked{})
	trainer := train.DefaultConfig()
	trainer.MaxSteps = 5
	return task.Train(context.Background(), task.Config{
		Dir: dir, Objective: task.Masked{}, Data: source, Length: 16, Stream: true,
		Base: task.New{Arch: "bert", Size: models.Size{Context: 16, Layers: 1, Heads: 2, Width: 32}, Learn: &learn},
	}, trainer)
}

// workplace makes a directory with a file in it.
func workplace(name, content string) (dir string, remove func()) {
	dir, err := os.MkdirTemp("", "example")
	check(err)
	check(os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666))
	return dir, func() { os.RemoveAll(dir) }
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
