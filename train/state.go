package train

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/data"
)

// Files of a checkpoint beside the model's.
const (
	StateName     = "trainer_state.json"
	optimizerName = "optimizer.safetensors"
)

// State is where a run stands, the content of a checkpoint's trainer_state.json.
type State struct {
	Step     int        `json:"step"`      // steps that are done
	MaxSteps int        `json:"max_steps"` // of the run
	Targets  int64      `json:"tokens"`    // learned from; the key is older than losses that count rows
	Seconds  float64    `json:"seconds"`   // that the steps took
	Random   Random     `json:"random"`
	Loader   data.State `json:"loader"`
	// BestEvalLoss is the lowest loss of an evaluation and BestEvalStep the step after which
	// it was; nil and 0 before the first.
	BestEvalLoss *float64 `json:"best_eval_loss,omitempty"`
	BestEvalStep int      `json:"best_eval_step,omitempty"`
	// Best is the best value of the configuration's BestMetric, BestStep the step after which it was, and Worse how many evaluations there were since;
	// nil and 0 before the first.
	Best     *float64 `json:"best_metric,omitempty"`
	BestStep int      `json:"best_step,omitempty"`
	Worse    int      `json:"evaluations_since_best,omitempty"`
	// Skipped is how often a step was left out, see Config.SkipBadSteps.
	Skipped int `json:"skipped_steps,omitempty"`
	// Recent are the losses and norms of the last steps, by which the next ones are told to be spikes; nil in older checkpoints.
	Recent *Recent `json:"recent,omitempty"`
	// Pending are the metrics of the last step, if the run was interrupted while it evaluated after it.
	Pending *Metrics `json:"pending,omitempty"`
	// Metrics is what the run's metrics were when the checkpoint was written; nil in older ones.
	Metrics *FileSum `json:"metrics,omitempty"`
	// Files are the checkpoint's other files, by name.
	Files map[string]FileSum `json:"files"`
}

// Random says which random numbers the next micro-batch draws; see graph.Random.
type Random struct {
	Seed uint64 `json:"seed"`
	Step uint64 `json:"step"`
}

// FileSum tells the content of a file.
type FileSum struct {
	Size   int64  `json:"size"`
	CRC32C uint32 `json:"crc32c"`
}

// castagnoli is the polynomial that processors have an instruction for.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sumFile reads a file.
func sumFile(path string) (sum FileSum, err error) {
	f, err := os.Open(path)
	if err != nil {
		return sum, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := crc32.New(castagnoli)
	if sum.Size, err = io.Copy(h, f); err != nil {
		return sum, err
	}
	sum.CRC32C = h.Sum32()
	return sum, nil
}

// sumFiles reads all files of a directory but hidden ones and one that is named.
func sumFiles(dir, but string) (map[string]FileSum, error) {
	names, err := filesOf(dir)
	if err != nil {
		return nil, err
	}
	sums := map[string]FileSum{}
	for _, name := range names {
		if name == but {
			continue
		}
		if sums[name], err = sumFile(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			return nil, err
		}
	}
	return sums, nil
}

// filesOf lists the files of a directory and of its folders, by their paths in it with slashes, but hidden ones and checkpoints.
func filesOf(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	var names []string
	for _, e := range entries {
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case e.Type().IsRegular():
			names = append(names, e.Name())
		case e.IsDir() && !strings.HasPrefix(e.Name(), checkpointPrefix):
			inside, err := filesOf(filepath.Join(dir, e.Name()))
			if err != nil {
				return nil, err
			}
			for _, name := range inside {
				names = append(names, e.Name()+"/"+name)
			}
		}
	}
	return names, err
}

// check compares a file with its sum.
func (want FileSum) check(dir, name string) error {
	got, err := sumFile(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("%s has %d bytes of checksum %08x, written were %d of %08x", name, got.Size, got.CRC32C, want.Size, want.CRC32C)
	}
	return nil
}

// write stores the state in a directory.
func (s State) write(dir string) error { return writeSealed(filepath.Join(dir, StateName), s) }

// parseState reads a checkpoint's state, and none of the files that it lists.
func parseState(dir string) (State, error) {
	var s State
	if err := readSealed(filepath.Join(dir, StateName), &s); err != nil {
		return s, err
	}
	if _, ok := s.Files[optimizerName]; !ok || s.Step < 0 {
		return s, fmt.Errorf("%s lists no %s", StateName, optimizerName)
	}
	return s, checkNames(StateName, s.Files)
}

// checkNames refuses files outside of the directory that list describes.
func checkNames(list string, files map[string]FileSum) error {
	for name := range files {
		if !filepath.IsLocal(name) {
			return fmt.Errorf("%s lists %q, outside of the directory", list, name)
		}
	}
	return nil
}

// readState returns the state of a checkpoint all of whose files are as they were written.
func readState(dir string) (State, error) {
	s, err := parseState(dir)
	if err != nil {
		return s, err
	}
	for _, name := range slices.Sorted(maps.Keys(s.Files)) {
		if err := s.Files[name].check(dir, name); err != nil {
			return s, err
		}
	}
	return s, nil
}
