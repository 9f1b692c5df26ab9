package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// stopped makes a run that was stopped between two checkpoints, to be damaged.
func (j *job) stopped() (string, error) {
	dir := filepath.Join(j.work, "stopped")
	saves := 0
	outcome, err := trace(dir, append([]string{j.binary}, j.start(dir)...), func(c Call) Action {
		if c.Name == "renameat" && strings.HasSuffix(c.Path, ".partial") {
			saves++
		}
		return Action{Kill: saves == 4}
	})
	if err == nil && outcome.Exit != -1 {
		err = fmt.Errorf("the run was to be killed at its fourth checkpoint and ended with %d:\n%s", outcome.Exit, outcome.Output)
	}
	return dir, err
}

// flip changes one bit of one file of a stopped run, resumes it, and compares: either the run ends as the undisturbed one, since the file isn't needed or an older
// checkpoint is there, or one line says what is damaged.
func (j *job) flip(from string, random *rand.Rand) (told bool, err error) {
	dir := filepath.Join(j.work, "flipped")
	if err := os.RemoveAll(dir); err != nil {
		return false, err
	}
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		return false, err
	}
	name, err := flipBit(dir, random)
	if err != nil {
		return false, err
	}
	status, out := j.run("resume", dir)
	switch {
	case panicked(out):
		return false, fmt.Errorf("%s: resume panicked:\n%s", name, out)
	case status > 0 && strings.Contains(out, "finetune: "):
		return true, nil
	case status != 0:
		return false, fmt.Errorf("%s: resume ended with %d and didn't say why: %s", name, status, out)
	}
	told = strings.Contains(out, "is no complete checkpoint") || strings.Contains(out, "note: ")
	if err := j.compare(dir); err != nil && !told {
		return false, fmt.Errorf("%s: resume said nothing, and %w\n%s", name, err, out)
	}
	return told, nil
}

// flipBit changes a bit of a file that chance draws, and returns where.
func flipBit(dir string, random *rand.Rand) (string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			if info, err := e.Info(); err == nil && info.Size() > 0 {
				files = append(files, path)
			}
		}
		return err
	})
	if err != nil {
		return "", err
	}
	path := files[random.IntN(len(files))]
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	at, bit := random.IntN(len(raw)), random.IntN(8)
	line := 1 + bytes.Count(raw[:at], []byte("\n"))
	raw[at] ^= 1 << bit
	return fmt.Sprintf("%s, byte %d (line %d), bit %d", strings.TrimPrefix(path, dir+"/"), at, line, bit), os.WriteFile(path, raw, 0o644)
}
