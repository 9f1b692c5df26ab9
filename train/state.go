package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
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
	// Pending are the metrics of the last step, if the run was interrupted while it evaluated after it.
	Pending *Metrics `json:"pending,omitempty"`
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

// sumFiles reads all files of a directory but the state.
func sumFiles(dir string) (map[string]FileSum, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	sums := map[string]FileSum{}
	for _, e := range entries {
		if e.Name() == StateName || !e.Type().IsRegular() {
			continue
		}
		if sums[e.Name()], err = sumFile(filepath.Join(dir, e.Name())); err != nil {
			return nil, err
		}
	}
	return sums, nil
}

// write stores the state in a directory.
func (s State) write(dir string) error {
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(filepath.Join(dir, StateName), append(raw, '\n'))
}

// readState returns the state of a checkpoint all of whose files are as they were written.
func readState(dir string) (State, error) {
	var s State
	raw, err := os.ReadFile(filepath.Join(dir, StateName))
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return s, fmt.Errorf("%s: %w", StateName, err)
	}
	if _, ok := s.Files[optimizerName]; !ok || s.Step < 0 {
		return s, fmt.Errorf("%s lists no %s", StateName, optimizerName)
	}
	for name, want := range s.Files {
		if !filepath.IsLocal(name) {
			return s, fmt.Errorf("%s lists %q, outside of the checkpoint", StateName, name)
		}
		got, err := sumFile(filepath.Join(dir, name))
		if err != nil {
			return s, err
		}
		if got != want {
			return s, fmt.Errorf("%s has %d bytes of checksum %08x, written were %d of %08x", name, got.Size, got.CRC32C, want.Size, want.CRC32C)
		}
	}
	return s, nil
}
