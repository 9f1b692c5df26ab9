//go:build !unix

package mcp

import "os/exec"

// shell returns a command line.
func shell(line string) *exec.Cmd { return exec.Command("cmd", "/c", line) }

// killGroup ends a process.
func killGroup(cmd *exec.Cmd) { cmd.Process.Kill() }
