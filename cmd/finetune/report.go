package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/internal/report"
)

// reportCommand is `finetune report`.
type reportCommand struct {
	Runs   []string `arg:"" name:"run" help:"Directories of runs, or folders of them."`
	Output string   `placeholder:"FILE" help:"The file to write. Default: report.html, by --format another ending."`
	Format string   `enum:"html,svg,png," default:"" placeholder:"html|svg|png" help:"A page, or the figures alone for papers. Default: by the ending of --output, or html."`
}

// Help is shown below the command's summary.
func (reportCommand) Help() string {
	return `The page is one file that needs no network and nothing beside it: charts of all figures, which can be zoomed and read off by mouse and keyboard, tables of
them, samples as they changed, settings, machine and hashes, and what differs between several runs. Runs that go on are shown as they are now.

Examples:

    finetune report runs/mine
    finetune report runs/a runs/b --output compared.html
    finetune report runs --output loss.svg`
}

// Run writes the report.
func (c *reportCommand) Run(s *streams) error {
	format := c.format()
	if c.Output == "" {
		c.Output = "report." + format
	}
	dirs, err := runsIn(c.Runs)
	if err != nil {
		return err
	}
	r, err := report.Make(dirs)
	if err != nil {
		return err
	}
	for _, run := range r.Runs {
		for _, note := range run.Notes {
			fmt.Fprintf(s.err, "%s: %s\n", run.Dir, note)
		}
	}
	err = atomicfile.Write(c.Output, func(w io.Writer) error {
		if format == "html" {
			return r.WriteHTML(w)
		}
		return r.WriteFigures(w, format)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.err, "the report of %s is in %s\n", plural(len(r.Runs), "run"), c.Output)
	return nil
}

// format returns what is to be written.
func (c *reportCommand) format() string {
	if c.Format != "" {
		return c.Format
	}
	if ending := strings.TrimPrefix(strings.ToLower(filepath.Ext(c.Output)), "."); ending == "svg" || ending == "png" {
		return ending
	}
	return "html"
}

// runsIn returns the directories of runs among paths, and those right below paths that hold none themselves.
func runsIn(paths []string) ([]string, error) {
	var dirs []string
	for _, path := range paths {
		path = filepath.Clean(path)
		found := []string{path}
		if !report.IsRun(path) {
			entries, err := os.ReadDir(path)
			if err != nil {
				return nil, err
			}
			found = nil
			for _, e := range entries {
				if dir := filepath.Join(path, e.Name()); report.IsRun(dir) {
					found = append(found, dir)
				}
			}
			if len(found) == 0 {
				return nil, fmt.Errorf("%s %w, nor does a folder in it", path, report.ErrNoRun)
			}
		}
		for _, dir := range found {
			if !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
			}
		}
	}
	return dirs, nil
}
