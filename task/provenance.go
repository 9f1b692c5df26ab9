package task

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/seahorse-ml/seahorse/adapt"
	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/train"
)

// ProvenanceName is the file of a run directory that tells what the run was made of, and by what.
const ProvenanceName = "provenance.json"

// Provenance tells what a run was made of, and what came of it. Files are hashed as they were stored when the run began.
type Provenance struct {
	Options    string          `json:"options"` // the run.yaml, whole
	Seed       uint64          `json:"seed"`
	Started    time.Time       `json:"started"`
	Ended      *time.Time      `json:"ended,omitempty"` // nil while the run isn't at its end
	Resumed    []Resumption    `json:"resumed,omitempty"`
	Binary     Binary          `json:"binary"`
	Machine    Machine         `json:"machine"`
	Data       []data.FileHash `json:"data"`                 // in the order in which they are read
	Validation []data.FileHash `json:"validation,omitempty"` // where it is data of its own
	Base       []data.FileHash `json:"base,omitempty"`       // files of the model, or of the tokenizer, that the run started from
	Adapter    []data.FileHash `json:"adapter,omitempty"`    // files of the adapter that it went on with
	Objective  []data.FileHash `json:"objective,omitempty"`  // files that the objective reads: a chat template, a model to be held to; and the exams that are taken with each validation
	Events     []train.Event   `json:"events,omitempty"`     // what somebody had it do on the way that the result depends on
	Result     []data.FileHash `json:"result,omitempty"`     // files of the run at its end, by name: the model or adapter, its config and its tokenizer
}

// Resumption is one time that a run went on.
type Resumption struct {
	At      time.Time `json:"at"`
	Step    int       `json:"step"`              // steps that were done
	Changed bool      `json:"changed,omitempty"` // the options were changed, so that nobody makes the same model in one go
	Binary  string    `json:"binary"`            // its version and revision
}

// ErrChanged says that a run is made of other files than the one that it is compared with.
var ErrChanged = errors.New("not what the run was made of")

// resultNames are the files of a run that follow from what it is made of.
var resultNames = []string{"model.safetensors", adapt.WeightsName, "config.json", "adapter_config.json", "tokenizer.json"}

// baseFiles are the files of a model directory that may matter to a run that starts from it, notBaseFiles those of them that never do.
var (
	baseFiles    = []string{"*.json", "*.safetensors", "*.bin", "*.gguf", "*.model", "*.txt", "*.jinja", "*.yaml"}
	notBaseFiles = []string{tokensName, validationName, ProvenanceName, "checksums.json", "trainer_state.json", "optimizer.safetensors", "*.report.json"}
)

// ReadProvenance reads a provenance.json.
func ReadProvenance(path string) (Provenance, error) {
	var p Provenance
	raw, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(raw, &p)
	}
	if err != nil {
		return p, fmt.Errorf("task: provenance: %s: %w", path, err)
	}
	return p, nil
}

// write stores the provenance of a run in a directory.
func (p Provenance) write(dir string) error {
	raw, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(filepath.Join(dir, ProvenanceName), append(raw, '\n'))
}

// origin hashes what a new run is made of.
func (c Config) origin() (p Provenance, err error) {
	p = Provenance{Seed: c.Seed, Started: now(), Binary: ThisBinary().hashed(), Machine: ThisMachine()}
	if p.Data, err = c.Data.Hashes(); err != nil {
		return p, err
	}
	for _, path := range c.DataFiles {
		h, err := data.HashFile(path)
		if err != nil {
			return p, err
		}
		p.Data = append(p.Data, h)
	}
	if c.Validation != nil {
		if p.Validation, err = c.Validation.Hashes(); err != nil {
			return p, err
		}
	}
	if p.Base, err = hashRead(c.Base); err != nil {
		return p, err
	}
	if p.Objective, err = hashRead(c.Objective); err != nil {
		return p, err
	}
	for _, e := range c.Exams {
		for _, path := range e.Files() {
			h, err := data.HashFile(path)
			if err != nil {
				return p, err
			}
			p.Objective = append(p.Objective, h)
		}
	}
	if c.Adapter != nil {
		p.Adapter, err = hashStored(c.Adapter.Dir)
	}
	return p, err
}

// reader is a Base or an Objective that reads files.
type reader interface {
	reads() []string // paths of files and model directories; "" is none
}

// hashRead hashes what a Base or an Objective reads.
func hashRead(by any) ([]data.FileHash, error) {
	r, ok := by.(reader)
	if !ok {
		return nil, nil
	}
	var all []data.FileHash
	for _, path := range r.reads() {
		hashes, err := hashStored(path)
		if err != nil {
			return nil, err
		}
		all = append(all, hashes...)
	}
	return all, nil
}

// hashStored hashes a file, or the files of a model directory.
func hashStored(path string) ([]data.FileHash, error) {
	if path == "" {
		return nil, nil
	}
	if isFile(path) {
		h, err := data.HashFile(path)
		return []data.FileHash{h}, err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("task: provenance: %w", err)
	}
	var hashes []data.FileHash
	for _, e := range entries {
		file := filepath.Join(path, e.Name())
		if !matchesAny(baseFiles, e.Name()) || matchesAny(notBaseFiles, e.Name()) || !isFile(file) {
			continue
		}
		h, err := data.HashFile(file)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, h)
	}
	return hashes, nil
}

func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, _ := filepath.Match(p, name)
		return ok
	})
}

// Differences tells, by file, where another run isn't made of the same files as p; nil if it is.
func (p Provenance) Differences(other Provenance) []error {
	var all []error
	for _, part := range []struct {
		what      string
		was, here []data.FileHash
	}{
		{"data", p.Data, other.Data},
		{"validation data", p.Validation, other.Validation},
		{"base", p.Base, other.Base},
		{"adapter", p.Adapter, other.Adapter},
		{"objective", p.Objective, other.Objective},
	} {
		all = append(all, fileDifferences(part.what, part.was, part.here)...)
	}
	return all
}

// ResultDifferences tells, by file, where another run has come to another end than p.
func (p Provenance) ResultDifferences(other Provenance) []error {
	return fileDifferences("result", p.Result, other.Result)
}

// fileDifferences compares two lists of files by their paths.
func fileDifferences(what string, was, is []data.FileHash) []error {
	var all []error
	at := func(list []data.FileHash, path string) int {
		return slices.IndexFunc(list, func(h data.FileHash) bool { return h.Path == path })
	}
	for _, before := range was {
		i := at(is, before.Path)
		switch {
		case i < 0:
			all = append(all, fmt.Errorf("%s: %s is missing", what, before.Path))
		case is[i] != before:
			all = append(all, fmt.Errorf("%s: %s has changed: %d bytes of SHA-256 %.12s…, they were %d of %.12s…", what, before.Path, is[i].Size, is[i].SHA256, before.Size, before.SHA256))
		}
	}
	for _, file := range is {
		if at(was, file.Path) < 0 {
			all = append(all, fmt.Errorf("%s: %s is new", what, file.Path))
		}
	}
	return all
}

// expect returns an ErrChanged unless the run is made of what another one was.
func (p Provenance) expect(was Provenance) error {
	if changed := was.Differences(p); len(changed) > 0 {
		return fmt.Errorf("task: %w:\n%w", ErrChanged, errors.Join(changed...))
	}
	return nil
}

// noteResumption adds to the provenance of a run that goes on, with new settings or, if they are nil, those of its file. Runs from before there was one have none.
func (r *Run) noteResumption(settings []byte) error {
	p, err := r.provenance()
	if p == nil || err != nil {
		return err
	}
	if settings == nil {
		if settings, err = os.ReadFile(filepath.Join(r.Dir, RunName)); err != nil {
			return fmt.Errorf("task: provenance: %w", err)
		}
	}
	b := ThisBinary()
	p.Resumed = append(p.Resumed, Resumption{At: now(), Step: r.Made(), Changed: string(settings) != p.Options, Binary: b.Version + " " + b.Revision})
	p.Options = string(settings)
	p.Ended, p.Result, p.Events = nil, nil, nil
	return p.write(r.Dir)
}

// SettingsChanged tells whether the run.yaml of a run that goes on isn't the one that it has begun or last gone on with, by its provenance. The run then
// makes another model than it would have.
func (r *Run) SettingsChanged() (bool, error) {
	p, err := r.provenance()
	if p == nil || err != nil {
		return false, err
	}
	settings, err := os.ReadFile(filepath.Join(r.Dir, RunName))
	if err != nil {
		return false, fmt.Errorf("task: provenance: %w", err)
	}
	return string(settings) != p.Options, nil
}

// provenance returns that of a run that has begun; nil where it has none.
func (r *Run) provenance() (*Provenance, error) {
	p, err := ReadProvenance(filepath.Join(r.Dir, ProvenanceName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w; without the file the run can go on", err)
	}
	return &p, nil
}

// noteResult adds what has come of a run that is at its end to its provenance.
func (r *Run) noteResult() error {
	p, err := r.provenance()
	if p == nil || err != nil {
		return err
	}
	p.Result = nil
	for _, name := range resultNames {
		path := filepath.Join(r.Dir, name)
		if !isFile(path) {
			continue
		}
		h, err := data.HashFile(path)
		if err != nil {
			return err
		}
		h.Path = name
		p.Result = append(p.Result, h)
	}
	if p.Events, err = r.decisive(); err != nil {
		return err
	}
	end := now()
	p.Ended = &end
	return p.write(r.Dir)
}

// decisive returns the events that the result depends on: changes of the learning rate, and a stop at the step where the run ended.
func (r *Run) decisive() ([]train.Event, error) {
	events, err := train.ReadEvents(r.Dir)
	if err != nil || len(events) == 0 {
		return nil, err
	}
	names, err := listCheckpoints(r.Dir)
	if err != nil {
		return nil, fmt.Errorf("task: provenance: %w", err)
	}
	last := ""
	if len(names) > 0 {
		last = names[len(names)-1]
	}
	return slices.DeleteFunc(events, func(e train.Event) bool {
		return e.Kind == train.EventSave || e.Kind == train.EventStop && fmt.Sprintf("checkpoint-%d", e.Step) != last
	}), nil
}

// now returns the time to the second, as a file notes it.
func now() time.Time { return time.Now().UTC().Truncate(time.Second) }
