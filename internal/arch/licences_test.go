package arch

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// licencesPage lists the licence of each module that is linked into the command or an example.
const licencesPage = "../../docs/licences.md"

var updateLicences = flag.Bool("update-licences", false, "write docs/licences.md from what the modules say")

// phrases are words that only the text of one licence has. All of a licence's must be in a file.
var phrases = []struct {
	licence string
	has     []string
	not     []string
}{
	{"Apache-2.0", []string{"Apache License", "Version 2.0"}, nil},
	{"MIT", []string{"Permission is hereby granted, free of charge", "without restriction"}, nil},
	{"BSD-3-Clause", []string{"Redistribution and use in source and binary forms", "endorse or promote"}, nil},
	{"BSD-2-Clause", []string{"Redistribution and use in source and binary forms"}, []string{"endorse or promote"}},
	{"ISC", []string{"Permission to use, copy, modify, and/or distribute this software for any purpose"}, nil},
	{"MPL-2.0", []string{"Mozilla Public License Version 2.0"}, nil},
	{"CC-BY-4.0", []string{"Creative Commons Attribution 4.0"}, nil},
	{"OFL-1.1", []string{"SIL OPEN FONT LICENSE Version 1.1"}, nil},
	{"FTL", []string{"FreeType License"}, nil},
}

// TestLicences compares the page with the modules themselves. A module without a licence that is known here fails.
func TestLicences(t *testing.T) {
	got := map[string]string{}
	for path, dir := range linkedModules(t) {
		licence, err := licenceOf(dir)
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
		got[path] = licence
	}
	var page strings.Builder
	page.WriteString("# Licences\n\nWhat is linked into `finetune` and the examples, besides Go's own library (BSD-3-Clause), and under which licences. Versions are in go.mod,\nand their checksums in go.sum. A test holds this page against the modules.\n\n| module | licence |\n|---|---|\n")
	for _, path := range slices.Sorted(maps.Keys(got)) {
		fmt.Fprintf(&page, "| `%s` | %s |\n", path, got[path])
	}
	if *updateLicences {
		if err := os.WriteFile(licencesPage, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	listed, err := os.ReadFile(licencesPage)
	if err != nil {
		t.Fatal(err)
	}
	if string(listed) != page.String() {
		t.Errorf("docs/licences.md doesn't list what is linked; look at what has changed and write it: go test ./internal/arch -run Licences -update-licences\n%s", page.String())
	}
}

// linkedModules returns the directories of all modules but this one, by their paths.
func linkedModules(t *testing.T) map[string]string {
	t.Helper()
	command := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Dir}}{{end}}{{end}}", "./cmd/finetune", "./examples/...")
	command.Dir = "../.."
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	modules := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if path, dir, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			modules[path] = dir
		}
	}
	return modules
}

// licenceOf names the licences that the files of a module's root state.
func licenceOf(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	found := map[string]bool{}
	for _, e := range entries {
		name := strings.ToUpper(e.Name())
		if e.IsDir() || !strings.HasPrefix(name, "LICENSE") && !strings.HasPrefix(name, "LICENCE") && !strings.HasPrefix(name, "COPYING") {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return "", err
		}
		text := strings.Join(strings.Fields(string(raw)), " ")
		for _, p := range phrases {
			if all(p.has, text) && !(len(p.not) > 0 && all(p.not, text)) {
				found[p.licence] = true
			}
		}
	}
	if len(found) == 0 {
		return "", fmt.Errorf("%s has no licence that is known here; add its phrases to the test, if it may be linked", dir)
	}
	return strings.Join(slices.Sorted(maps.Keys(found)), ", "), nil
}

// all tells whether a text has all phrases.
func all(has []string, text string) bool {
	return !slices.ContainsFunc(has, func(phrase string) bool { return !strings.Contains(strings.ToLower(text), strings.ToLower(phrase)) })
}
