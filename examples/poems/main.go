// Command poems turns the poems of the npm package chinese-poetry into JSON lines for `finetune pretrain`: its files are lists of
// objects with a tune (rhythmic), an author and paragraphs.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	pattern := flag.String("data", "runs/chinese-poetry/package/dist/songci/ci.song.*.json", "files of poems")
	output := flag.String("output", "runs/poems.jsonl", "file to write")
	flag.Parse()
	n, err := convert(*pattern, *output)
	if err != nil {
		fmt.Fprintln(os.Stderr, "poems:", err)
		os.Exit(1)
	}
	fmt.Printf("wrote %d poems to %s\n", n, *output)
}

// poem is what the package says of one.
type poem struct {
	Tune       string   `json:"rhythmic"`
	Paragraphs []string `json:"paragraphs"`
}

// text is the tune on a line of its own, then the paragraphs.
func (p poem) text() string { return p.Tune + "\n" + strings.Join(p.Paragraphs, "\n") }

// convert writes the poems of all files that a pattern names, and returns how many there were.
func convert(pattern, output string) (n int, err error) {
	files, err := filepath.Glob(pattern)
	if err != nil {
		return 0, err
	}
	if len(files) == 0 {
		return 0, fmt.Errorf("no files match %s", pattern)
	}
	var lines bytes.Buffer
	for _, file := range files { // in the order of their names
		found, err := convertFile(&lines, file)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", file, err)
		}
		n += found
	}
	return n, os.WriteFile(output, lines.Bytes(), 0o644)
}

// convertFile writes the poems of one file, but for those without a line.
func convertFile(w io.Writer, file string) (n int, err error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	var poems []poem
	if err := json.Unmarshal(content, &poems); err != nil {
		return 0, err
	}
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	for _, p := range poems {
		if len(p.Paragraphs) == 0 {
			continue
		}
		if err := lines.Encode(map[string]string{"text": p.text()}); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
