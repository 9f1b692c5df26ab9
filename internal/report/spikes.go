package report

import (
	"path/filepath"

	"github.com/seahorse-ml/seahorse/internal/runlog"
	"github.com/seahorse-ml/seahorse/train"
)

// Bounds of the spikes in a page.
const (
	mostSpikes     = 30     // of a run, the last
	mostSpikeRows  = 64     // of a spike
	spikesBytes    = 400000 // of the texts of all runs
	leastSpikeText = 60     // bytes of a row's text
)

// readSpikes reads the steps whose loss or norm leaped.
func (r *Run) readSpikes() {
	spikes, damage, err := runlog.ReadLines[train.Spike](filepath.Join(r.Dir, train.SpikesName), true)
	r.Spikes = spikes
	r.note(err)
	r.noteDamage(train.SpikesName, damage)
}

// pickSpikes returns the last spikes with as much of their rows as bytes have room for, and how many are left out.
func pickSpikes(all []train.Spike, bytes int) (picked []train.Spike, left int) {
	left = max(0, len(all)-mostSpikes)
	rows := 0
	for _, s := range all[left:] {
		rows += min(len(s.Rows), mostSpikeRows)
	}
	room := max(leastSpikeText, bytes/max(1, rows))
	for _, s := range all[left:] {
		kept := make([]train.SpikeRow, min(len(s.Rows), mostSpikeRows))
		for i := range kept {
			kept[i] = s.Rows[i]
			kept[i].Text = cutText(kept[i].Text, room)
		}
		s.MoreRows += len(s.Rows) - len(kept)
		s.Rows = kept
		picked = append(picked, s)
	}
	return picked, left
}
