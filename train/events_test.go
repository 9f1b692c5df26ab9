package train

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gorgonia.org/tensor"
)

// steered makes a run that somebody slows down, quickens and stops.
func steered(t *testing.T) (Config, outcome) {
	t.Helper()
	c := testConfig(t)
	c.Obey, c.SaveTotalLimit = true, 0
	c.Callbacks = []Callback{asking(c.Dir)}
	o := straight(t, c)
	c.Callbacks, c.Obey = nil, false
	return c, o
}

// asking asks the run in a directory for events, each behind its step.
func asking(dir string) Callback {
	wanted := map[int]Event{7: {Kind: EventRate, Factor: 0.5, ID: "a"}, 12: {Kind: EventSave}, 20: {Kind: EventRate, Factor: 2}, 31: {Kind: EventStop}}
	return hooks{step: func(e StepEvent) error {
		if request, ok := wanted[e.Step]; ok {
			time.Sleep(requestPause)
			return Request(dir, request)
		}
		return nil
	}}
}

// TestEventsComeAgain makes a run with events, and then the same from its events alone, from each of its checkpoints, and on two ranks.
func TestEventsComeAgain(t *testing.T) {
	c, want := steered(t)
	if want.state.Step != 31 {
		t.Fatalf("the run stopped at step %d, expected 31", want.state.Step)
	}
	events, err := ReadEvents(c.Dir)
	if err != nil || len(events) != 4 || events[0] != (Event{7, EventRate, 0.5, "a"}) || events[3].Step != 31 {
		t.Fatalf("events: %v, %v", events, err)
	}
	rates := map[int]float64{}
	for _, m := range readMetrics(t, c.Dir) {
		rates[m.Step] = m.LearningRate / c.schedule().At(m.Step-1)
	}
	if rates[6] != 1 || rates[9] != 0.5 || rates[21] != 2 {
		t.Errorf("learning rates beside the schedule: %v", rates)
	}
	if all, _ := listCheckpoints(c.Dir); !slices.ContainsFunc(all, func(d checkpointDir) bool { return d.step == 13 }) {
		t.Errorf("checkpoints: %v, expected one of step 13, the next one when the run was asked", all)
	}
	if _, err := os.Stat(filepath.Join(c.Dir, requestsName)); err == nil {
		t.Error("requests are left behind")
	}

	again := func(what string, c Config, resume bool) {
		t.Helper()
		trainer := newTestTrainer(t, newTestModel(t, tensor.Float32, 0.1), c)
		if resume {
			if _, _, err := trainer.Resume(); err != nil {
				t.Fatal(err)
			}
		}
		if err := trainer.Run(context.Background()); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		t.Log(what)
		readOutcome(t, c.Dir).compare(t, want)
	}
	seeded := c
	seeded.Dir = filepath.Join(t.TempDir(), "again")
	if err := errors.Join(os.MkdirAll(seeded.Dir, 0o755), WriteEvents(seeded.Dir, events)); err != nil {
		t.Fatal(err)
	}
	again("from its events", seeded, false)
	for _, from := range []int{30, 20, 13, 10} {
		killed := c
		killed.Dir = filepath.Join(t.TempDir(), "killed")
		if err := os.CopyFS(killed.Dir, os.DirFS(c.Dir)); err != nil {
			t.Fatal(err)
		}
		all, _ := listCheckpoints(killed.Dir)
		for _, d := range all {
			if d.step > from {
				os.RemoveAll(d.path)
			}
		}
		again("from a checkpoint", killed, true)
	}

	parted := c
	parted.Dir = filepath.Join(t.TempDir(), "ranks")
	if err := errors.Join(os.MkdirAll(parted.Dir, 0o755), WriteEvents(parted.Dir, events)); err != nil {
		t.Fatal(err)
	}
	parted.Accumulation /= 2
	for rank, err := range onRanks(2, func(r Ranks) error {
		c := parted
		c.Ranks = r
		return newTestTrainer(t, newTestModel(t, tensor.Float32, 0.1), c).Run(context.Background())
	}) {
		if err != nil {
			t.Fatalf("rank %d: %v", rank, err)
		}
	}
	readOutcome(t, parted.Dir).compare(t, want)
}

// TestRanksObey has a run of several ranks obey what it is asked for, as one process does with as many micro-batches.
func TestRanksObey(t *testing.T) {
	c, want := steered(t)
	events, err := ReadEvents(c.Dir)
	if err != nil {
		t.Fatal(err)
	}
	c.Accumulation /= 2
	for _, sharded := range []bool{false, true} {
		parted := c
		parted.Dir, parted.Obey, parted.ShardOptimizer = filepath.Join(t.TempDir(), "ranks"), true, sharded
		for rank, err := range onRanks(2, func(r Ranks) error {
			c := parted
			c.Ranks = r
			if leads(r) {
				c.Callbacks = []Callback{asking(c.Dir)}
			}
			return newTestTrainer(t, newTestModel(t, tensor.Float32, 0.1), c).Run(context.Background())
		}) {
			if err != nil {
				t.Fatalf("rank %d: %v", rank, err)
			}
		}
		readOutcome(t, parted.Dir).compare(t, want)
		if got, err := ReadEvents(parted.Dir); err != nil || !slices.Equal(got, events) {
			t.Errorf("events: %v, %v, expected %v", got, err, events)
		}
	}
}

// TestStoppedRunGoesOn goes on behind a stop, which doesn't stop it again.
func TestStoppedRunGoesOn(t *testing.T) {
	c, _ := steered(t)
	trainer := newTestTrainer(t, newTestModel(t, tensor.Float32, 0.1), c)
	if _, _, err := trainer.Resume(); err != nil {
		t.Fatal(err)
	}
	if err := trainer.Run(context.Background()); err != nil || trainer.state.Step != c.MaxSteps {
		t.Errorf("at step %d of %d, %v", trainer.state.Step, c.MaxSteps, err)
	}
}

// TestRequestsThatMakeNoSense finds that a run goes on whatever is asked of it.
func TestRequestsThatMakeNoSense(t *testing.T) {
	dir := t.TempDir()
	c, err := newControl(dir, true, 0)
	if err != nil {
		t.Fatal(err)
	}
	text := "nonsense\n{\"event\":\"explode\"}\n{\"event\":\"learning_rate\",\"factor\":-1}\n{\"event\":\"learning_rate\",\"factor\":1e9}\n" +
		strings.Repeat("x", 3*mostRequests) + "\n{\"event\":\"save\"}\n{\"event\":\"st"
	if err := os.WriteFile(filepath.Join(dir, requestsName), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	saved := false
	for range 6 {
		c.asked = time.Time{}
		save, stop, err := c.before(5)
		if err != nil || stop {
			t.Fatalf("%v, %v", stop, err)
		}
		saved = saved || save
	}
	if !saved || len(c.events) != 1 {
		t.Errorf("saved: %v, events: %v, expected the one that makes sense", saved, c.events)
	}
	if err := Request(dir, Event{Kind: EventRate, Factor: -1}); err == nil {
		t.Error("a negative learning rate is asked for")
	}
}

func TestDamagedEvents(t *testing.T) {
	for _, text := range []string{"x\n", "{\"step\":-1,\"event\":\"stop\"}\n", "{\"step\":1,\"event\":\"no\"}\n", "{\"step\":2,\"event\":\"stop\"}\n{\"step\":1,\"event\":\"stop\"}\n"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, EventsName), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadEvents(dir); err == nil || !strings.Contains(err.Error(), EventsName) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// FuzzReadEvents reads whatever: events that make sense and come by rising steps, or an error.
func FuzzReadEvents(f *testing.F) {
	f.Add("{\"step\":1,\"event\":\"stop\"}\n{\"step\":2,\"event\":\"learning_rate\",\"factor\":0.5,\"id\":\"a\"}\n")
	f.Add("{\"step\":1e9,\"event\":\"save\"}")
	f.Fuzz(func(t *testing.T, text string) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, EventsName), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		events, err := ReadEvents(dir)
		if err != nil {
			return
		}
		last := 0
		for _, e := range events {
			if e.Validate() != nil || e.Step < last {
				t.Fatalf("%+v behind step %d", e, last)
			}
			last = e.Step
		}
	})
}
