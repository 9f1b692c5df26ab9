package safetensors

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/seahorse-ml/seahorse/internal/memory"
)

// Verify reads a file back and compares it bit for bit with the tensors that
// Write was given. The file may hold others beside them.
func Verify(path string, tensors []Tensor) (err error) {
	s, err := Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	for _, t := range tensors {
		want, err := viewOf(t)
		if err != nil {
			return fmt.Errorf("safetensors: %s: tensor %q: %w", path, t.Name, err)
		}
		got, ok := s.views[t.Name]
		switch {
		case !ok:
			return fmt.Errorf("safetensors: %s: tensor %q is missing", path, t.Name)
		case got.DType() != want.dtype || !slices.Equal(got.Shape(), want.shape):
			return fmt.Errorf("safetensors: %s: tensor %q is %v %v, expected %v %v", path, t.Name, got.DType(), got.Shape(), want.dtype, want.shape)
		case !equalBytes(got.Data(), want.Data()):
			return fmt.Errorf("safetensors: %s: tensor %q was not stored as it was written", path, t.Name)
		}
	}
	return nil
}

// comparedAtOnce is how much of a file is compared before its pages are given back, so that none of it counts as memory of the process for long.
const comparedAtOnce = 1 << 20

// equalBytes tells whether bytes of a mapped file are those that were written.
func equalBytes(mapped, want []byte) bool {
	if len(mapped) != len(want) {
		return false
	}
	for at := 0; at < len(want); at += comparedAtOnce {
		end := min(at+comparedAtOnce, len(want))
		same := bytes.Equal(mapped[at:end], want[at:end])
		memory.Drop(mapped[at:end])
		if !same {
			return false
		}
	}
	return true
}
