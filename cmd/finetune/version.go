package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/seahorse-ml/seahorse/internal/cpu"
	"github.com/seahorse-ml/seahorse/task"
)

// versionFlag is --version.
type versionFlag bool

// BeforeReset shows the version and ends the program.
func (versionFlag) BeforeReset(app *kong.Kong) error {
	writeVersion(app.Stdout)
	app.Exit(0)
	return nil
}

// writeVersion writes what this binary is.
func writeVersion(w io.Writer) {
	b := task.ThisBinary()
	fmt.Fprintf(w, "finetune %s", b.Version)
	switch {
	case b.Modified:
		fmt.Fprintf(w, " (%s, modified)", b.Revision)
	case b.Revision != "":
		fmt.Fprintf(w, " (%s)", b.Revision)
	}
	fmt.Fprintf(w, "\n%s %s/%s, %s, kernels for %s\n", b.Go, runtime.GOOS, runtime.GOARCH, cpu.Name(), strings.Join(cpu.Sets(), ", "))
	for _, m := range b.Modules {
		fmt.Fprintf(w, "  %s %s\n", m.Path, m.Version)
	}
}
