package task

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
)

// SynthesisFile says where synthetic data go, and how prompts are given to an answerer.
type SynthesisFile struct {
	Path string // of the records; beside it Path + ".answers.jsonl" keeps all answers, from which an interrupted synthesis goes on
	// Settings is what must be the same for that, beside the answerer's provenance: the hash of the prompts, and what is kept by.
	Settings map[string]any
	Batch    int                         // prompts that are answered together, > 0
	Progress func(done, total, kept int) // of prompts and records; may be nil
}

// answersLine is a line of the file of answers: the settings first, and then prompts in their order.
type answersLine struct {
	Settings json.RawMessage `json:"settings,omitempty"`
	Answers  []Kept          `json:"answers,omitempty"`
}

// SynthesisReport tells what became of answers.
type SynthesisReport struct {
	Prompts, Answers, Kept int
	Resumed                int            // prompts that had been answered before
	Left                   map[string]int // why answers were left out
}

// Write answers all prompts and writes the records that are kept. Interrupted, or killed, it goes on when it is called again.
func (f SynthesisFile) Write(ctx context.Context, s Synthesis, by Answerer, prompts []Question) (SynthesisReport, error) {
	r := SynthesisReport{Prompts: len(prompts), Left: map[string]int{}}
	if err := s.Validate(); err != nil {
		return r, err
	}
	if f.Batch < 1 || len(prompts) == 0 {
		return r, fmt.Errorf("task: synthesis: %d prompts, %d at a time, expected some", len(prompts), f.Batch)
	}
	settings, err := json.Marshal(map[string]any{"by": by.Provenance(), "settings": f.Settings, "samples": s.Samples})
	if err != nil {
		return r, err
	}
	all, log, err := f.resume(settings)
	if err != nil {
		return r, err
	}
	defer log.Close()
	if len(all) > len(prompts) {
		return r, fmt.Errorf("task: synthesis: %s has answers to %d prompts, expected at most %d", log.Name(), len(all), len(prompts))
	}
	r.Resumed = len(all)
	for len(all) < len(prompts) {
		if err := context.Cause(ctx); err != nil {
			return r, err
		}
		first := len(all)
		part := prompts[first:min(first+f.Batch, len(prompts))]
		said, err := by.Answer(ctx, first, part, s.Samples)
		if err != nil {
			return r, err
		}
		var lines bytes.Buffer
		for i, p := range part {
			kept, err := s.Judge(ctx, p, said[i])
			if err != nil {
				return r, err
			}
			all = append(all, kept)
			if err := writeLine(&lines, answersLine{Answers: kept}); err != nil {
				return r, err
			}
		}
		if _, err = log.Write(lines.Bytes()); err == nil {
			err = log.Sync()
		}
		if err != nil {
			return r, fmt.Errorf("task: synthesis: %w", err)
		}
		if f.Progress != nil {
			n := 0
			for _, kept := range all {
				for _, k := range kept {
					if k.Left == "" {
						n++
					}
				}
			}
			f.Progress(len(all), len(prompts), n)
		}
	}
	err = atomicfile.Write(f.Path, func(w io.Writer) error {
		for i, kept := range all {
			for k, a := range kept {
				r.Answers++
				if a.Left != "" {
					r.Left[a.Left]++
					continue
				}
				r.Kept++
				line, err := prompts[i].record(a, i, k, by.Provenance())
				if err == nil {
					_, err = w.Write(line)
				}
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	return r, err
}

// writeLine writes a line of JSON.
func writeLine(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// resume reads the answers that are there, forgets a line that was cut short, and opens the file to go on with it.
func (f SynthesisFile) resume(settings []byte) (all [][]Kept, log *os.File, err error) {
	path := f.Path + ".answers.jsonl"
	if _, err := os.Lstat(f.Path); err == nil {
		return nil, nil, fmt.Errorf("task: synthesis: %s is already there", f.Path)
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("task: synthesis: %w", err)
	}
	raw = raw[:bytes.LastIndexByte(raw, '\n')+1]
	lines := bufio.NewReader(bytes.NewReader(raw))
	for n := 1; ; n++ {
		b, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		var line answersLine
		if err := json.Unmarshal(b, &line); err != nil {
			return nil, nil, fmt.Errorf("task: synthesis: %s:%d: %w", path, n, err)
		}
		if n > 1 {
			all = append(all, line.Answers)
			continue
		}
		if !bytes.Equal(line.Settings, settings) {
			return nil, nil, fmt.Errorf("task: synthesis: %s has answers of other settings or prompts: %s, expected %s; remove it to begin anew", path, line.Settings, settings)
		}
	}
	if log, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666); err != nil {
		return nil, nil, fmt.Errorf("task: synthesis: %w", err)
	}
	err = log.Truncate(int64(len(raw)))
	if err == nil {
		_, err = log.Seek(0, io.SeekEnd)
	}
	if err == nil && len(raw) == 0 {
		err = writeLine(log, answersLine{Settings: settings})
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("task: synthesis: %w", err), log.Close())
	}
	return all, log, nil
}
