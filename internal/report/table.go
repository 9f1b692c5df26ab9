package report

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/seahorse-ml/seahorse/internal/runlog"
)

// quote returns a text as JSON that may stand in a page.
func quote(s string) string {
	raw, err := json.Marshal(s) // which escapes <, > and &
	if err != nil {
		return `""`
	}
	return string(raw)
}

// number writes a value for people, of five digits.
func number(v float64) string { return strconv.FormatFloat(v, 'g', 5, 64) }

// A tableRow is what a chart shows of one line, for those who don't look at it.
type tableRow struct {
	Label                           string
	First, Last                     string
	Lowest, LowestAt                string
	Highest, HighestAt, FirstAt, At string
}

// summary returns the rows of a chart's table.
func (c *Chart) summary() []tableRow {
	var rows []tableRow
	for _, l := range c.Lines {
		n := l.Whole.Points()
		if n == 0 {
			continue
		}
		step := func(i int) string { return strconv.FormatInt(l.Whole.Steps[i], 10) }
		low, high := l.Whole.Lowest(), l.Whole.Highest()
		rows = append(rows, tableRow{
			Label: l.Label, First: number(l.Whole.Values[0]), FirstAt: step(0), Last: number(l.Whole.Values[n-1]), At: step(n - 1),
			Lowest: number(l.Whole.Values[low]), LowestAt: step(low), Highest: number(l.Whole.Values[high]), HighestAt: step(high),
		})
	}
	return rows
}

// tableSteps is how many steps a chart's table has.
const tableSteps = 12

// A valueRow has the values of all lines at or before a step.
type valueRow struct {
	Step   int64
	Values []string
}

// labels returns those of the lines in values.
func (c *Chart) labels() []string {
	var all []string
	for _, l := range c.Lines {
		if l.Kind != Raw {
			all = append(all, l.Label)
		}
	}
	return all
}

// values returns the values of the lines but raw ones at even steps.
func (c *Chart) values() []valueRow {
	lo, hi := int64(-1), int64(0)
	for _, l := range c.Lines {
		if n := l.Whole.Points(); n > 0 {
			if first := l.Whole.Steps[0]; lo < 0 || first < lo {
				lo = first
			}
			hi = max(hi, l.Whole.Steps[n-1])
		}
	}
	if lo < 0 {
		return nil
	}
	var rows []valueRow
	for i := range int64(tableSteps) {
		step := lo + (hi-lo)*i/(tableSteps-1)
		if len(rows) > 0 && rows[len(rows)-1].Step == step {
			continue
		}
		row := valueRow{Step: step}
		for _, l := range c.Lines {
			if l.Kind != Raw {
				row.Values = append(row.Values, valueAt(l.Whole, step))
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// valueAt returns the last value of a series at or before a step, as text; "–" beyond its ends.
func valueAt(s *runlog.Series, step int64) string {
	i, found := slices.BinarySearch(s.Steps, step)
	if !found {
		i--
	}
	if i < 0 || i == len(s.Steps)-1 && !found {
		return "–"
	}
	return number(s.Values[i])
}
