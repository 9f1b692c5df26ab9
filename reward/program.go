package reward

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Program asks a program: it gets the samples as JSON lines, as Sample has them, and writes a line with a number, or null for no judgement, for each. It is started
// once for all samples that are judged together.
type Program struct {
	Command string        // for the shell
	Limit   time.Duration // that it may take; default 0, which is a minute
}

// Bounds of what is read from a program.
const (
	lineBytes  = 64      // of output for a sample
	errorBytes = 4 << 10 // of what it says of errors
	programDue = time.Minute
)

// Name is "exec".
func (Program) Name() string { return "exec" }

// Rewards runs the program. Its errors, a status other than 0, more time than the limit or other output than numbers are errors, and whatever it has started is
// ended with it.
func (p Program) Rewards(ctx context.Context, samples []Sample) ([]float64, error) {
	limit := p.Limit
	if limit == 0 {
		limit = programDue
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var in bytes.Buffer
	for _, s := range samples {
		line, err := json.Marshal(s)
		if err != nil {
			return nil, err
		}
		in.Write(append(line, '\n'))
	}
	out, said := bounded{most: lineBytes * (len(samples) + 1), full: cancel}, bounded{most: errorBytes}
	cmd := shell(ctx, p.Command)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &in, &out, &said, time.Second
	err := cmd.Run()
	endGroup(cmd)
	switch {
	case out.over:
		return nil, fmt.Errorf("%q writes more than %d bytes for %d answers, expected a number a line", p.Command, out.most, len(samples))
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, fmt.Errorf("%q isn't done after %v", p.Command, limit)
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil && !errors.Is(err, io.ErrClosedPipe) && !errors.Is(err, exec.ErrWaitDelay): // what it has left behind held its output open
		return nil, fmt.Errorf("%q: %w: %s", p.Command, err, strings.TrimSpace(said.kept.String()))
	}
	lines := strings.Split(strings.TrimSpace(out.kept.String()), "\n")
	if len(lines) != len(samples) {
		return nil, fmt.Errorf("%q writes %d lines for %d answers, expected a number a line", p.Command, len(lines), len(samples))
	}
	rewards := make([]float64, len(lines))
	for i, line := range lines {
		if line = strings.TrimSpace(line); line == "null" {
			rewards[i] = math.NaN()
			continue
		}
		if rewards[i], err = strconv.ParseFloat(line, 64); err != nil || math.IsNaN(rewards[i]) || math.IsInf(rewards[i], 0) {
			return nil, fmt.Errorf("%q writes %.40q for answer %d, expected a number or null", p.Command, line, i+1)
		}
	}
	return rewards, nil
}

// bounded keeps the first bytes that are written to it.
type bounded struct {
	kept bytes.Buffer // not embedded: what copies would read into it past the bound
	most int
	over bool
	full func() // is called when there are more; nil for no call
}

// Write keeps what there is room for.
func (b *bounded) Write(p []byte) (int, error) {
	room := b.most - b.kept.Len()
	if len(p) > room {
		b.over = true
		b.kept.Write(p[:room])
		if b.full != nil {
			b.full()
		}
		return len(p), nil
	}
	return b.kept.Write(p)
}

var _ io.Writer = (*bounded)(nil)
