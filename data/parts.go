package data

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// Part is a part of a folder that has several: files named train.*, validation.* (or valid.*, val.*, dev.*) and test.*, where what
// follows the word may also begin with '-' or '_', or folders of those names. A folder has parts if it has files to train on and others to
// validate or test on; a file that belongs to none is left out then.
type Part string

// The parts. An empty one means TrainPart.
const (
	TrainPart      Part = "train"
	ValidationPart Part = "validation"
	TestPart       Part = "test"
)

// ErrNoPart says that a folder doesn't have a part.
var ErrNoPart = errors.New("the folder has no such part")

// partOf tells the part that a file below a folder belongs to by its name, "" for none.
func partOf(below string) Part {
	for _, name := range []string{path.Base(below), strings.Split(below, "/")[0]} {
		word := strings.ToLower(name)
		if i := strings.IndexAny(word, ".-_"); i >= 0 {
			word = word[:i]
		}
		switch word {
		case "train", "training":
			return TrainPart
		case "validation", "valid", "val", "dev":
			return ValidationPart
		case "test":
			return TestPart
		}
	}
	return ""
}

// choosePart returns the files of a part of a folder, all of them where it has no parts.
func (s *Source) choosePart(folder string, files []foundFile, want Part) ([]foundFile, error) {
	byPart := map[Part][]foundFile{}
	for _, f := range files {
		p := partOf(f.below)
		byPart[p] = append(byPart[p], f)
	}
	if len(byPart[TrainPart]) == 0 || len(byPart[ValidationPart])+len(byPart[TestPart]) == 0 {
		return files, nil
	}
	if want == "" {
		want = TrainPart
	}
	if len(byPart[want]) == 0 {
		return nil, fmt.Errorf("data: %s: %w: %s", folder, ErrNoPart, want)
	}
	var names []string
	for _, f := range byPart[want] {
		names = append(names, f.below)
	}
	s.notes = append(s.notes, fmt.Sprintf("%s: of the parts of the folder, %s: %s", folder, want, someOf(names, 3)))
	if others := byPart[""]; len(others) > 0 {
		names = nil
		for _, f := range others {
			names = append(names, f.below)
		}
		s.notes = append(s.notes, fmt.Sprintf("%s: left out, as it is of no part: %s", folder, someOf(names, 3)))
	}
	return byPart[want], nil
}

// HasPart tells whether the folder at a path has parts and one of them is p.
func HasPart(folder string, p Part) bool {
	s := &Source{skipped: &skipped{seen: map[string]bool{}}}
	files, err := s.walk(folder, func(string) bool { return true })
	if err != nil {
		return false
	}
	parts := map[Part]bool{}
	for _, f := range files {
		parts[partOf(f.below)] = true
	}
	return parts[TrainPart] && parts[p] && (parts[ValidationPart] || parts[TestPart])
}
