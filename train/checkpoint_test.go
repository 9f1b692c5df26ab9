package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/optim"
	"gorgonia.org/tensor"
)

var errDisk = errors.New("no space left on device")

// crash counts operations and fails from one of them on, as a disk that is full or a process that is gone does.
type crash struct{ at, count int }

func (c *crash) due() error {
	c.count++
	if c.at > 0 && c.count >= c.at {
		return errDisk
	}
	return nil
}

// intercept lets a store's operations fail. A removal that fails has removed half.
func (c *crash) intercept(s *store) {
	s.rename = func(from, to string) error {
		if err := c.due(); err != nil {
			return err
		}
		return os.Rename(from, to)
	}
	s.removeAll = func(path string) error {
		if err := c.due(); err != nil {
			entries, _ := os.ReadDir(path)
			for _, e := range entries[:len(entries)/2] {
				os.Remove(filepath.Join(path, e.Name()))
			}
			return err
		}
		return os.RemoveAll(path)
	}
	s.syncDir = func(path string) error {
		if err := c.due(); err != nil {
			return err
		}
		return syncDir(path)
	}
}

// crashingModel fails to save before or after it has written its files.
type crashingModel struct {
	*models.Decoder
	crash *crash
}

func (m crashingModel) Save(dir string) error {
	if err := m.crash.due(); err != nil {
		return err
	}
	if err := m.Decoder.Save(dir); err != nil {
		return err
	}
	return m.crash.due()
}

// crashingOptimizer is the same for optimizers.
type crashingOptimizer struct {
	optim.Optimizer
	crash *crash
}

func (o crashingOptimizer) Save(path string) error {
	if err := o.crash.due(); err != nil {
		return err
	}
	if err := o.Optimizer.Save(path); err != nil {
		return err
	}
	return o.crash.due()
}

// shortConfig returns a run of 8 steps with checkpoints at 3, 6 and 8, since it is disks that tests wait for.
func shortConfig(t testing.TB) Config {
	t.Helper()
	c := testConfig(t)
	c.MaxSteps, c.EvalSteps, c.SaveSteps = 8, 4, 3
	return c
}

// TestCheckpointSurvivesACrashAnywhere lets a run fail at each operation of its saves in turn. A
// complete checkpoint must be there at each time after the first, and the run that is resumed must
// come to the same end.
func TestCheckpointSurvivesACrashAnywhere(t *testing.T) {
	want := straight(t, shortConfig(t))
	run := func(t *testing.T, c Config, k *crash) error {
		c.Optimizer = func(params []*graph.Param) (optim.Optimizer, error) {
			o, err := DefaultOptimizer(params)
			return crashingOptimizer{o, k}, err
		}
		trainer := newTestTrainer(t, crashingModel{newTestModel(t, tensor.Float32, 0.1), k}, c)
		k.intercept(trainer.store)
		return trainer.Run(context.Background())
	}
	all := &crash{}
	if err := run(t, shortConfig(t), all); err != nil {
		t.Fatal(err)
	}
	if all.count < 25 {
		t.Fatalf("a run with three checkpoints has only %d operations", all.count)
	}
	for at := 1; at <= all.count; at++ {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			c := shortConfig(t)
			saved := 0
			c.Callbacks = []Callback{hooks{save: func(e SaveEvent) error { saved = e.Step; return nil }}}
			if err := run(t, c, &crash{at: at}); !errors.Is(err, errDisk) {
				t.Fatalf("got error %v", err)
			}
			last, skipped, err := LastCheckpoint(c.Dir)
			if err != nil || len(skipped) > 0 || saved > 0 && (last == nil || last.State.Step < saved) {
				t.Fatalf("checkpoint %d was saved; found %+v, skipped %v, error %v", saved, last, skipped, err)
			}
			named, err := listCheckpoints(c.Dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range named {
				if _, err := readState(d.path); err != nil {
					t.Errorf("%s is incomplete: %v", d.path, err)
				}
			}
			if err := runUntil(t, c, "none", true); err != nil {
				t.Fatal(err)
			}
			readOutcome(t, c.Dir).compare(t, want)
			hidden, err := filepath.Glob(filepath.Join(c.Dir, ".*"))
			if err != nil || len(hidden) > 0 {
				t.Errorf("left over: %v, %v", hidden, err)
			}
		})
	}
}

// TestDamagedCheckpointIsSkipped damages the last checkpoint in ways that a power failure might.
func TestDamagedCheckpointIsSkipped(t *testing.T) {
	want := straight(t, shortConfig(t))
	change := func(name string, f func(raw []byte) []byte) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, name)
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, f(raw), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	remove := func(name string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	flip := func(raw []byte) []byte { raw[len(raw)-9] ^= 4; return raw }
	unsealed := func(raw []byte) string { // a state as it was before it had a checksum
		_, rest, _ := strings.Cut(strings.TrimPrefix(string(raw), sealPrefix), ",")
		return "{" + rest
	}
	for _, test := range []struct {
		name   string
		damage func(t *testing.T, dir string)
		want   string
	}{
		{"model cut short", change("model.safetensors", func(raw []byte) []byte { return raw[:len(raw)/2] }), "model.safetensors has"},
		{"a bit of the model", change("model.safetensors", flip), "of checksum"},
		{"a bit of the optimizer", change("optimizer.safetensors", flip), "of checksum"},
		{"no configuration", remove("config.json"), "config.json: no such file"},
		{"no state", remove(StateName), "no such file"},
		{"state cut short", change(StateName, func(raw []byte) []byte { return raw[:len(raw)/2] }), StateName + " has the checksum"},
		{"a bit of the state", change(StateName, func(raw []byte) []byte {
			return []byte(strings.Replace(string(raw), `"max_steps": 8`, `"max_steps": 9`, 1))
		}), StateName + " has the checksum"},
		{"state of old, cut short", change(StateName, func(raw []byte) []byte { return []byte(unsealed(raw))[:len(raw)/2] }), "unexpected end of JSON"},
		{"empty state", change(StateName, func([]byte) []byte { return []byte("{}") }), "lists no optimizer.safetensors"},
		{"state of another step", change(StateName, func(raw []byte) []byte {
			return []byte(strings.Replace(unsealed(raw), `"step": 6`, `"step": 5`, 1))
		}), "is of step 5"},
		{"file elsewhere", change(StateName, func(raw []byte) []byte {
			return []byte(strings.Replace(unsealed(raw), `"config.json"`, `"../../config.json"`, 1))
		}), "outside of the directory"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := shortConfig(t)
			err := runUntil(t, c, "save 6", false)
			var stopped *Interrupted
			if !errors.As(err, &stopped) {
				t.Fatal(err)
			}
			test.damage(t, stopped.Checkpoint)
			trainer := newTestTrainer(t, newTestModel(t, tensor.Float32, 0.1), c)
			from, skipped, err := trainer.Resume()
			if err != nil || from == nil || from.State.Step != 3 {
				t.Fatalf("resumed from %+v, %v", from, err)
			}
			if len(skipped) != 1 || !strings.Contains(skipped[0].Error(), test.want) {
				t.Errorf("skipped %v, want %q", skipped, test.want)
			}
			if err := trainer.Run(context.Background()); err != nil {
				t.Fatal(err)
			}
			readOutcome(t, c.Dir).compare(t, want)
		})
	}
}

func TestCheckpointsAreListedByStep(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"checkpoint-9", "checkpoint-10", "checkpoint-", "checkpoint-x", "checkpoint-08", ".checkpoint-11.partial", "checkpoint-100.old"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "checkpoint-50"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	all, err := listCheckpoints(dir)
	if err != nil || len(all) != 2 || all[0].step != 10 || all[1].step != 9 {
		t.Errorf("got %v, %v", all, err)
	}
	if none, err := listCheckpoints(filepath.Join(dir, "none")); err != nil || none != nil {
		t.Errorf("of no directory: %v, %v", none, err)
	}
}

func TestSaveTotalLimitAndFiles(t *testing.T) {
	for limit, want := range map[int]int{0: 4, 1: 1, 3: 3} {
		c := testConfig(t)
		c.SaveTotalLimit = limit
		tokenizer := filepath.Join(t.TempDir(), "tokenizer.json")
		if err := os.WriteFile(tokenizer, []byte("{}"), 0o644); err != nil {
			t.Fatal(err)
		}
		c.Files = []string{tokenizer}
		if err := newTestTrainer(t, newBigram(t), c).Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		all, err := listCheckpoints(c.Dir)
		if err != nil || len(all) != want || all[0].step != 40 {
			t.Errorf("limit %d: %v, %v", limit, all, err)
		}
		if raw, err := os.ReadFile(filepath.Join(all[0].path, "tokenizer.json")); err != nil || string(raw) != "{}" {
			t.Errorf("the copied file: %q, %v", raw, err)
		}
	}
}

func TestRunRefusesADirectoryWithARun(t *testing.T) {
	for _, name := range []string{"checkpoint-3", MetricsName} {
		c := testConfig(t)
		path := filepath.Join(c.Dir, name)
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
		err := newTestTrainer(t, newBigram(t), c).Run(context.Background())
		if err == nil || !strings.Contains(err.Error(), "already holds a run with "+name) {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

func TestResumeRefusesAnotherRun(t *testing.T) {
	c := testConfig(t)
	c.MaxSteps, c.Schedule.MaxSteps = 10, 40
	if err := newTestTrainer(t, newBigram(t), c).Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		model  Model
		change func(c *Config)
		want   string
	}{
		{newBigram(t), func(c *Config) { c.Seed++ }, "the run has the seed 11, the configuration 12"},
		{newBigram(t), func(c *Config) { c.Train = c.Validation }, "saved position is in data of 74 rows"},
		{newTestModel(t, tensor.Float32, 0), func(*Config) {}, `parameter "transformer.wte.weight" is missing`},
	} {
		other := c
		test.change(&other)
		if _, _, err := newTestTrainer(t, test.model, other).Resume(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got error %v, want %q", err, test.want)
		}
	}
	// More steps, of another shape, are no other run.
	c.MaxSteps, c.BatchSize = 12, 3
	trainer := newTestTrainer(t, newBigram(t), c)
	if from, _, err := trainer.Resume(); err != nil || from.State.Step != 10 {
		t.Fatalf("%+v, %v", from, err)
	}
	if err := trainer.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if s, err := readState(filepath.Join(c.Dir, "checkpoint-12")); err != nil || s.Targets != (10*2+2*3)*2*testLength {
		t.Errorf("state %+v, %v", s, err)
	}
}

// TestUnwritableDirectory fails before the first step.
func TestUnwritableDirectory(t *testing.T) {
	c := testConfig(t)
	if err := os.WriteFile(c.Dir, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := newTestTrainer(t, newBigram(t), c).Run(context.Background()); err == nil {
		t.Error("a file was taken for the run's directory")
	}
}

func FuzzReadState(f *testing.F) {
	state := State{Files: map[string]FileSum{optimizerName: {Size: 1, CRC32C: 2}}}
	raw, err := json.Marshal(state)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(`{"files":{"optimizer.safetensors":{},"..":{}}}`))
	f.Add([]byte(`{"step":-1`))
	f.Add([]byte(sealPrefix + "0,\n}"))
	f.Add([]byte(sealPrefix))
	f.Fuzz(func(t *testing.T, raw []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, StateName), raw, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := readState(dir); err == nil {
			t.Error("a state without an optimizer was taken")
		} else if errors.Is(err, fs.ErrPermission) {
			t.Error(err)
		}
	})
}

// TestOneProcessADirectory resumes a run that goes on, and lets it end unhurt.
func TestOneProcessADirectory(t *testing.T) {
	c := testConfig(t)
	want := straight(t, testConfig(t))
	tried := false
	c.Callbacks = append(c.Callbacks, hooks{step: func(e StepEvent) error {
		if e.Step != 3 {
			return nil
		}
		tried = true
		other := c
		other.Callbacks = nil
		second := newTestTrainer(t, newTestModel(t, tensor.Float32, 0.1), other)
		defer second.Close()
		if _, _, err := second.Resume(); !errors.Is(err, ErrLocked) {
			t.Errorf("resuming meanwhile: %v, expected ErrLocked", err)
		}
		if err := second.Run(context.Background()); !errors.Is(err, ErrLocked) {
			t.Errorf("running meanwhile: %v, expected ErrLocked", err)
		}
		return nil
	}})
	if err := newTestTrainer(t, newTestModel(t, tensor.Float32, 0.1), c).Run(context.Background()); err != nil || !tried {
		t.Fatal(err, tried)
	}
	readOutcome(t, c.Dir).compare(t, want)
	if _, err := os.Stat(filepath.Join(c.Dir, ".lock")); err == nil {
		t.Error("the lock is left behind")
	}
}

// TestSaveSoon asks for a checkpoint in the middle of a run that saves at its end only.
func TestSaveSoon(t *testing.T) {
	c := testConfig(t)
	c.SaveSteps, c.SaveTotalLimit = 0, 0
	var trainer *Trainer
	c.Callbacks = append(c.Callbacks, hooks{step: func(e StepEvent) error {
		if e.Step == 4 {
			trainer.SaveSoon()
		}
		return nil
	}})
	trainer = newTestTrainer(t, newTestModel(t, tensor.Float32, 0.1), c)
	if err := trainer.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	all, err := listCheckpoints(c.Dir)
	if err != nil || len(all) != 2 || all[1].step != 4 {
		t.Errorf("got %v, %v, expected checkpoints of step 4 and of the last", all, err)
	}
}
