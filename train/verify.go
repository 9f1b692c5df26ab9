package train

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// SumsName is the file with the checksums of a run's own files, which is there once the run is at its end.
const SumsName = "checksums.json"

// ErrNothingSaved says that a directory has no checksums: it is neither a checkpoint nor a run that has saved anything.
var ErrNothingSaved = errors.New("neither a checkpoint nor a run that has saved one")

// directorySums is the content of SumsName.
type directorySums struct {
	Files map[string]FileSum `json:"files"` // by name
}

// WriteSums keeps the checksums of all files that lie in a directory itself, in its SumsName. It is called when nothing is to change there any more; a
// Trainer that goes on in the directory removes them.
func WriteSums(dir string) error {
	sums, err := sumFiles(dir, SumsName)
	if err == nil {
		err = writeSealed(filepath.Join(dir, SumsName), directorySums{sums})
	}
	if err != nil {
		return fmt.Errorf("train: checksums of %s: %w", dir, err)
	}
	return nil
}

// RemoveSums removes the checksums of a directory whose files are about to change.
func RemoveSums(dir string) error {
	if err := os.Remove(filepath.Join(dir, SumsName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("train: %w", err)
	}
	return nil
}

// Verified is a directory whose files were compared with their checksums.
type Verified struct {
	Dir     string
	Files   int     // that were compared, those with checksums of themselves among them
	Bytes   int64   // that they had when they were written
	Damaged []error // one for each file that isn't as it was written, which begins with its name; nil if all are
	Open    bool    // a run's directory without checksums of its own files, since it isn't at its end; its checkpoints have them
}

// Verify reads all files of a checkpoint, or of a run and its checkpoints, and compares them with the checksums that were
// written with them. Files that have none are passed over. A run comes before its checkpoints, those by falling step. The
// error is ErrNothingSaved where dir is none of both.
func Verify(dir string) ([]Verified, error) {
	if has(dir, StateName) {
		return []Verified{verifyCheckpoint(dir)}, nil
	}
	checkpoints, err := listCheckpoints(dir)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	all := []Verified{{Dir: dir, Open: true}}
	if has(dir, SumsName) {
		var sums directorySums
		err := readSealed(filepath.Join(dir, SumsName), &sums)
		if err == nil {
			err = checkNames(SumsName, sums.Files)
		}
		all[0] = verifyFiles(dir, sums.Files, err)
	} else if len(checkpoints) == 0 {
		return nil, fmt.Errorf("train: %s is %w", dir, ErrNothingSaved)
	}
	for _, c := range checkpoints {
		all = append(all, verifyCheckpoint(c.path))
	}
	return all, nil
}

func verifyCheckpoint(dir string) Verified {
	state, err := parseState(dir)
	return verifyFiles(dir, state.Files, err)
}

// verifyFiles compares files with their sums, unless the list of them can't be read.
func verifyFiles(dir string, files map[string]FileSum, unreadable error) Verified {
	v := Verified{Dir: dir, Files: 1}
	if unreadable != nil {
		v.Damaged = []error{unreadable}
		return v
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		v.Files++
		v.Bytes += files[name].Size
		if err := files[name].check(dir, name); err != nil {
			v.Damaged = append(v.Damaged, err)
		}
	}
	return v
}

// has tells whether a directory has a file of a name.
func has(dir, name string) bool {
	_, err := os.Lstat(filepath.Join(dir, name))
	return err == nil
}
