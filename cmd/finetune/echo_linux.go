package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// withoutEcho keeps what is typed at a terminal from being shown until it is undone: it would stand in the midst of an answer.
func withoutEcho(terminal *os.File) (undo func()) {
	fd := int(terminal.Fd())
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return func() {}
	}
	quiet := *before
	quiet.Lflag &^= unix.ECHO
	_ = unix.IoctlSetTermios(fd, unix.TCSETS, &quiet) // looks only
	return func() { _ = unix.IoctlSetTermios(fd, unix.TCSETS, before) }
}
