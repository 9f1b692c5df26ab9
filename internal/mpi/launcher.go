package mpi

import (
	"fmt"
	"os"
	"strconv"
)

// A Launcher is what has started this process as one of several.
type Launcher struct {
	Name  string // Open MPI, MPICH, or PMIx or Slurm where it could be either
	Ranks int    // 0 where only the library knows
}

// Launched finds out from the environment whether the process was started as one of several that speak MPI.
func Launched() (Launcher, bool, error) { return launched(os.LookupEnv) }

func launched(lookup func(name string) (string, bool)) (Launcher, bool, error) {
	for _, known := range []struct{ launcher, variable string }{
		{"Open MPI", "OMPI_COMM_WORLD_SIZE"}, {"MPICH", "PMI_SIZE"}, {"MPICH", "MPI_LOCALNRANKS"}, {"PMIx", "PMIX_RANK"}, {"Slurm", "PMI_RANK"},
	} {
		text, ok := lookup(known.variable)
		if !ok {
			continue
		}
		l := Launcher{Name: known.launcher}
		if known.variable == "OMPI_COMM_WORLD_SIZE" || known.variable == "PMI_SIZE" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 {
				return l, false, fmt.Errorf("mpi: the environment's %s is %q, expected a number of ranks", known.variable, text)
			}
			l.Ranks = n
		}
		return l, true, nil
	}
	if text, ok := lookup("SLURM_STEP_NUM_TASKS"); ok && text != "1" {
		return Launcher{}, false, fmt.Errorf("mpi: srun has started %s tasks that don't know of each other; start them with srun --mpi=pmix, or --mpi=pmi2 for MPICH", text)
	}
	return Launcher{}, false, nil
}

// LibraryVariable is the environment variable that names the library to load, where it isn't found by itself.
const LibraryVariable = "SEAHORSE_MPI_LIBRARY"
