package task

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/train"
)

// Files of a run directory beside those of a Hugging Face model.
const (
	RunName        = "run.yaml"       // the settings
	tokensName     = "tokens.bin"     // the data, encoded
	validationName = "validation.bin" // the validation data, where it is data of its own
)

// stagingPrefix begins the names of directories in which the files of a new run are collected.
const stagingPrefix = ".preparing-"

// ErrRunExists says that a directory already holds a run.
var ErrRunExists = errors.New("already holds a run")

// occupied lists what a directory must not hold already where a run is to start; a pattern as for filepath.Glob.
var occupied = []string{RunName, "config.json", "adapter_config.json", "*.safetensors", "*.safetensors.index.json", "tokenizer.json", "metrics.jsonl", "checkpoint-*", tokensName}

// preparation collects the files of a new run in a directory inside the run's, so that a run which cannot start leaves nothing
// behind.
type preparation struct {
	run     string // the run's directory
	made    string // the topmost directory that was made for it, or ""
	staging string
	lock    *train.DirLock // of the run's directory, until it is abandoned
}

// prepareRun makes and locks the directory of a new run. It refuses one that holds a run or a model, or in which another process is at work.
func prepareRun(dir string) (*preparation, error) {
	p := &preparation{run: dir}
	for d := filepath.Clean(dir); ; d = filepath.Dir(d) {
		if _, err := os.Stat(d); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		p.made = d
	}
	err := os.MkdirAll(dir, 0o777)
	if err != nil {
		return nil, fmt.Errorf("task: run directory: %w", err)
	}
	if p.lock, err = train.LockDir(dir); err == nil {
		err = recoverRun(dir)
	}
	if err == nil {
		err = refuseOccupied(dir)
	}
	if err == nil {
		p.staging, err = os.MkdirTemp(dir, stagingPrefix)
	}
	if err != nil {
		p.abandon()
		return nil, fmt.Errorf("task: run directory: %w", err)
	}
	return p, nil
}

// refuseOccupied returns an error where a directory holds a run or a model.
func refuseOccupied(dir string) error {
	for _, pattern := range occupied {
		found, err := filepath.Glob(filepath.Join(escapeGlob(dir), pattern))
		if err != nil {
			return err
		}
		switch {
		case len(found) == 0:
		case pattern == RunName:
			return fmt.Errorf("%s %w", dir, ErrRunExists)
		default:
			return fmt.Errorf("%s already holds %s; a run needs another directory", dir, filepath.Base(found[0]))
		}
	}
	return nil
}

// Recover puts a directory in order in which a run was killed while it was being set up: where all of its files were ready, the directory becomes a run that
// can be gone on with by Reopen; else what there was of them is removed. A directory in which another process is at work is refused by train.ErrLocked.
func Recover(dir string) (err error) {
	lock, err := train.LockDir(dir)
	if err != nil {
		return err
	}
	defer lock.Release()
	return recoverRun(dir)
}

// recoverRun is Recover in a directory that is locked.
func recoverRun(dir string) error {
	left, err := filepath.Glob(filepath.Join(escapeGlob(dir), stagingPrefix+"*"))
	if err == nil {
		err = atomicfile.RemoveAbandoned(dir)
	}
	for _, staging := range left {
		if err != nil {
			break
		}
		// The provenance is written after the options and moved before them, see Begin and publish.
		if isFile(filepath.Join(staging, RunName)) && (isFile(filepath.Join(staging, ProvenanceName)) || isFile(filepath.Join(dir, ProvenanceName))) {
			err = (&preparation{run: dir, staging: staging}).publish()
		}
		if err == nil {
			err = os.RemoveAll(staging)
		}
	}
	if err != nil {
		return fmt.Errorf("task: run directory: %w", err)
	}
	return nil
}

// path returns where a file of the new run is to be written.
func (p *preparation) path(name string) string { return filepath.Join(p.staging, name) }

// publish moves the files into the run's directory, the options last: a directory that has them is a run. Nothing that came there
// meanwhile is overwritten.
func (p *preparation) publish() error {
	if err := atomicfile.RemoveAbandoned(p.staging); err != nil {
		return fmt.Errorf("task: run directory: %w", err)
	}
	entries, err := os.ReadDir(p.staging)
	if err != nil {
		return fmt.Errorf("task: run directory: %w", err)
	}
	isOptions := func(e fs.DirEntry) bool { return e.Name() == RunName }
	options := slices.IndexFunc(entries, isOptions)
	if options < 0 {
		return fmt.Errorf("task: run directory: %s is missing in %s", RunName, p.staging)
	}
	var moved []string
	for _, e := range append(slices.DeleteFunc(slices.Clone(entries), isOptions), entries[options]) {
		to := filepath.Join(p.run, e.Name())
		if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
			err := fmt.Errorf("task: %s: another run has started there meanwhile; a run needs another directory", p.run)
			return errors.Join(err, p.takeBack(moved))
		}
		if err := os.Rename(p.path(e.Name()), to); err != nil {
			return fmt.Errorf("task: run directory: %w", errors.Join(err, p.takeBack(moved)))
		}
		moved = append(moved, e.Name())
	}
	return nil
}

// takeBack moves files that were published back, since not all could be. Where that fails too, all of them stay where they are, for Recover to go on with.
func (p *preparation) takeBack(names []string) error {
	for _, name := range names {
		if err := os.Rename(filepath.Join(p.run, name), p.path(name)); err != nil {
			p.staging = ""
			return err
		}
	}
	return nil
}

// abandon removes what is left of a preparation, and gives the lock back. After publish that is the empty staging directory.
func (p *preparation) abandon() {
	p.clear()
	p.lock.Release()
	if p.made == "" {
		return
	}
	for d := filepath.Clean(p.run); os.Remove(d) == nil && d != p.made; {
		d = filepath.Dir(d)
	}
}

// clear removes the staging directory.
func (p *preparation) clear() {
	if p.staging != "" {
		os.RemoveAll(p.staging)
	}
}

// escapeGlob returns a pattern that matches just the path.
func escapeGlob(path string) string {
	var out []rune
	for _, r := range path {
		switch r {
		case '*', '?', '[', '\\':
			out = append(out, '\\')
		}
		out = append(out, r)
	}
	return string(out)
}
