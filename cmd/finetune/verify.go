package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/task"
	"github.com/seahorse-ml/seahorse/train"
)

// verifyCommand is `finetune verify`.
type verifyCommand struct {
	Dir string `arg:"" help:"A run's directory, or one of its checkpoints."`
}

// Help is shown below the command's summary.
func (verifyCommand) Help() string {
	return `All files of the run that have a checksum are read: those of its checkpoints (trainer_state.json has the sums) and, once the run is at
its end, those of its directory (checksums.json). What isn't as it was written is listed by file, and the exit status is 1.

Examples:

    finetune verify runs/mine
    finetune verify runs/mine/checkpoint-1000`
}

// Run compares the files with their checksums.
func (c *verifyCommand) Run(s *streams) error {
	if !isDir(c.Dir) {
		return fmt.Errorf("%s is no directory", c.Dir)
	}
	all, err := train.Verify(c.Dir)
	if errors.Is(err, train.ErrNothingSaved) {
		if isFile(c.Dir, task.RunName) {
			return fmt.Errorf("%s is a run that has saved nothing yet: it has no checkpoint", c.Dir)
		}
		return fmt.Errorf("%s is neither a run nor a checkpoint: it has no %s, no %s and no checkpoints", c.Dir, train.SumsName, train.StateName)
	}
	if err != nil {
		return err
	}
	damaged, files := 0, 0
	for _, v := range all {
		switch {
		case v.Open:
			fmt.Fprintf(s.out, "%s: not at its end, so that only its checkpoints have checksums\n", v.Dir)
		case len(v.Damaged) == 0:
			fmt.Fprintf(s.out, "%s: %s (%s bytes) as written\n", v.Dir, plural(v.Files, "file"), grouped(v.Bytes))
		}
		for _, err := range v.Damaged {
			fmt.Fprintf(s.out, "damaged: %s: %v\n", filepath.Clean(v.Dir), err)
		}
		damaged += len(v.Damaged)
		files += v.Files
	}
	if damaged > 0 {
		return fmt.Errorf("%s: %d of %s damaged", c.Dir, damaged, plural(files, "file"))
	}
	return nil
}
