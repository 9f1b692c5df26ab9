package mcp

import (
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// process is a server that was started.
type process struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    io.ReadCloser
	errors tail
	ended  chan struct{}
}

// start starts a command line whose messages have so many bytes at most.
func start(line string, most int) (*process, error) {
	p := &process{cmd: shell(line), ended: make(chan struct{})}
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	r, w := io.Pipe() // so that reading doesn't race with waiting
	p.cmd.Stdout, p.cmd.Stderr = w, &p.errors
	const delay = time.Second
	p.cmd.WaitDelay = delay
	p.out = &lines{from: r, most: most}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.cmd.Wait()
		w.Close()
		close(p.ended)
	}()
	return p, nil
}

// end waits some time for the process to end, and kills it then.
func (p *process) end(grace time.Duration) {
	select {
	case <-p.ended:
	case <-time.After(grace):
	}
	p.kill()
}

// kill ends the process with whatever it has started.
func (p *process) kill() {
	killGroup(p.cmd)
	p.out.Close()
	<-p.ended
}

// said is what the process wrote last of errors.
func (p *process) said() string { return strings.TrimSpace(p.errors.String()) }

// lines reads messages, a line each, none of which may be too long.
type lines struct {
	from *io.PipeReader
	most int
	n    int // bytes of the line that is read
}

// Read reads on, up to a line that is too long.
func (l *lines) Read(b []byte) (int, error) {
	n, err := l.from.Read(b)
	if at := bytes.LastIndexByte(b[:n], '\n'); at >= 0 {
		l.n = n - at - 1
	} else {
		l.n += n
	}
	if l.n > l.most {
		l.from.Close()
		return 0, fmt.Errorf("a message of more than %d bytes", l.most)
	}
	return n, err
}

// Close ends reading, and lets the process's writes fail.
func (l *lines) Close() error { return l.from.Close() }

// tail keeps the end of what is written.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

// Write keeps the last bytes.
func (t *tail) Write(p []byte) (int, error) {
	const most = 2000
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	t.kept = t.kept[max(0, len(t.kept)-most):]
	return len(p), nil
}

// String returns what is kept.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept)
}
