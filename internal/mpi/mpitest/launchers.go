//go:build mpi

package mpitest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Variable is the environment variable that names the launcher to try in place of those that are installed, with its arguments, separated by
// spaces: SEAHORSE_MPIRUN="/opt/mpich/bin/mpiexec.hydra -launcher fork".
const Variable = "SEAHORSE_MPIRUN"

// A Launcher starts the processes of a job.
type Launcher struct {
	Name string
	args []string // its path, and the arguments by which it starts more processes than there are cores
}

// Launchers returns the launchers that this machine has, and skips the test if there are none.
func Launchers(t testing.TB) []Launcher {
	t.Helper()
	if words := strings.Fields(os.Getenv(Variable)); len(words) > 0 {
		return []Launcher{{filepath.Base(words[0]), words}}
	}
	var all []Launcher
	seen := map[string]bool{}
	for _, l := range []Launcher{
		{"Open MPI", []string{"mpirun.openmpi"}}, {"MPICH", []string{"mpirun.mpich"}}, {"", []string{"mpirun"}},
	} {
		path, err := exec.LookPath(l.args[0])
		if err != nil {
			continue
		}
		if l.Name == "" {
			l.Name = kind(path)
		}
		if seen[l.Name] {
			continue
		}
		seen[l.Name] = true
		l.args = []string{path}
		if l.Name == "Open MPI" {
			l.args = append(l.args, "--allow-run-as-root", "--oversubscribe")
		}
		all = append(all, l)
	}
	if len(all) == 0 {
		t.Skip("this machine has no launcher of MPI: no mpirun.openmpi, mpirun.mpich or mpirun")
	}
	return all
}

// kind asks a launcher whose it is.
func kind(path string) string {
	out, _ := exec.Command(path, "--version").CombinedOutput()
	if strings.Contains(string(out), "Open MPI") || strings.Contains(string(out), "OpenRTE") {
		return "Open MPI"
	}
	return "MPICH"
}

// Command returns a command that starts n processes of a program.
func (l Launcher) Command(n int, program ...string) *exec.Cmd {
	return l.command(append([]string{"-n", fmt.Sprint(n)}, program...))
}

// Different returns a command that starts one process of each program.
func (l Launcher) Different(programs ...[]string) *exec.Cmd {
	var args []string
	for i, p := range programs {
		if i > 0 {
			args = append(args, ":")
		}
		args = append(append(args, "-n", "1"), p...)
	}
	return l.command(args)
}

func (l Launcher) command(args []string) *exec.Cmd {
	return exec.Command(l.args[0], append(append([]string(nil), l.args[1:]...), args...)...)
}
