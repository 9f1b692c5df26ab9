package dirlock

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestOneAtATime takes a lock, fails to take it again, and takes it when it was released.
func TestOneAtATime(t *testing.T) {
	dir := t.TempDir()
	l, err := Acquire(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Acquire(dir); !errors.Is(err, ErrHeld) || !strings.Contains(err.Error(), "process ") {
		t.Errorf("the second lock: got %v, expected ErrHeld with the process", err)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
	if err := l.Release(); err != nil {
		t.Errorf("releasing twice: %v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("%v is left, expected nothing", entries)
	}
	if l, err = Acquire(dir); err != nil {
		t.Fatal(err)
	}
	l.Release()
}

// TestKilledProcess takes the lock that a killed process held.
func TestKilledProcess(t *testing.T) {
	const folder = "DIRLOCK_TEST_DIR"
	if dir := os.Getenv(folder); dir != "" {
		if _, err := Acquire(dir); err != nil {
			os.Stdout.WriteString(err.Error() + "\n")
		} else {
			os.Stdout.WriteString("held\n")
		}
		select {}
	}
	dir := t.TempDir()
	c := exec.Command(os.Args[0], "-test.run=^TestKilledProcess$")
	c.Env = append(os.Environ(), folder+"="+dir)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if line != "held\n" || err != nil {
		t.Fatalf("the other process says %q, %v", line, err)
	}
	if _, err := Acquire(dir); !errors.Is(err, ErrHeld) {
		t.Errorf("got %v while another process holds the lock", err)
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	c.Wait()
	l, err := Acquire(dir)
	if err != nil {
		t.Fatalf("after the process was killed: %v", err)
	}
	l.Release()
}

// TestWithoutLocks decides by the file alone, as on a disk that keeps no locks.
func TestWithoutLocks(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	gone := exec.Command(os.Args[0], "-test.run=^$")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		h    holder
		held bool
		says string
	}{
		{"nobody", holder{}, false, ""},
		{"this process", holder{os.Getpid(), host, "today"}, true, "since today"},
		{"one that is gone", holder{gone.Process.Pid, host, "today"}, false, ""},
		{"another machine's", holder{1, host + "-other", "today"}, true, "remove "},
	} {
		err := refuseLiving(c.h, filepath.Join("dir", FileName))
		if errors.Is(err, ErrHeld) != c.held || c.held && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
}

// TestMissingDirectory names what is missing.
func TestMissingDirectory(t *testing.T) {
	if _, err := Acquire(filepath.Join(t.TempDir(), "none")); err == nil || errors.Is(err, ErrHeld) {
		t.Errorf("got %v", err)
	}
}
