package safetensors

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestVerify(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	written := []Tensor{
		{Name: "a", Shape: []int{2, 2}, Data: []float32{1, 2, 3, 4}},
		{Name: "b", Shape: []int{3}, Data: []float64{5, 6, 7}},
	}
	if err := Write(path, written, nil); err != nil {
		t.Fatal(err)
	}
	if err := Verify(path, written); err != nil {
		t.Fatal(err)
	}
	if err := Verify(path, written[:1]); err != nil {
		t.Errorf("a part of the tensors: %v", err)
	}
	for _, test := range []struct {
		tensor Tensor
		want   string
	}{
		{Tensor{Name: "c", Shape: []int{1}, Data: []float32{1}}, `tensor "c" is missing`},
		{Tensor{Name: "a", Shape: []int{4}, Data: []float32{1, 2, 3, 4}}, `tensor "a" is F32 [2 2], expected F32 [4]`},
		{Tensor{Name: "b", Shape: []int{3}, Data: []float32{5, 6, 7}}, `tensor "b" is F64 [3], expected F32 [3]`},
		{Tensor{Name: "b", Shape: []int{3}, Data: []float64{5, 6, 8}}, `tensor "b" was not stored as it was written`},
	} {
		if err := Verify(path, []Tensor{test.tensor}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got error %v, want %q", err, test.want)
		}
	}
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	if err := Verify(path, written); err == nil {
		t.Error("a truncated file passed")
	}
}
