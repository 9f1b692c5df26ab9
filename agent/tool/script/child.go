package script

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"

	starjson "go.starlark.net/lib/json"
	"go.starlark.net/lib/math"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// Main runs a script and ends the process, where the process was started for that by Tool; else it returns at once. Programs that use the tool call it before
// all else.
func Main() {
	if os.Getenv(marker) == "" {
		return
	}
	var j job
	if err := json.NewDecoder(os.Stdin).Decode(&j); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(statusError)
	}
	limitMemory(j.Memory)
	out := bufio.NewWriter(os.Stdout)
	err := run(j, out)
	if err := errors.Join(err, out.Flush()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(statusError)
	}
	os.Exit(0)
}

// limitMemory ends the process once its heap has more than so many bytes, and lets the system refuse far more.
func limitMemory(most int) {
	const stack = 64 << 20
	debug.SetMaxStack(stack)
	debug.SetMemoryLimit(int64(most))
	limitSystem(most)
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	go func() {
		for {
			metrics.Read(heap)
			if heap[0].Value.Uint64() > uint64(most) {
				os.Exit(statusMemory)
			}
			time.Sleep(time.Millisecond)
		}
	}()
}

// run runs a script, and writes what it prints and the value of its last line.
func run(j job, out io.Writer) error {
	options := &syntax.FileOptions{Set: true, While: true, TopLevelControl: true, GlobalReassign: true, Recursion: true}
	thread := &starlark.Thread{Name: "program", Print: func(_ *starlark.Thread, text string) { fmt.Fprintln(out, text) }}
	thread.SetMaxExecutionSteps(j.Steps)
	thread.OnMaxSteps = func(t *starlark.Thread) { t.Cancel(fmt.Sprintf("more than %d steps", j.Steps)) }
	known := starlark.StringDict{"json": starjson.Module, "math": math.Module}
	file, err := options.Parse("program", j.Code, 0)
	if err != nil {
		return err
	}
	var last syntax.Expr
	if n := len(file.Stmts); n > 0 {
		if s, ok := file.Stmts[n-1].(*syntax.ExprStmt); ok {
			last, file.Stmts = s.X, file.Stmts[:n-1]
		}
	}
	program, err := starlark.FileProgram(file, known.Has)
	if err != nil {
		return err
	}
	globals, err := program.Init(thread, known)
	if err != nil {
		return said(err)
	}
	if last == nil {
		return nil
	}
	for name, v := range known {
		if !globals.Has(name) {
			globals[name] = v
		}
	}
	value, err := starlark.EvalExprOptions(options, thread, last, globals)
	if err != nil {
		return said(err)
	}
	if value != starlark.None {
		fmt.Fprintln(out, value)
	}
	return nil
}

// said returns an error with the place where it happened.
func said(err error) error {
	var e *starlark.EvalError
	if errors.As(err, &e) {
		for i := range len(e.CallStack) {
			if at := e.CallStack.At(i).Pos; at.IsValid() {
				return fmt.Errorf("line %d: %s", at.Line, e.Msg)
			}
		}
	}
	return err
}
