//go:build !unix

package main

import "os"

// Signals beside Ctrl-C and SIGTERM, which only Unix has.
var hangUp, saveNow os.Signal
