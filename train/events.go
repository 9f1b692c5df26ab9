package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
)

// Files of a run's directory by which others than its process have a say in it.
const (
	EventsName   = "events.jsonl"   // lines of Event: what the run has done, or will do again
	requestsName = "requests.jsonl" // lines of Event: what it is asked for
)

// Kinds of events.
const (
	EventStop = "stop"          // the run ends in good order, as by ErrStop
	EventSave = "save"          // a checkpoint is written after the next step
	EventRate = "learning_rate" // the learning rates from here on are those of the schedule times Factor
)

// An Event is something that a person had a run do. A run that goes on from a checkpoint, or is made again with the same events, does it
// at the same step, and so comes to the same end.
type Event struct {
	Step   int     `json:"step"` // steps that were done
	Kind   string  `json:"event"`
	Factor float64 `json:"factor,omitempty"` // of EventRate
	ID     string  `json:"id,omitempty"`     // of the request, for whoever made it
}

// Validate tells what is wrong with an event, or nil.
func (e Event) Validate() error {
	switch {
	case e.Step < 0:
		return fmt.Errorf("train: event: step %d, expected 0 or more", e.Step)
	case e.Kind != EventStop && e.Kind != EventSave && e.Kind != EventRate:
		return fmt.Errorf("train: event: %q, expected %s, %s or %s", e.Kind, EventStop, EventSave, EventRate)
	case e.Kind == EventRate && !(e.Factor >= 0 && e.Factor <= mostFactor):
		return fmt.Errorf("train: event: the learning rate times %g, expected 0 to %d", e.Factor, mostFactor)
	}
	return nil
}

// Bounds of events.
const (
	mostFactor   = 1000
	mostRequests = 1 << 16 // bytes that are read at one time
)

// Request asks the run in a directory, which must obey (see Config.Obey), for an event at its next step. That it was obeyed shows in its
// events, where the event has its ID.
func Request(dir string, e Event) error {
	e.Step = 0
	if err := e.Validate(); err != nil {
		return err
	}
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("train: request: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, requestsName), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("train: request: %w", err)
	}
	_, err = f.Write(append(line, '\n'))
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("train: request: %w", err)
	}
	return nil
}

// ReadEvents reads the events of the run in a directory, by rising step. A run without has none.
func ReadEvents(dir string) ([]Event, error) {
	path := filepath.Join(dir, EventsName)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("train: events: %w", err)
	}
	var all []Event
	number := 0
	for line := range bytes.Lines(raw) {
		number++
		var e Event
		err := json.Unmarshal(line, &e)
		if err == nil {
			err = e.Validate()
		}
		if err == nil && len(all) > 0 && e.Step < all[len(all)-1].Step {
			err = errors.New("the step is below that of the line before")
		}
		if err != nil {
			return nil, fmt.Errorf("train: %s:%d: %w", path, number, err)
		}
		all = append(all, e)
	}
	return all, nil
}

// WriteEvents stores the events of the run in a directory, by rising step.
func WriteEvents(dir string, events []Event) error {
	var out []byte
	for _, e := range events {
		line, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("train: events: %w", err)
		}
		out = append(append(out, line...), '\n')
	}
	if err := atomicfile.WriteBytes(filepath.Join(dir, EventsName), out); err != nil {
		return fmt.Errorf("train: events: %w", err)
	}
	return nil
}

// control makes a run do what its events say, and what it is asked for.
type control struct {
	dir    string
	obey   bool
	events []Event
	leads  bool      // of several ranks, to which it tells what it is asked for
	fresh  []Event   // what they don't know of yet
	from   int       // steps that were done when the run began or went on
	asked  time.Time // when requests were looked for
	read   int64     // bytes of requests that were read
}

// requestPause is the least time between two looks for requests, so that runs of quick steps don't ask the disk all the time.
const requestPause = 50 * time.Millisecond

// newControl reads the events of a run that has made some steps. Requests of before are dropped.
func newControl(dir string, obey bool, made int) (*control, error) {
	c := &control{dir: dir, obey: obey, from: made}
	var err error
	if c.events, err = ReadEvents(dir); err != nil || !obey {
		return c, err
	}
	return c, c.drop()
}

// drop removes the requests.
func (c *control) drop() error {
	if !c.obey {
		return nil
	}
	if err := os.Remove(filepath.Join(c.dir, requestsName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("train: requests: %w", err)
	}
	return nil
}

// shared gives all ranks the events of rank 0, which alone takes requests; see share.
func (c *control) shared(r Ranks) (*control, error) {
	if !several(r) {
		return c, nil
	}
	if !leads(r) {
		c = &control{}
		events, err := tellEvents(r, nil)
		c.events = events
		return c, err
	}
	c.leads = true
	_, err := tellEvents(r, c.events)
	return c, err
}

// share gives all ranks the events that rank 0 was asked for after so many steps, before the step that follows.
func (c *control) share(r Ranks, made int) error {
	fresh, err := tellEvents(r, c.fresh)
	c.fresh = nil
	if err != nil || leads(r) {
		return err
	}
	for _, e := range fresh {
		c.insert(e, made)
	}
	return nil
}

// tellEvents gives all ranks events of rank 0.
func tellEvents(r Ranks, events []Event) ([]Event, error) {
	var mine []byte
	if leads(r) {
		var err error
		if mine, err = json.Marshal(events); err != nil {
			return nil, fmt.Errorf("train: events: %w", err)
		}
	}
	all, err := Gather(r, mine)
	if err != nil || leads(r) {
		return events, err
	}
	if err := json.Unmarshal(all[0], &events); err != nil {
		return nil, fmt.Errorf("train: events of rank 0: %w", err)
	}
	return events, nil
}

// insert adds what the run was asked for after so many steps to its events.
func (c *control) insert(e Event, made int) {
	e.Step = made
	i := len(c.events)
	for i > 0 && c.events[i-1].Step > made {
		i--
	}
	c.events = slices.Insert(c.events, i, e)
}

// factor returns what the learning rate of the next step after so many is multiplied by.
func (c *control) factor(made int) float64 {
	factor := 1.0
	for _, e := range c.events {
		if e.Kind == EventRate && e.Step <= made {
			factor = e.Factor
		}
	}
	return factor
}

// before is asked after so many steps: it takes requests, and tells whether the run is to save or to stop.
func (c *control) before(made int) (save, stop bool, err error) {
	for _, e := range c.events {
		stop = stop || e.Kind == EventStop && e.Step == made && made > c.from
	}
	if !c.obey || time.Since(c.asked) < requestPause {
		return false, stop, nil
	}
	c.asked = time.Now()
	requests, err := c.requests()
	if err != nil || len(requests) == 0 {
		return false, stop, err
	}
	for _, e := range requests {
		c.insert(e, made)
		save, stop = save || e.Kind == EventSave, stop || e.Kind == EventStop
	}
	if c.leads {
		c.fresh = append(c.fresh, requests...)
	}
	return save, stop, WriteEvents(c.dir, c.events)
}

// requests returns the new ones. What is none is left out: anybody may write there who may write to the run's directory, and a run shouldn't fail by it.
func (c *control) requests() ([]Event, error) {
	path := filepath.Join(c.dir, requestsName)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		c.read = 0
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("train: requests: %w", err)
	}
	if info.Size() <= c.read {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("train: requests: %w", err)
	}
	defer f.Close()
	raw := make([]byte, min(info.Size()-c.read, mostRequests))
	n, _ := f.ReadAt(raw, c.read)
	raw = raw[:n]
	end := bytes.LastIndexByte(raw, '\n') + 1
	if end == 0 && n == mostRequests {
		end = n // no line of ours is that long
	}
	c.read += int64(end)
	var all []Event
	for line := range bytes.Lines(raw[:end]) {
		var e Event
		if json.Unmarshal(line, &e) == nil && e.Validate() == nil {
			all = append(all, e)
		}
	}
	return all, nil
}
