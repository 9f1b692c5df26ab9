package script

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/seahorse-ml/seahorse/agent/tool"
)

// Tool runs programs. The program that uses it must call Main before all else.
type Tool struct {
	Steps  uint64 // of the interpreter; 0 means 10 million
	Memory int    // bytes of the heap; 0 means 64 MiB
}

// marker is the environment's variable by which a process knows that it is to run a script.
const marker = "SEAHORSE_SCRIPT"

// mostOutput is how many bytes a script may print.
const mostOutput = 1 << 20

// job is what a process is to run.
type job struct {
	Code   string `json:"code"`
	Steps  uint64 `json:"steps"`
	Memory int    `json:"memory"`
}

// Statuses of processes that have run a script.
const (
	statusError  = 3 // of the script
	statusMemory = 4
)

// Spec names it "starlark".
func (Tool) Spec() tool.Spec {
	return tool.Spec{
		Name:        "starlark",
		Description: "Runs a program in Starlark, a dialect of Python without imports, with json and math. Returns what it prints, and the value of an expression that is its last line.",
		Parameters:  json.RawMessage(`{"type": "object", "properties": {"code": {"type": "string"}}, "required": ["code"]}`),
	}
}

// Call runs the argument "code".
func (t Tool) Call(ctx context.Context, arguments json.RawMessage) (string, error) {
	var a struct{ Code string }
	if err := json.Unmarshal(arguments, &a); err != nil {
		return "", err
	}
	return t.Run(ctx, a.Code)
}

// Run runs a script and returns what it prints, and the value of its last line where that is an expression.
func (t Tool) Run(ctx context.Context, code string) (string, error) {
	const steps, memory = 10_000_000, 64 << 20
	j := job{code, t.Steps, t.Memory}
	if j.Steps == 0 {
		j.Steps = steps
	}
	if j.Memory == 0 {
		j.Memory = memory
	}
	in, err := json.Marshal(j)
	if err != nil {
		return "", err
	}
	program, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("script: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out, said := &bounded{full: cancel}, &bounded{full: cancel}
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = append([]string{marker + "=1", "GOMAXPROCS=2", "GOTRACEBACK=none"}, systemRoot()...)
	cmd.Dir = os.TempDir()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), out, said
	err = cmd.Run()
	status := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		status = exit.ExitCode()
	}
	switch {
	case out.over:
		return "", fmt.Errorf("the program prints more than %d bytes", mostOutput)
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case status == statusError:
		return "", errors.New(strings.TrimSpace(out.kept.String() + said.kept.String()))
	case strings.Contains(said.kept.String(), "stack exceeds"):
		return "", errors.New("the program calls itself too deeply")
	case status != 0: // the runtime has no one way to end where the system refuses it memory
		return "", fmt.Errorf("the program takes more than %d MiB of memory", j.Memory>>20)
	case err != nil:
		return "", fmt.Errorf("the program ended: %w", err)
	}
	return strings.TrimRight(out.kept.String(), "\n"), nil
}

// systemRoot is what Windows needs to start a process.
func systemRoot() []string {
	if v, ok := os.LookupEnv("SYSTEMROOT"); ok {
		return []string{"SYSTEMROOT=" + v}
	}
	return nil
}

// bounded keeps what is written, up to a bound.
type bounded struct {
	kept bytes.Buffer
	over bool
	full func() // is called where there is more
}

// Write keeps what there is room for.
func (b *bounded) Write(p []byte) (int, error) {
	room := mostOutput - b.kept.Len()
	if len(p) > room {
		b.over = true
		b.kept.Write(p[:room])
		b.full()
		return len(p), nil
	}
	return b.kept.Write(p)
}
