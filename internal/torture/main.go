// Torture disturbs runs of finetune on purpose and looks whether anything was lost: it kills them between any two of their calls on files, lets the disk be
// full, lets writes, reads, syncs and renames fail or be short, takes the directory away, gives no more memory, and flips bits of what was written. After each the run is
// gone on with and must end with the bytes of a run that nobody disturbed, or one line must have said what is damaged. Last, it damages files of every kind
// that people hand to the command, which must use or refuse them, in bounded time and memory.
//
//	go run ./internal/torture                  # the numbers of the proof: 200 kills, 50 of each other fault, 500 bits, 1,000 hostile files; about 15 minutes
//	go run ./internal/torture -n 5 -bits 20    # a look
//	go run ./internal/torture -only kill -n 1000 -seed 7
//	go run ./internal/torture -job grpo -n 20 -bits 50 -hostile 0
//
// It needs linux on amd64, since it watches the calls by ptrace.
package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

func main() {
	binary := flag.String("binary", "", "the command to disturb (default: built from this tree)")
	name := flag.String("job", "pretrain", "the run to disturb: pretrain, masked, lora, reward, dpo, kto, distillation, grpo")
	n := flag.Int("n", 0, "faults of each kind (default 200 kills, 50 of the others)")
	bits := flag.Int("bits", 500, "bits to flip")
	only := flag.String("only", "", "one kind of fault: kill, full-disk, write-error, sync-error, name-error, read-error, short, vanish, no-memory, bits, hostile")
	hostile := flag.Int("hostile", 1000, "files to damage for the commands that read them")
	seed := flag.Uint64("seed", 1, "of what chance draws")
	flag.Parse()
	found, err := torture(*binary, *name, *only, *n, *bits, *hostile, *seed)
	if err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		os.Exit(2)
	}
	if found > 0 {
		os.Exit(1)
	}
}

// torture makes all faults and tells what it found; it returns the number of faults after which something was wrong.
func torture(binary, name, only string, n, bits, hostile int, seed uint64) (found int, err error) {
	work, err := os.MkdirTemp("", "torture")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(work)
	if work, err = filepath.EvalSymlinks(work); err != nil {
		return 0, err
	}
	if binary == "" {
		if binary, err = build(work); err != nil {
			return 0, err
		}
	}
	j, err := newJob(binary, work, name)
	if err != nil {
		return 0, err
	}
	for _, k := range kinds() {
		if only != "" && only != k.name {
			continue
		}
		times := n
		if times == 0 {
			if times = 50; k.name == "kill" {
				times = 200
			}
		}
		bad, err := j.repeat(k, times, seed)
		if err != nil {
			return found, err
		}
		found += bad
	}
	if only == "" || only == "bits" {
		bad, err := j.flips(bits, seed)
		if err != nil {
			return found, err
		}
		found += bad
	}
	if only == "" || only == "hostile" {
		bad, err := j.hostile(hostile, seed)
		if err != nil {
			return found, err
		}
		found += bad
	}
	return found, nil
}

// repeat makes faults of one kind.
func (j *job) repeat(k kind, times int, seed uint64) (bad int, err error) {
	start := time.Now()
	calls, err := j.count(k)
	if err != nil {
		return 0, err
	}
	random := rand.New(rand.NewPCG(seed, uint64(calls)))
	for range times {
		if err := j.disturb(k, calls, random); err != nil {
			bad++
			fmt.Println(err)
		}
	}
	fmt.Printf("%-12s %4d faults among %4d calls, %d wrong, %.0f s\n", k.name, times, calls, bad, time.Since(start).Seconds())
	return bad, nil
}

// flips changes bits, each in a copy of the same stopped run.
func (j *job) flips(times int, seed uint64) (bad int, err error) {
	start := time.Now()
	from, err := j.stopped()
	if err != nil {
		return 0, err
	}
	random := rand.New(rand.NewPCG(seed, 0))
	told := 0
	for range times {
		said, err := j.flip(from, random)
		if err != nil {
			bad++
			fmt.Println(err)
		}
		if said {
			told++
		}
	}
	fmt.Printf("%-12s %4d flipped, %d told, %d wrong, %.0f s\n", "bits", times, told, bad, time.Since(start).Seconds())
	return bad, nil
}

// build makes the command from the tree that this program is in.
func build(dir string) (string, error) {
	binary := filepath.Join(dir, "finetune")
	command := exec.Command("go", "build", "-o", binary, "github.com/seahorse-ml/seahorse/cmd/finetune")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building finetune: %w\n%s", err, out)
	}
	return binary, nil
}
