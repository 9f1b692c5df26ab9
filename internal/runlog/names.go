package runlog

// Files of a run's directory, beside train.MetricsName.
const (
	SamplesName = "samples.jsonl" // lines of Sample
	SystemName  = "system.jsonl"  // lines of System

	GradientsName  = "gradients.jsonl"  // lines of numbers, gradient_norm, a slash and a layer: the norms of the gradients of layers
	LayersName     = "layers.jsonl"     // lines of numbers, as those of metrics: a figure, a slash and a layer
	HistogramsName = "histograms.jsonl" // lines of Histogram, several of a step
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

// Shares are those of the numbers that are below the quantiles of a Histogram.
var Shares = [5]float64{0.05, 0.25, 0.5, 0.75, 0.95}

// Histogram tells how the numbers of a layer are spread.
type Histogram struct {
	Step      int64      `json:"step"`
	Layer     string     `json:"layer"`
	Of        string     `json:"of"` // weights, gradients or activations
	Count     int64      `json:"count"`
	NotFinite int64      `json:"not_finite,omitempty"` // which are left out of all else
	Min       float64    `json:"min"`
	Max       float64    `json:"max"`
	Mean      float64    `json:"mean"`
	RMS       float64    `json:"rms"`
	Quantiles [5]float64 `json:"quantiles"` // of Shares
	Limits    []float64  `json:"limits"`    // where buckets end, rising; they begin where the one before ends, the first with Min
	Counts    []float64  `json:"counts"`    // of the buckets
}
