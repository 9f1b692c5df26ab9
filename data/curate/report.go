package curate

import (
	"fmt"
	"io"
)

// examplesKept is how many of the records that a stage took out are named.
const examplesKept = 10

// Stage is what one stage took out.
type Stage struct {
	Name string `json:"stage"`
	Out  int    `json:"out"`
	// Examples say of the first ones where they are, and why.
	Examples []string `json:"examples,omitempty"`
}

func (s *Stage) add(example string) {
	if s.Out++; len(s.Examples) < examplesKept {
		s.Examples = append(s.Examples, example)
	}
}

// Report is what Run did.
type Report struct {
	Read   int            `json:"read"` // records
	Shapes map[string]int `json:"shapes"`
	Stages []*Stage       `json:"stages"`
	// Made are records that were made by changing others, counted as a Set is written; they aren't among Written.
	Made int `json:"made,omitempty"`
	// Written are the records of each part.
	Written map[string]int `json:"written"`
}

// Print writes the report as a person reads it.
func (r *Report) Print(w io.Writer) {
	fmt.Fprintf(w, "read       %d records\n", r.Read)
	for _, s := range r.Stages {
		if s.Out == 0 {
			continue
		}
		fmt.Fprintf(w, "%-10s %d taken out\n", s.Name, s.Out)
		for _, e := range s.Examples[:min(3, len(s.Examples))] {
			fmt.Fprintf(w, "             %s\n", e)
		}
	}
	if r.Made > 0 {
		fmt.Fprintf(w, "%-10s %d made by changing others\n", "augmented", r.Made)
	}
	for _, part := range parts {
		if n, ok := r.Written[part]; ok {
			fmt.Fprintf(w, "%-10s %d records\n", part, n)
		}
	}
}
