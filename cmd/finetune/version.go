package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/alecthomas/kong"
	"github.com/seahorse-ml/seahorse/internal/cpu"
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
	version, revision := versions()
	fmt.Fprintf(w, "finetune %s", version)
	if revision != "" {
		fmt.Fprintf(w, " (%s)", revision)
	}
	fmt.Fprintf(w, "\n%s %s/%s, %s, kernels for %s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, cpu.Name(), cpu.Best())
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return
	}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		fmt.Fprintf(w, "  %s %s\n", m.Path, m.Version)
	}
}

// versions returns the version of the module and, where the binary was built from a repository, its revision.
func versions() (version, revision string) {
	version = "(development)"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version, ""
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		version = v
	}
	modified := ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = ", modified"
		}
	}
	if revision != "" {
		revision += modified
	}
	return version, revision
}
