package train

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
)

// A SpikeRow is a row of a step.
type SpikeRow struct {
	Row   int    `json:"row,omitempty"`   // of the training data, from 1; 0 for what was made while the run went on
	Place string `json:"place,omitempty"` // by Config.Place: file and line
	// Loss is what the row's losses come to, each with its weight, before the update; nil where it has none or it isn't finite.
	Loss      *float64 `json:"loss,omitempty"`
	NotFinite bool     `json:"not_finite,omitempty"` // its loss is infinite or no number
	Text      string   `json:"text,omitempty"`       // by Config.Text, cut where it is long
}

// Name tells which row it is: its number, and its place where that is known.
func (r SpikeRow) Name() string {
	var parts []string
	if r.Row > 0 {
		parts = append(parts, fmt.Sprintf("row %d", r.Row))
	}
	if r.Place != "" {
		parts = append(parts, r.Place)
	}
	if len(parts) == 0 {
		return "a row made by the run"
	}
	return strings.Join(parts, ", ")
}

// Worst tells which row of a spike has the highest loss, "" where that isn't known.
func (s Spike) Worst() string {
	switch {
	case len(s.Rows) == 0:
	case s.Rows[0].NotFinite:
		return s.Rows[0].Name() + ", whose loss isn't finite"
	case s.Rows[0].Loss != nil:
		return fmt.Sprintf("%s, with %.4g", s.Rows[0].Name(), *s.Rows[0].Loss)
	}
	return ""
}

// worst compares rows by how bad they are: those whose loss isn't finite come first, then those with the highest, and last those without one.
func worst(a, b SpikeRow) int {
	rank := func(r SpikeRow) float64 {
		switch {
		case r.NotFinite:
			return math.Inf(1)
		case r.Loss == nil:
			return math.Inf(-1)
		}
		return *r.Loss
	}
	return cmp.Compare(rank(b), rank(a))
}

// Bounds of what is written of rows.
const (
	mostSpikeRows = 1024    // of a step
	spikeBytes    = 1 << 16 // of the texts of a step
	leastText     = 80      // bytes of a row's text
	mostText      = 2000
)

// addRows adds the rows of all ranks to a spike, the worst first.
func (t *Trainer) addRows(s *Spike) error {
	s.Rows, s.MoreRows = t.spikeRows()
	if !several(t.config.Ranks) {
		return nil
	}
	mine, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("train: spike: %w", err)
	}
	all, err := Gather(t.config.Ranks, mine)
	if err != nil {
		return err
	}
	s.Rows, s.MoreRows = nil, 0
	for _, told := range all {
		var other Spike
		if err := json.Unmarshal(told, &other); err != nil {
			return fmt.Errorf("train: spike: %w", err)
		}
		s.Rows, s.MoreRows = append(s.Rows, other.Rows...), s.MoreRows+other.MoreRows
	}
	slices.SortStableFunc(s.Rows, worst)
	if n := len(s.Rows) - mostSpikeRows; n > 0 {
		s.Rows, s.MoreRows = s.Rows[:mostSpikeRows], s.MoreRows+n
	}
	return nil
}

// spikeRows returns the rows of the step on this rank, the worst first, and how many there are beyond the bound.
func (t *Trainer) spikeRows() (rows []SpikeRow, more int) {
	type place struct {
		SpikeRow
		batch, row int
	}
	var all []place
	for k, b := range t.stepper.batches {
		for i := range b.Filled {
			p := place{batch: k, row: i}
			if t.config.Feed == nil {
				p.Row = b.Indices[i] + 1
			}
			p.setLoss(t.stepper.rowLosses[k][i])
			all = append(all, p)
		}
	}
	slices.SortStableFunc(all, func(a, b place) int { return worst(a.SpikeRow, b.SpikeRow) })
	room := min(mostText, max(leastText, spikeBytes/max(1, len(all))))
	for _, p := range all[:min(len(all), mostSpikeRows)] {
		b := t.stepper.batches[p.batch]
		if t.config.Place != nil && t.config.Feed == nil {
			p.Place = t.config.Place(b, p.row)
		}
		if t.config.Text != nil {
			p.Text = cutText(t.config.Text(b, p.row), room)
		}
		rows = append(rows, p.SpikeRow)
	}
	return rows, len(all) - len(rows)
}

// setLoss notes what the losses of the row come to.
func (r *SpikeRow) setLoss(loss rowLoss) {
	switch {
	case !loss.known:
	case math.IsNaN(loss.mean) || math.IsInf(loss.mean, 0):
		r.NotFinite = true
	default:
		r.Loss = &loss.mean
	}
}

// cutText returns a text of at most so many bytes and an ellipsis.
func cutText(text string, most int) string {
	text = strings.ToValidUTF8(text, "�")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
