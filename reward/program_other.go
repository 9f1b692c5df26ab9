//go:build !unix

package reward

import (
	"context"
	"os/exec"
)

// shell runs a command line, which ends with the context.
func shell(ctx context.Context, line string) *exec.Cmd {
	return exec.CommandContext(ctx, "cmd", "/C", line)
}

// endGroup does nothing: there are no groups of processes here.
func endGroup(*exec.Cmd) {}
