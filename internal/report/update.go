package report

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// update is what a live page gets.
type update struct {
	Version  int               `json:"version"`
	Runs     []updatedRun      `json:"runs"`
	Tables   map[string]string `json:"tables"` // of charts, by their IDs; HTML
	Samples  string            `json:"samples"`
	Spikes   string            `json:"spikes"`
	Rollouts string            `json:"rollouts"`
	Events   []string          `json:"events"`
	Ends     [2]int64          `json:"ends"` // the first and last step of all
	Figures  json.RawMessage   `json:"figures"`
}

// updatedRun is a line of the table of runs.
type updatedRun struct {
	State  State    `json:"state"`
	Step   string   `json:"step"`
	Loss   string   `json:"loss"`
	Best   string   `json:"best"`
	Tokens string   `json:"tokens"`
	Speed  string   `json:"speed"`
	Memory string   `json:"memory"`
	Took   string   `json:"took"`
	Obeyed []string `json:"obeyed"` // IDs of events
}

// Update returns what a page made by WriteLive takes in, as JSON: all of the figures as they are now.
func (r *Report) Update(version int) ([]byte, error) {
	u := update{Version: version, Tables: map[string]string{}, Figures: r.data(), Events: r.Events(), Ends: [2]int64{r.ends.From, r.ends.To}}
	for i, run := range r.Runs {
		result := r.Results[i]
		one := updatedRun{State: run.State, Step: grouped(fmt.Sprint(run.Step)), Loss: shortNumber(result.Loss), Best: shortNumber(result.Best),
			Tokens: grouped(fmt.Sprint(result.Tokens)), Speed: shortNumber(result.Speed), Memory: "–", Took: "–"}
		if run.MaxSteps > 0 {
			one.Step += " of " + grouped(fmt.Sprint(run.MaxSteps))
		}
		if result.Best != nil {
			one.Best += " at " + grouped(fmt.Sprint(result.BestStep))
		}
		if result.PeakMemory > 0 {
			one.Memory = memory(result.PeakMemory)
		}
		if took := run.Took(r.Made); took > 0 {
			one.Took = took.Round(time.Second).String()
		}
		for _, e := range run.Events {
			one.Obeyed = append(one.Obeyed, e.ID)
		}
		u.Runs = append(u.Runs, one)
	}
	for _, c := range r.Charts {
		table, err := c.table()
		if err != nil {
			return nil, err
		}
		u.Tables[c.ID] = table
	}
	shown := map[string]any{"Shown": r.shown(), "Runs": r.Runs}
	for name, into := range map[string]*string{"samples": &u.Samples, "spikes": &u.Spikes, "rollouts": &u.Rollouts} {
		var text strings.Builder
		if err := pageTemplate.ExecuteTemplate(&text, name, shown); err != nil {
			return nil, err
		}
		*into = text.String()
	}
	return json.Marshal(u)
}
