//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// pseudoTerminal is a terminal, what types at it, and all that was shown on it.
type pseudoTerminal struct {
	keys, screen *os.File

	mu    sync.Mutex
	shown bytes.Buffer
}

func newPseudoTerminal(t *testing.T, columns uint16) *pseudoTerminal {
	t.Helper()
	keys, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo terminals: %v", err)
	}
	t.Cleanup(func() { keys.Close() })
	n, err := unix.IoctlGetInt(int(keys.Fd()), unix.TIOCGPTN)
	err = errors.Join(err, unix.IoctlSetPointerInt(int(keys.Fd()), unix.TIOCSPTLCK, 0))
	if err != nil {
		t.Fatal(err)
	}
	screen, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { screen.Close() })
	if err := unix.IoctlSetWinsize(int(screen.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns}); err != nil {
		t.Fatal(err)
	}
	p := &pseudoTerminal{keys: keys, screen: screen}
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := keys.Read(b)
			p.mu.Lock()
			p.shown.Write(b[:n])
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return p
}

func (p *pseudoTerminal) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.shown.String()
}

// TestChatAtATerminal types at a terminal: a line is edited before it is said, one that was said is brought back, answers are as wide as the terminal, and
// Ctrl-C pressed twice ends the program, which leaves the terminal as it was.
func TestChatAtATerminal(t *testing.T) {
	t.Parallel()
	base := newTalker(t)
	flags := []string{"chat", "--model", base, "--max-new-tokens=60", "--temperature=0"}
	want, _ := succeed(t, "abc\nabc\n/edit ab\n", flags...)
	p := newPseudoTerminal(t, 24)
	before, err := unix.IoctlGetTermios(int(p.screen.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	c := process(t, flags...)
	c.Stdin, c.Stdout, c.Stderr = p.screen, p.screen, p.screen
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Process.Kill()
	const prompt, filled = "> \x1b[J\r\x1b[2C", "> abc\x1b[J\r\x1b[5C" // with the cursor behind them
	seen := map[string]int{}
	for _, step := range [][2]string{{prompt, "axc你\x7f\x1b[D\x7fb\r"}, {prompt, "\x1b[A\r"}, {prompt, "/edit\r"}, {filled, "\x7f\r"}, {prompt, "\x03"}, {prompt, "\x03"}} {
		wait(t, func() bool { return strings.Count(p.text(), step[0]) > seen[step[0]] })
		for _, shown := range []string{prompt, filled} {
			seen[shown] = strings.Count(p.text(), shown)
		}
		if _, err := p.keys.WriteString(step[1]); err != nil {
			t.Fatal(err)
		}
	}
	var ended *exec.ExitError
	if err := c.Wait(); !errors.As(err, &ended) || ended.ExitCode() != exitInterrupted {
		t.Errorf("the program ended with %v", err)
	}
	wait(t, func() bool { return strings.Contains(p.text(), "interrupted") })
	shown := p.text()
	after, err := unix.IoctlGetTermios(int(p.screen.Fd()), unix.TCGETS)
	if err != nil || *after != *before {
		t.Errorf("the terminal is %+v, %v; it was %+v", after, err, before)
	}
	bare := func(s string) string { return strings.Join(strings.Fields(s), "") }
	var said strings.Builder
	for i, part := range strings.Split(shown, pasteOff) { // behind each line that was read
		if i > 0 {
			part, _, _ = strings.Cut(part, pasteOn)
			said.WriteString(part)
		}
	}
	if !strings.HasPrefix(bare(said.String()), bare(want)) {
		t.Errorf("said\n%q\nexpected\n%q", said.String(), want)
	}
	for line := range strings.Lines(said.String()) {
		if len(strings.TrimSpace(line)) > 23 && !strings.Contains(line, "Ctrl-C") {
			t.Errorf("a line is %q", line)
		}
	}
}

// What the editor asks of a terminal while a line is read.
const (
	pasteOn  = "\x1b[?2004h"
	pasteOff = "\x1b[?2004l"
)
