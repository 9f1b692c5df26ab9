package task

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/seahorse-ml/seahorse/train"
)

// History is how far a run is.
type History struct {
	Step        int         // of the last line of metrics
	Last, Best  *Validation // nil where nothing was validated yet
	Checkpoints []string    // names of their directories, by rising step
}

// Validation is a loss on the validation data.
type Validation struct {
	Step int
	Loss float64
}

// ReadHistory reads the metrics of the run in a directory, and looks which checkpoints it has. A
// run that hasn't logged a step has no history yet.
func ReadHistory(dir string) (History, error) {
	h, err := readMetrics(filepath.Join(dir, train.MetricsName))
	if err == nil {
		h.Checkpoints, err = listCheckpoints(dir)
	}
	if err != nil {
		return h, fmt.Errorf("task: history of the run: %w", err)
	}
	return h, nil
}

func readMetrics(path string) (h History, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		return h, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var m struct {
			Step     int      `json:"step"`
			EvalLoss *float64 `json:"eval_loss"`
		}
		if json.Unmarshal(lines.Bytes(), &m) != nil {
			continue // the last line of a run that was killed may be cut short
		}
		h.Step = max(h.Step, m.Step)
		if m.EvalLoss != nil {
			h.Last = &Validation{m.Step, *m.EvalLoss}
			if h.Best == nil || h.Last.Loss < h.Best.Loss {
				h.Best = h.Last
			}
		}
	}
	return h, lines.Err()
}

// listCheckpoints returns the names of a run's checkpoints by rising step.
func listCheckpoints(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	steps := map[string]int{}
	var names []string
	for _, e := range entries {
		if number, ok := strings.CutPrefix(e.Name(), "checkpoint-"); ok {
			if step, err := strconv.Atoi(number); err == nil {
				steps[e.Name()] = step
				names = append(names, e.Name())
			}
		}
	}
	slices.SortFunc(names, func(a, b string) int { return steps[a] - steps[b] })
	return names, nil
}
