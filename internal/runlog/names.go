package runlog

// Files of a run's directory, beside train.MetricsName.
const (
	SamplesName = "samples.jsonl" // lines of Sample
	SystemName  = "system.jsonl"  // lines of System
)

// Sample is what a run's model wrote after a step.
type Sample struct {
	Step int64  `json:"step"`
	Text string `json:"text"`
}

// System tells when a step was, and what the process took then.
type System struct {
	Step   int64   `json:"step"`
	Time   float64 `json:"time"`             // seconds since 1970
	Memory int64   `json:"memory,omitempty"` // bytes that are resident; 0 where the system doesn't tell
}
