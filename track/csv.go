package track

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/train"
)

// CSVName is the file that a CSV writes in a run's directory.
const CSVName = "metrics.csv"

// A CSV is a train.Callback that writes the figures of logged steps as a table: a line of names, and a line for each step. Figures of
// evaluations have eval_ before their names, and no value at steps without one. A figure that comes first later in the run becomes a
// column at the right, for which the file is made anew.
type CSV struct {
	train.Silent
	path    string
	columns []string
	file    *os.File
}

// NewCSV returns the callback of the run in a directory.
func NewCSV(dir string) *CSV { return &CSV{path: filepath.Join(dir, CSVName)} }

// Blind says that it doesn't look at the model.
func (*CSV) Blind() {}

// Step writes a line for a logged step.
func (c *CSV) Step(e train.StepEvent) error {
	if c.columns == nil {
		if err := c.open(e.Step); err != nil {
			return err
		}
	}
	if !e.Logged {
		return nil
	}
	unit := e.Unit.String()
	names := []string{"step", "loss", "grad_norm", "learning_rate", unit, unit + "_per_second"}
	values := []float64{float64(e.Step), e.Loss, e.GradNorm, e.LearningRate, float64(e.Targets), e.TargetsPerSecond}
	for _, f := range e.Figures {
		names, values = append(names, f.Name), append(values, f.Value)
	}
	if e.EvalLoss != nil {
		names, values = append(names, "eval_loss"), append(values, *e.EvalLoss)
	}
	for _, f := range e.EvalFigures {
		names, values = append(names, "eval_"+f.Name), append(values, f.Value)
	}
	if err := c.widen(names); err != nil {
		return err
	}
	row := make([]string, len(c.columns))
	for i, name := range names {
		row[slices.Index(c.columns, name)] = strconv.FormatFloat(values[i], 'g', -1, 64)
	}
	line, err := encode(row)
	if err == nil {
		_, err = c.file.Write(line)
	}
	return c.wrap(err)
}

func (c *CSV) wrap(err error) error {
	if err != nil {
		return fmt.Errorf("track: %w", err)
	}
	return nil
}

// encode returns lines of a table.
func encode(rows ...[]string) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	err := w.WriteAll(rows)
	return b.Bytes(), err
}

// open reads the columns of the file and drops its lines of step first and later.
func (c *CSV) open(first int) error {
	rows, err := c.read()
	if err != nil {
		return err
	}
	c.columns = []string{"step"}
	if len(rows) > 0 {
		c.columns = rows[0]
		rows = slices.DeleteFunc(rows[1:], func(row []string) bool {
			step, err := strconv.Atoi(row[0])
			return err != nil || step >= first || len(row) != len(c.columns)
		})
	}
	return c.rewrite(rows)
}

// read returns the lines of the file, as far as they are whole.
func (c *CSV) read() ([][]string, error) {
	raw, err := os.ReadFile(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, c.wrap(err)
	}
	r := csv.NewReader(bytes.NewReader(raw[:bytes.LastIndexByte(raw, '\n')+1]))
	r.FieldsPerRecord = -1
	var rows [][]string
	for {
		row, err := r.Read()
		if err == io.EOF || err != nil && len(rows) > 0 {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("track: %s: %w; remove it, and it is made anew", c.path, err)
		}
		rows = append(rows, row)
	}
}

// rewrite makes the file of the columns and rows anew, and opens it to be gone on with.
func (c *CSV) rewrite(rows [][]string) error {
	if c.file != nil {
		if err := c.file.Close(); err != nil {
			return c.wrap(err)
		}
	}
	for i, row := range rows {
		rows[i] = append(row, make([]string, len(c.columns)-len(row))...)
	}
	text, err := encode(append([][]string{c.columns}, rows...)...)
	if err == nil {
		err = atomicfile.WriteBytes(c.path, text)
	}
	if err == nil {
		c.file, err = os.OpenFile(c.path, os.O_APPEND|os.O_WRONLY, 0o644)
	}
	return c.wrap(err)
}

// widen adds columns for names that are new.
func (c *CSV) widen(names []string) error {
	wider := false
	for _, name := range names {
		if !slices.Contains(c.columns, name) {
			c.columns = append(c.columns, name)
			wider = true
		}
	}
	if !wider {
		return nil
	}
	rows, err := c.read()
	if err != nil {
		return err
	}
	return c.rewrite(rows[min(1, len(rows)):])
}

// End closes the file.
func (c *CSV) End(train.EndEvent) error {
	if c.file == nil {
		return nil
	}
	return c.wrap(c.file.Close())
}
