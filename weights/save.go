package weights

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/safetensors"
)

// SaveConfig configures Save.
type SaveConfig struct {
	// DType is what elements are stored as: float32, bfloat16 or float16. The default is the type that a parameter has.
	DType string
	// Metadata is kept in the file's head; default {"format": "pt"}, which Hugging Face's libraries expect.
	Metadata map[string]string
}

// Validate tells what is wrong with the configuration, or nil.
func (c SaveConfig) Validate() error {
	switch c.DType {
	case "", "float32", "bfloat16", "float16":
		return nil
	}
	return fmt.Errorf("weights: dtype %q; expected float32, bfloat16 or float16", c.DType)
}

// Save writes parameters to a safetensors file under their names. It replaces an older file only when it is complete and on the disk, and the same
// parameters give the same bytes. Those of a sketch, which have no values, are an error.
func Save(path string, params []*graph.Param, c SaveConfig) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if c.Metadata == nil {
		c.Metadata = map[string]string{"format": "pt"}
	}
	tensors := make([]safetensors.Tensor, len(params))
	for i, p := range params {
		if p.Value() == nil {
			return fmt.Errorf("weights: %s: parameter %q has no values", path, p.Name)
		}
		tensors[i] = safetensors.Tensor{Name: p.Name, Shape: p.Shape, Data: p.Value().Data(), As: c.DType}
	}
	if err := safetensors.Write(path, tensors, c.Metadata); err != nil {
		return fmt.Errorf("weights: %w", err)
	}
	return nil
}
