// Command finetune trains transformer language models and runs them: tokenizers, pretraining, fine-tuning, evaluation and
// generation, on Hugging Face model directories. `finetune --help` lists its commands.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"github.com/seahorse-ml/seahorse/agent/tool/script"
	"github.com/seahorse-ml/seahorse/hub"
	"github.com/seahorse-ml/seahorse/internal/cpu"
	"github.com/seahorse-ml/seahorse/train"
)

// streams are what a command reads and writes.
type streams struct {
	in  io.Reader
	out io.Writer // results
	err io.Writer // progress and messages

	saving atomic.Bool                        // an interrupt leads to a checkpoint
	answer atomic.Pointer[context.CancelFunc] // ends what a model is writing in a chat; nil while it isn't
	save   atomic.Pointer[train.Trainer]      // of the run that SIGUSR1 lets save; nil while there is none

	ollama *hub.OllamaModel // that the command line names; nil for none
}

// errInterrupted is the cause of a context that a signal ended.
var errInterrupted = errors.New("interrupted")

// Exit statuses.
const (
	exitFailure     = 1
	exitInterrupted = 130 // as shells report a program that Ctrl-C ended
)

func main() {
	script.Main()
	s := &streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}
	ctx, stop := interruptible(context.Background(), s)
	status := execute(ctx, os.Args[1:], s)
	stop()
	os.Exit(status)
}

// interruptible returns a context that the first Ctrl-C, SIGTERM or SIGHUP cancels, so that work can be saved; a second one ends the
// process at once. SIGHUP stays ignored where it was, as nohup has it. SIGUSR1 lets a run save a checkpoint.
func interruptible(parent context.Context, s *streams) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if hangUp != nil && !signal.Ignored(hangUp) {
		ends = append(ends, hangUp)
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, ends...)
	go func() {
		for range signals {
			end := s.answer.Swap(nil)
			if end == nil {
				break
			}
			(*end)()
		}
		without := ""
		if s.saving.Load() {
			without = ", without saving"
		}
		fmt.Fprintf(s.err, "\nstopping; once more to stop at once%s\n", without)
		cancel(errInterrupted)
		<-signals
		os.Exit(exitInterrupted)
	}()
	if saveNow != nil {
		saves := make(chan os.Signal, 1)
		signal.Notify(saves, saveNow)
		go func() {
			for range saves {
				if t := s.save.Load(); t != nil {
					t.SaveSoon()
				}
			}
		}()
	}
	return ctx, func() { cancel(nil) }
}

// execute carries out one command line and returns the exit status.
func execute(ctx context.Context, args []string, s *streams) int {
	s.in = interruptibleReader(ctx, s.in)
	if err := cpu.Err(); err != nil {
		return fail(s, err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	var c commands
	args = arguments(args)
	parser, err := newParser(&c, s, args...)
	if err != nil {
		return fail(s, err)
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return fail(s, usageError(err))
	}
	if err := findNames(ctx, s, parsed); err != nil {
		return fail(s, err)
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	parsed.Bind(s, parsed)
	return fail(s, parsed.Run())
}

// fail reports err, if there is one, and returns the exit status.
func fail(s *streams, err error) int {
	var stop *stopped
	switch {
	case err == nil:
		return 0
	case errors.As(err, &stop):
		fmt.Fprintln(s.err, stop)
		return exitInterrupted
	case errors.Is(err, errInterrupted):
		fmt.Fprintln(s.err, "finetune: interrupted")
		return exitInterrupted
	}
	fmt.Fprintf(s.err, "finetune: %s\n", printable(err.Error()))
	return exitFailure
}

// stopped is the error of a training run that was interrupted and has saved its state.
type stopped struct {
	dir  string
	step int
}

func (e *stopped) Error() string {
	return fmt.Sprintf("stopped and saved at step %d; go on with: finetune resume %s", e.step, shellQuote(e.dir))
}
