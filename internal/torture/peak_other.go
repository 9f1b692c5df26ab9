//go:build !unix

package main

import "os"

// peak isn't known on this system.
func peak(*os.ProcessState) int64 { return 0 }
