//go:build !linux

package main

import "os"

// withoutEcho does nothing on other systems: what is typed during an answer is shown.
func withoutEcho(*os.File) (undo func()) { return func() {} }
