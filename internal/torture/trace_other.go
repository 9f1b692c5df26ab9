//go:build !(linux && amd64)

package main

import "errors"

// trace needs ptrace and the registers of a processor that it knows.
func trace(dir string, args []string, fault func(Call) Action) (Outcome, error) {
	return Outcome{}, errors.New("processes are traced on linux/amd64 only")
}

const canTrace = false
