package models

import (
	"encoding/json"
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/blocks"
)

// Storage says how the matrices of a model that is opened are kept: as floats, which can be trained, or as blocks of less bits, which are
// frozen and computed with as they lie. Vectors such as norms and biases are floats always.
type Storage string

const (
	// FloatStorage keeps all as float32.
	FloatStorage Storage = ""
	// StoredStorage keeps matrices as the file has them: a GGUF file's blocks, mapped into memory, and float32 where it has those.
	StoredStorage Storage = "stored"
	// EightBitStorage keeps blocks as a GGUF file has them, and packs floats to Q8_0.
	EightBitStorage Storage = "8bit"
	// FourBitStorage keeps blocks as a GGUF file has them, and packs floats to Q4_K, or to Q5_0 where 256 doesn't divide the rows; tables of
	// embeddings and heads, in which errors cost more, to Q8_0.
	FourBitStorage Storage = "4bit"
	// BFloat16Storage rounds all matrices to bfloat16, which those of a model that was trained in it are already.
	BFloat16Storage Storage = "bfloat16"
)

// policy returns how a tree keeps its matrices.
func (s Storage) policy(fields map[string]any) (func(name string, shape []int) graph.Storage, error) {
	var vocab int
	if n, ok := fields["vocab_size"].(json.Number); ok {
		v, _ := n.Int64()
		vocab = int(v)
	}
	switch s {
	case FloatStorage:
		return nil, nil
	case StoredStorage:
		return func(string, []int) graph.Storage { return graph.Storage{AsStored: true} }, nil
	case BFloat16Storage:
		return func(string, []int) graph.Storage { return graph.Storage{Format: blocks.BF16} }, nil
	case EightBitStorage, FourBitStorage:
		return func(_ string, shape []int) graph.Storage {
			cols := shape[1]
			format := blocks.F32
			switch {
			case s == FourBitStorage && shape[0] != vocab && blocks.Q4_K.Fits(cols):
				format = blocks.Q4_K
			case s == FourBitStorage && shape[0] != vocab && blocks.Q5_0.Fits(cols):
				format = blocks.Q5_0
			case blocks.Q8_0.Fits(cols):
				format = blocks.Q8_0
			}
			return graph.Storage{AsStored: true, Format: format}
		}, nil
	}
	return nil, fmt.Errorf("storage %q; expected %q, %q, %q, %q or nothing for floats", s, StoredStorage, EightBitStorage, FourBitStorage, BFloat16Storage)
}

// refuseQuantised names the ways of packing that aren't known here.
func refuseQuantised(fields map[string]any) error {
	q, ok := fields["quantization_config"].(map[string]any)
	if !ok {
		return nil
	}
	method, _ := q["quant_method"].(string)
	names := map[string]string{"gptq": "GPTQ", "awq": "AWQ", "bitsandbytes": "bitsandbytes"}
	name, ok := names[method]
	if !ok {
		name = fmt.Sprintf("quant_method %q", method)
	}
	return fmt.Errorf("the weights are packed by %s, which can't be read; take the model in floats (--load-in-4bit packs them), or as GGUF", name)
}
