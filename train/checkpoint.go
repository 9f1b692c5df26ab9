package train

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/internal/safetensors"
	"github.com/seahorse-ml/seahorse/optim"
)

// checkpointPrefix is followed by the step; what is being written or removed has hiddenPrefix before it.
const (
	checkpointPrefix = "checkpoint-"
	hiddenPrefix     = "."
	partialSuffix    = ".partial" // being written
	removedSuffix    = ".removed" // being removed
)

// store writes and removes the checkpoints of a run. Its file operations are fields so that
// tests can let each of them fail.
type store struct {
	dir       string
	rename    func(from, to string) error
	removeAll func(path string) error
	syncDir   func(path string) error
	keepBest  bool // the checkpoint of the best evaluation is not removed
}

func newStore(dir string) *store {
	return &store{dir: dir, rename: os.Rename, removeAll: os.RemoveAll, syncDir: syncDir}
}

// syncDir makes the names in a directory durable.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(ignoreUnsupported(d.Sync()), d.Close())
}

// ignoreUnsupported drops the error of file systems that can't sync a directory.
func ignoreUnsupported(err error) error {
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrInvalid) {
		return nil
	}
	return err
}

// hidden returns the name that a checkpoint has while it is written or removed.
func hidden(path, suffix string) string {
	return filepath.Join(filepath.Dir(path), hiddenPrefix+filepath.Base(path)+suffix)
}

// save writes a checkpoint under another name, syncs it, reads it back and only then gives it
// its name; the older ones beyond limit are removed after that. Whatever fails,
// a checkpoint that was there stays, until a newer one is complete.
func (s *store) save(m Model, o optim.Optimizer, state State, beside func(dir string) error, limit int) (dir string, err error) {
	dir = filepath.Join(s.dir, checkpointPrefix+strconv.Itoa(state.Step))
	fail := func(err error) (string, error) {
		return "", fmt.Errorf("train: saving %s: %w", dir, err)
	}
	partial := hidden(dir, partialSuffix)
	if err := s.removeAll(partial); err != nil {
		return fail(err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.removeAll(partial))
		}
	}()
	if err := os.Mkdir(partial, 0o755); err != nil {
		return fail(err)
	}
	if err := writeCheckpoint(partial, m, o, state, beside); err != nil {
		return fail(err)
	}
	if err := s.syncDir(partial); err != nil {
		return fail(err)
	}
	if err := s.replace(dir, partial); err != nil {
		return fail(err)
	}
	return dir, s.pruneBefore(state, limit)
}

// pruneBefore removes the checkpoints that a run of such a state doesn't keep.
func (s *store) pruneBefore(state State, limit int) error {
	keep := 0
	if s.keepBest {
		keep = state.BestStep
	}
	return s.prune(state.Step, limit, keep)
}

// writeCheckpoint writes the files, the state last, and verifies them.
func writeCheckpoint(dir string, m Model, o optim.Optimizer, state State, beside func(dir string) error) error {
	if err := beside(dir); err != nil {
		return err
	}
	if err := saveModel(dir, m); err != nil {
		return err
	}
	if err := o.Save(filepath.Join(dir, optimizerName)); err != nil {
		return err
	}
	var err error
	if state.Files, err = sumFiles(dir, StateName); err != nil {
		return err
	}
	if err := state.write(dir); err != nil {
		return err
	}
	_, err = readState(dir)
	return err
}

// saveModel writes a model's files and compares the stored parameters with those in memory.
func saveModel(dir string, m Model) error {
	stored := storedBy(m)
	path, tensors := filepath.Join(dir, stored.File), storedTensors(stored)
	save := func() error { return safetensors.Write(path, tensors, map[string]string{"format": "pt"}) }
	if saver, ok := m.(Saver); ok {
		save = func() error { return saver.Save(dir) }
	}
	if err := save(); err != nil {
		return err
	}
	return safetensors.Verify(path, tensors)
}

func copyFile(to, from string) (err error) {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return atomicfile.Write(to, func(w io.Writer) error {
		_, err := io.Copy(w, f)
		return err
	})
}

// replace gives a complete checkpoint its name. What has the name already is damaged, or
// the run would have gone on from it.
func (s *store) replace(dir, partial string) error {
	if _, err := os.Lstat(dir); err == nil {
		if err := s.remove(dir); err != nil {
			return err
		}
	}
	if err := s.rename(partial, dir); err != nil {
		return err
	}
	return s.syncDir(s.dir)
}

// remove takes a checkpoint's name away before its files, so that no half of one has a name.
func (s *store) remove(dir string) error {
	removed := hidden(dir, removedSuffix)
	if err := s.removeAll(removed); err != nil {
		return err
	}
	if err := s.rename(dir, removed); err != nil {
		return err
	}
	return s.removeAll(removed)
}

// prune removes all but the youngest limit checkpoints up to a step, and that of another step; a limit of 0 keeps all.
func (s *store) prune(step, limit, keep int) error {
	all, err := listCheckpoints(s.dir)
	if err != nil {
		return fmt.Errorf("train: removing old checkpoints: %w", err)
	}
	all = slices.DeleteFunc(all, func(c checkpointDir) bool { return c.step > step })
	if limit == 0 || len(all) <= limit {
		return nil
	}
	for _, old := range all[limit:] {
		if old.step == keep {
			continue
		}
		if err := s.remove(old.path); err != nil {
			return fmt.Errorf("train: removing old checkpoint %s: %w", old.path, err)
		}
	}
	return nil
}

// clean removes what interrupted saves have left.
func (s *store) clean() error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, hiddenPrefix+checkpointPrefix) && (strings.HasSuffix(name, partialSuffix) || strings.HasSuffix(name, removedSuffix)) {
			if err := s.removeAll(filepath.Join(s.dir, name)); err != nil {
				return fmt.Errorf("train: removing an incomplete checkpoint: %w", err)
			}
		}
	}
	return nil
}
