//go:build mpi

package mpitest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Ranks returns the process ids of a job's n ranks in their order, when all of them are there. The job is known by a line of its processes'
// environment, NAME=value, that no other one has.
func Ranks(line string, n int) ([]int, error) {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		ids, found := make([]int, n), 0
		files, err := filepath.Glob("/proc/[0-9]*/environ")
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				continue // it has ended, or is another's
			}
			rank, ours := -1, false
			for _, variable := range strings.Split(string(raw), "\x00") {
				ours = ours || variable == line
				for _, name := range []string{"OMPI_COMM_WORLD_RANK=", "PMI_RANK="} {
					if value, ok := strings.CutPrefix(variable, name); ok {
						rank, _ = strconv.Atoi(value)
					}
				}
			}
			if ours && rank >= 0 && rank < n {
				ids[rank], _ = strconv.Atoi(filepath.Base(filepath.Dir(file)))
				found++
			}
		}
		if found == n {
			return ids, nil
		}
	}
	return nil, fmt.Errorf("mpitest: there aren't %d ranks with %s in their environment", n, line)
}
