package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const canTrace = true

// watched are the calls that faults are made of, with what their first arguments are. Files that are mapped into memory are read without a call.
var watched = map[uint64]struct {
	name string
	what argument
}{
	unix.SYS_OPENAT: {"openat", pathAt}, unix.SYS_MKDIRAT: {"mkdirat", pathAt}, unix.SYS_UNLINKAT: {"unlinkat", pathAt},
	unix.SYS_RENAMEAT: {"renameat", pathAt}, unix.SYS_RENAMEAT2: {"renameat2", pathAt}, unix.SYS_LINKAT: {"linkat", pathAt},
	unix.SYS_READ: {"read", descriptor}, unix.SYS_PREAD64: {"pread64", descriptor}, unix.SYS_WRITE: {"write", descriptor}, unix.SYS_PWRITE64: {"pwrite64", descriptor},
	unix.SYS_FSYNC: {"fsync", descriptor}, unix.SYS_FDATASYNC: {"fdatasync", descriptor}, unix.SYS_FTRUNCATE: {"ftruncate", descriptor},
	unix.SYS_FCHMOD: {"fchmod", descriptor}, unix.SYS_CLOSE: {"close", descriptor}, unix.SYS_COPY_FILE_RANGE: {"copy_file_range", descriptor},
	unix.SYS_MMAP: {"mmap", noFile},
}

type argument int

const (
	pathAt     argument = iota // a directory's descriptor and a path
	descriptor                 // a file's descriptor
	noFile                     // memory is asked for, of a file or not
)

// reading are the calls that leave the disk as it is; openat does where it creates nothing.
var reading = map[string]bool{"read": true, "pread64": true, "close": true, "mmap": true}

// counted are the calls whose third argument is a number of bytes.
var counted = map[string]bool{"read": true, "pread64": true, "write": true, "pwrite64": true}

// tracer follows all threads of a process through their system calls.
type tracer struct {
	pid   int
	dir   string
	fault func(Call) Action
	calls int
	inner map[int]*pending // threads that are inside of a call
}

// pending is what is to be done when a thread's call returns.
type pending struct{ fail syscall.Errno }

// trace runs a command and asks fault about each of its calls on files below dir, which must be absolute, and for memory. Calls of several threads come one after the other.
func trace(dir string, args []string, fault func(Call) Action) (Outcome, error) {
	runtime.LockOSThread() // ptrace belongs to a thread
	defer runtime.UnlockOSThread()
	output, err := os.CreateTemp("", "torture")
	if err != nil {
		return Outcome{}, err
	}
	defer os.Remove(output.Name())
	defer output.Close()
	command := exec.Command(args[0], args[1:]...)
	command.Stdout, command.Stderr = output, output
	command.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Setpgid: true}
	if err := command.Start(); err != nil {
		return Outcome{}, err
	}
	defer command.Process.Release()
	t := &tracer{command.Process.Pid, dir, fault, 0, map[int]*pending{}}
	exit, err := t.follow()
	if err != nil {
		syscall.Kill(t.pid, syscall.SIGKILL)
		return Outcome{}, fmt.Errorf("tracing %s: %w", args[0], err)
	}
	raw, err := os.ReadFile(output.Name())
	return Outcome{t.calls, exit, string(raw)}, err
}

// follow lets the process run until it is gone.
func (t *tracer) follow() (exit int, err error) {
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(t.pid, &status, 0, nil); err != nil {
		return 0, err
	}
	options := syscall.PTRACE_O_TRACECLONE | syscall.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_EXITKILL
	if err := syscall.PtraceSetOptions(t.pid, options); err != nil {
		return 0, err
	}
	if err := syscall.PtraceSyscall(t.pid, 0); err != nil {
		return 0, err
	}
	for {
		tid, err := syscall.Wait4(-1, &status, unix.WALL|unix.WNOTHREAD, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return 0, err
		}
		switch {
		case status.Exited() || status.Signaled():
			delete(t.inner, tid)
			if tid == t.pid {
				if status.Signaled() {
					return -1, nil
				}
				return status.ExitStatus(), nil
			}
		case status.Stopped():
			if err := t.stopped(tid, status); err != nil && !errors.Is(err, syscall.ESRCH) { // a thread that is being killed is gone
				return 0, err
			}
		}
	}
}

// stopped handles one stop of one thread, and lets it run on.
func (t *tracer) stopped(tid int, status syscall.WaitStatus) error {
	signal := status.StopSignal()
	switch {
	case signal == syscall.SIGTRAP|0x80:
		if p, ok := t.inner[tid]; ok {
			delete(t.inner, tid)
			if p.fail != 0 {
				if err := t.result(tid, p.fail); err != nil {
					return err
				}
			}
		} else if err := t.entered(tid); err != nil {
			return err
		}
		signal = 0
	case signal == syscall.SIGTRAP, signal == syscall.SIGSTOP: // exec, a new thread, the first stop of one
		signal = 0
	}
	return syscall.PtraceSyscall(tid, int(signal))
}

// entered asks what is to be done with a call that a thread is about to make.
func (t *tracer) entered(tid int) error {
	p := &pending{}
	t.inner[tid] = p
	var regs syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(tid, &regs); err != nil {
		return err
	}
	w, ok := watched[regs.Orig_rax]
	if !ok {
		return nil
	}
	path := t.path(tid, w.what, &regs)
	if w.what != noFile && path != t.dir && !strings.HasPrefix(path, t.dir+"/") {
		return nil
	}
	t.calls++
	call := Call{t.calls, w.name, path, !reading[w.name]}
	if w.name == "openat" {
		call.Write = regs.Rdx&(syscall.O_CREAT|syscall.O_TRUNC) != 0
	}
	action := t.fault(call)
	if action.Run != nil {
		if err := action.Run(); err != nil {
			return err
		}
	}
	switch {
	case action.Kill:
		return syscall.Kill(t.pid, syscall.SIGKILL)
	case action.Error != 0:
		p.fail = action.Error
		regs.Orig_rax = ^uint64(0)
		return syscall.PtraceSetRegs(tid, &regs)
	case action.Short && counted[w.name] && regs.Rdx > 1:
		regs.Rdx /= 2
		return syscall.PtraceSetRegs(tid, &regs)
	}
	return nil
}

// result makes a call that didn't happen return an error.
func (t *tracer) result(tid int, e syscall.Errno) error {
	var regs syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(tid, &regs); err != nil {
		return err
	}
	regs.Rax = uint64(-int64(e))
	return syscall.PtraceSetRegs(tid, &regs)
}

// path returns the file that a call is about, or "" where it can't be found out.
func (t *tracer) path(tid int, what argument, regs *syscall.PtraceRegs) string {
	switch what {
	case noFile:
		return ""
	case descriptor:
		path, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", t.pid, int32(regs.Rdi)))
		return path
	}
	name := t.text(uintptr(regs.Rsi))
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	base := fmt.Sprintf("/proc/%d/fd/%d", t.pid, int32(regs.Rdi))
	if int32(regs.Rdi) == unix.AT_FDCWD {
		base = fmt.Sprintf("/proc/%d/cwd", t.pid)
	}
	dir, err := os.Readlink(base)
	if err != nil {
		return ""
	}
	return filepath.Join(dir, name)
}

// text reads a path from the memory of the process.
func (t *tracer) text(at uintptr) string {
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", t.pid))
	if err != nil {
		return ""
	}
	defer memory.Close()
	buffer := make([]byte, 4096)
	n, _ := memory.ReadAt(buffer, int64(at)) // the end of the mapping may come first
	text, _, _ := bytes.Cut(buffer[:n], []byte{0})
	return string(text)
}
