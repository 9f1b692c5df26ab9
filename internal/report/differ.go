package report

import (
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/task"
)

// A Difference is something in which runs differ.
type Difference struct {
	What   string
	Values []string // of each run; "" where it has none
}

// indifferent are settings that differ between any two runs, or change nothing of the result.
var indifferent = map[string]bool{"output_dir": true, "threads": true}

// differences lists settings, and parts of the origin, in which runs differ, in the order of the settings.
func differences(runs []*Run) []Difference {
	var keys []string
	for _, r := range runs {
		for _, s := range r.Settings {
			if !indifferent[s.Key] && !slices.Contains(keys, s.Key) {
				keys = append(keys, s.Key)
			}
		}
	}
	var all []Difference
	add := func(what string, of func(r *Run) string) {
		d := Difference{What: what}
		for _, r := range runs {
			d.Values = append(d.Values, of(r))
		}
		if slices.ContainsFunc(d.Values, func(v string) bool { return v != d.Values[0] }) {
			all = append(all, d)
		}
	}
	for _, key := range keys {
		add(key, func(r *Run) string { return r.Setting(key) })
	}
	for _, part := range []struct {
		what string
		of   func(p *task.Provenance) string
	}{
		{"hash of the data", func(p *task.Provenance) string { return shortHashes(p.Data) }},
		{"hash of the validation data", func(p *task.Provenance) string { return shortHashes(p.Validation) }},
		{"hash of the base", func(p *task.Provenance) string { return shortHashes(p.Base) }},
		{"finetune", func(p *task.Provenance) string { return program(p.Binary) }},
		{"processor", func(p *task.Provenance) string { return p.Machine.Processor }},
		{"kernels", func(p *task.Provenance) string { return p.Machine.Kernels }},
	} {
		add(part.what, func(r *Run) string {
			if r.Origin == nil {
				return ""
			}
			return part.of(r.Origin)
		})
	}
	return all
}

// shortHashes tells files apart by the beginnings of their hashes.
func shortHashes(files []data.FileHash) string {
	var all []string
	for i, f := range files {
		if i == 3 {
			all = append(all, "…")
			break
		}
		all = append(all, f.SHA256[:min(12, len(f.SHA256))])
	}
	return strings.Join(all, ", ")
}

// program names a binary.
func program(b task.Binary) string {
	name := b.Version
	if b.Revision != "" && !strings.Contains(name, b.Revision[:min(12, len(b.Revision))]) {
		name += " " + b.Revision[:min(12, len(b.Revision))]
	}
	if b.Modified {
		name += ", changed"
	}
	return name
}
