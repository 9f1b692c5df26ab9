//go:build unix

package main

import (
	"os"
	"syscall"
)

// Signals beside Ctrl-C and SIGTERM.
var (
	hangUp  os.Signal = syscall.SIGHUP  // the terminal is gone: as SIGTERM
	saveNow os.Signal = syscall.SIGUSR1 // save a checkpoint after the step that runs, and go on
)
