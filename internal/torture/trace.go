package main

import "syscall"

// A Call is a system call on a file that a traced process is about to make.
type Call struct {
	Number int    // from 1, among those that the process has made
	Name   string // write, fsync, renameat, …
	Path   string // of the file; of a rename the old one
	Write  bool   // it would change what is on the disk
}

// An Action is what is done with a call; the zero value lets it happen.
type Action struct {
	Kill  bool          // end the process by SIGKILL before the call
	Error syscall.Errno // the call doesn't happen and returns this error
	Short bool          // a write or read of half of what was asked for
	Run   func() error  // something that happens to the disk before the call
}

// An Outcome is how a traced process ended.
type Outcome struct {
	Calls  int    // of those that Fault saw
	Exit   int    // its status; -1 where a signal ended it
	Output string // standard output and error
}
