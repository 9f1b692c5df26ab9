package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/task"
	"github.com/seahorse-ml/seahorse/train"
	"go.yaml.in/yaml/v3"
)

// rankDir is the directory inside a run's that has the logs of the ranks but the first, and what they need where they don't see the run's.
const rankDir = "ranks"

// errElsewhere says that another rank has told what was wrong.
var errElsewhere = errors.New("rank 0 has ended the run")

// A team is the ranks that make a run, and what this one has of its machine.
type team struct {
	train.Ranks
	threads int // its share; 0 for all
}

// joinRanks makes the process one of those that a launcher has started.
func joinRanks(s *streams) (team, error) {
	ranks, err := train.JoinRanks()
	if err != nil {
		return team{}, err
	}
	t := team{Ranks: ranks}
	if t.Rank() > 0 {
		s.err, s.out = io.Discard, io.Discard // until there is a log
	}
	if t.Size() > 1 {
		t.threads, err = threadShare(t)
	}
	return t, err
}

// leave leaves the ranks, or ends all of them where this one alone knows of an error.
func (t team) leave(err error) error {
	var stop *stopped
	var known *toldError
	if err != nil && t.Size() > 1 && !errors.As(err, &stop) && !errors.As(err, &known) && !errors.Is(err, errElsewhere) && !train.Agreed(err) {
		t.Abort(err)
	}
	return errors.Join(err, t.Close())
}

// divide gives this process its part of each step, and of its machine.
func (o *trainingOptions) divide(t team) error {
	n := t.Size()
	if o.Ranks == 0 {
		o.Ranks = n
	}
	total := o.GradientAccumulationSteps * o.Ranks
	if total%n != 0 {
		return fmt.Errorf("a step has %d batches (--gradient-accumulation-steps %d on each of --ranks %d), which %d ranks can't divide evenly", total, o.GradientAccumulationSteps, o.Ranks, n)
	}
	o.team, o.accumulation = t, total/n
	useThreads(cmp.Or(o.Threads, t.threads))
	if n > 1 {
		runtime.GOMAXPROCS(graph.Workers() + 2) // one of them talks to the other ranks, and one prepares what it sends
	}
	return nil
}

// An offer is what rank 0 tells the others when the run's directory is ready, or that it won't be.
type offer struct {
	Dir   string
	Files []offered
	Error string
}

// offered is a file of the run's directory that all ranks need.
type offered struct {
	Name   string // within the directory, with slashes
	Size   int64
	SHA256 string
}

// toldError is an error of rank 0 that the others know of.
type toldError struct{ error }

func (e *toldError) Unwrap() error { return e.error }

// share tells the other ranks that a run is ready, and sends its files to those that don't see them. Err says that it isn't.
func (t team) share(r *task.Run, err error) error {
	if t.Size() == 1 {
		return err
	}
	var all offer
	if err == nil {
		all, err = offerOf(r)
	}
	if err != nil {
		all.Error = err.Error()
	}
	told, failed := json.Marshal(all)
	if failed != nil {
		return failed
	}
	if _, failed := train.Gather(t, told); failed != nil {
		return errors.Join(err, failed)
	}
	if err != nil {
		return &toldError{err}
	}
	return t.sendFiles(r.Dir, all.Files)
}

// offerOf lists the files that ranks need to make a run: those of its directory, and of its last checkpoint.
func offerOf(r *task.Run) (offer, error) {
	dir, err := filepath.Abs(r.Dir)
	if err != nil {
		return offer{}, err
	}
	all := offer{Dir: dir}
	list := func(within string) error {
		entries, err := os.ReadDir(filepath.Join(dir, within))
		if err != nil {
			return err
		}
		for _, e := range entries {
			if !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") || e.Name() == train.MetricsName || e.Name() == train.SumsName || e.Name() == task.ProvenanceName {
				continue
			}
			if within == "" && strings.HasSuffix(e.Name(), ".safetensors") {
				continue // of a run that is at its end, and goes on from its checkpoint
			}
			f := offered{Name: filepath.ToSlash(filepath.Join(within, e.Name()))}
			h, err := data.HashFile(filepath.Join(dir, within, e.Name()))
			if err != nil {
				return err
			}
			f.Size, f.SHA256 = h.Size, h.SHA256
			all.Files = append(all.Files, f)
		}
		return nil
	}
	if err := list(""); err != nil {
		return all, err
	}
	if last, _, err := train.LastCheckpoint(dir); err != nil || last == nil {
		return all, err
	} else {
		return all, list(filepath.Base(last.Dir))
	}
}

// follow makes the run with rank 0, which has its directory. Own and command are what this rank was started with, whose options must be the
// run's; nil for a run that goes on.
func (t team) follow(ctx context.Context, s *streams, own job, command *kong.Node, threads *int) error {
	told, err := train.Gather(t, nil)
	if err != nil {
		return err
	}
	var all offer
	if err := json.Unmarshal(told[0], &all); err != nil {
		return err
	}
	if all.Error != "" {
		return errElsewhere
	}
	dir, err := t.receiveFiles(all)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(all.Dir, rankDir, fmt.Sprintf("rank-%d.log", t.Rank())), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	defer log.Close()
	s.err, s.out = log, log
	j, parsed, err := readJob(s, filepath.Join(dir, task.RunName), dir, threads, nil)
	if err != nil {
		return err
	}
	o := j.common()
	if command != nil {
		o.Threads = own.common().Threads
	}
	if err := o.divide(t); err != nil {
		return err
	}
	c, err := taskOf(s, j)
	if err != nil {
		return err
	}
	r, err := task.Follow(c)
	if err != nil {
		return err
	}
	defer r.Close()
	if command != nil {
		if err := own.common().divide(t); err != nil {
			return err
		}
		own.common().resolveSteps(r.Rows.Train.Len(), own.defaultSteps(r.Rows.Train.Len()))
		if err := sameFlags(command, parsed.Selected()); err != nil {
			return err
		}
	}
	boundGarbage()
	if err := r.Begin(nil); err != nil {
		return err
	}
	return o.train(ctx, s, r, command == nil)
}

// placeFlags are keys of a run's options that may differ between its ranks.
var placeFlags = map[string]bool{"output_dir": true, "threads": true}

// sameFlags returns an error where this rank was started with other options than the run has.
func sameFlags(own, run *kong.Node) error {
	var values [2]map[string]any
	for i, command := range []*kong.Node{own, run} {
		settings, err := runConfig(command)
		if err != nil {
			return err
		}
		if err := yaml.Unmarshal(settings, &values[i]); err != nil {
			return err
		}
	}
	keys := maps.Clone(values[0])
	maps.Copy(keys, values[1])
	var different []string
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if here, there := values[0][key], values[1][key]; !placeFlags[key] && !reflect.DeepEqual(here, there) {
			different = append(different, fmt.Sprintf("%s is %v here and %v there", key, cmp.Or(here, "not given"), cmp.Or(there, "not given")))
		}
	}
	if len(different) > 0 {
		return fmt.Errorf("this rank was started with other options than rank 0: %s", strings.Join(different, ", "))
	}
	return nil
}

// program returns the hash of the file that this process runs.
func program() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	h, err := data.HashFile(path)
	return "SHA-256 " + h.SHA256, err
}
