package adapt

import (
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

// A Task is what a model is for, in peft's words (task_type). The zero value says nothing.
type Task string

// The tasks.
const (
	TaskCausal   Task = "CAUSAL_LM"
	TaskSeq2Seq  Task = "SEQ_2_SEQ_LM"
	TaskSequence Task = "SEQ_CLS"
	TaskToken    Task = "TOKEN_CLS"
	TaskFeatures Task = "FEATURE_EXTRACTION"
)

// TaskOf returns what a model is for, empty where peft has no word for that.
func TaskOf(m Model) Task {
	switch m.(type) {
	case models.CausalLM:
		return TaskCausal
	case models.Seq2Seq:
		return TaskSeq2Seq
	case *models.SequenceClassifier, *models.RewardModel:
		return TaskSequence
	case *models.TokenClassifier:
		return TaskToken
	case *models.Encoder:
		return TaskFeatures
	}
	return ""
}

// kindOf returns the element type of a model's parameters, and whether it is a sketch.
func kindOf(m Model) (dt tensor.Dtype, sketch bool, err error) {
	params := m.Params()
	if len(params) == 0 {
		return dt, false, errNoParameters
	}
	for _, p := range params {
		sketch = sketch || !p.HasValues()
	}
	return params[0].DType(), sketch, nil
}

// sourceTree starts the tree of an adapter that is read for a model.
func sourceTree(m Model, source graph.Source) (*graph.Params, error) {
	dt, sketch, err := kindOf(m)
	if err != nil {
		return nil, err
	}
	if sketch {
		return graph.SketchParams(dt, source), nil
	}
	return graph.LoadParams(dt, source), nil
}
