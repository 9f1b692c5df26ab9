package curate

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
	"github.com/seahorse-ml/seahorse/internal/parquetfile"
)

// ReportName returns the name of the report of a set that is written to a folder. It lies beside the folder, which holds nothing but data.
func ReportName(folder string) string { return filepath.Clean(folder) + "-report.json" }

// Write writes the parts of the set to a folder, train.jsonl, validation.jsonl and test.jsonl, or in Parquet, and the report beside it. It
// returns the names of the parts' files. A file that is there already is an error.
func (s *Set) Write(folder string, f data.Format) ([]string, error) {
	if f != data.JSONLines && f != data.Parquet {
		return nil, fmt.Errorf("curate: format %q, expected jsonl or parquet", f)
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, fmt.Errorf("curate: %w", err)
	}
	var names []string
	for i, part := range s.parts {
		if len(part) > 0 {
			names = append(names, filepath.Join(folder, parts[i]+"."+string(f)))
		}
	}
	for _, name := range append(names, ReportName(folder)) {
		if _, err := os.Lstat(name); err == nil {
			return nil, fmt.Errorf("curate: %s is already there", name)
		}
	}
	next := 0
	for i, part := range s.parts {
		if len(part) == 0 {
			continue
		}
		write := s.writeLines
		if f == data.Parquet {
			write = s.writeParquet
		}
		if err := atomicfile.Write(names[next], func(w io.Writer) error { return write(w, s.lines(i)) }); err != nil {
			return nil, fmt.Errorf("curate: %s: %w", names[next], err)
		}
		next++
	}
	report, err := json.MarshalIndent(s.Report, "", "  ")
	if err != nil {
		return nil, err
	}
	return names, atomicfile.WriteBytes(ReportName(folder), append(report, '\n'))
}

// lines yields the records of a part as lines of JSON, without their ends, and behind those of the first part what is made of them.
func (s *Set) lines(part int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if part == 0 {
			s.Report.Made = 0
		}
		for _, record := range s.parts[part] {
			line, err := s.line(record)
			if !yield(line, err) || err != nil {
				return
			}
			if s.augment == nil || part > 0 {
				continue
			}
			o, err := orderedjson.DecodeObject(line)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, changed := range s.augment.Records(o, uint64(record)) {
				s.Report.Made++
				if !yield(orderedjson.Append(nil, changed, orderedjson.Format{}), nil) {
					return
				}
			}
		}
	}
}

func (s *Set) writeLines(w io.Writer, lines iter.Seq2[[]byte, error]) error {
	out := bufio.NewWriterSize(w, 1<<20)
	for line, err := range lines {
		if err != nil {
			return err
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return out.Flush()
}

func (s *Set) writeParquet(w io.Writer, lines iter.Seq2[[]byte, error]) error {
	return parquetfile.Write(w, func(yield func(*orderedjson.Object, error) bool) {
		for line, err := range lines {
			var o *orderedjson.Object
			if err == nil {
				o, err = orderedjson.DecodeObject(line)
			}
			if !yield(o, err) || err != nil {
				return
			}
		}
	})
}
