package task

import (
	"slices"
	"sync"

	"github.com/seahorse-ml/seahorse/data"
)

// BlankReport counts records without any text.
type BlankReport struct {
	Count int
	First []error // the first of them, with file and line
}

// Add adds what another report counts.
func (r *BlankReport) Add(o BlankReport) {
	r.Count += o.Count
	r.First = append(r.First, o.First[:min(len(o.First), blankShown-len(r.First))]...)
}

// blankShown is how many records without text a report names.
const blankShown = 5

// blankRecords collects a BlankReport. Several goroutines may use it at once.
type blankRecords struct {
	mutex sync.Mutex
	told  BlankReport
}

// add counts a record, given by its place.
func (b *blankRecords) add(place error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.told.Count++
	b.told.First = append(b.told.First, place)
	if len(b.told.First) > 2*blankShown { // workers are at different places
		slices.SortStableFunc(b.told.First, data.ComparePlaces)
		b.told.First = b.told.First[:blankShown]
	}
}

// report returns what was counted.
func (b *blankRecords) report() BlankReport {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	slices.SortStableFunc(b.told.First, data.ComparePlaces)
	return BlankReport{b.told.Count, slices.Clone(b.told.First[:min(len(b.told.First), blankShown)])}
}
