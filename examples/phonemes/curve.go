package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// curveName is a file of a line for each evaluation: how many phonemes of the watched words are wrong.
const curveName = "curve.jsonl"

// point is a line of it.
type point struct {
	Step int     `json:"step"`
	PER  float64 `json:"phoneme_error_rate"`
	WER  float64 `json:"word_error_rate"`
}

// addPoint adds a line to the curve of a run, in the place of those of later steps: the run does that part again.
func addPoint(dir string, p point) error {
	path := filepath.Join(dir, curveName)
	points, err := readCurve(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	points = slices.DeleteFunc(points, func(old point) bool { return old.Step >= p.Step })
	var b bytes.Buffer
	lines := json.NewEncoder(&b)
	for _, p := range append(points, p) {
		if err := lines.Encode(p); err != nil {
			return err
		}
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

// readCurve reads the evaluations of a run.
func readCurve(path string) ([]point, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var points []point
	for lines := json.NewDecoder(bytes.NewReader(content)); ; {
		var p point
		switch err := lines.Decode(&p); {
		case errors.Is(err, io.EOF):
			return points, nil
		case err != nil:
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		points = append(points, p)
	}
}
