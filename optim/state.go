package optim

import (
	"errors"
	"fmt"
	"slices"

	"github.com/seahorse-ml/seahorse/internal/safetensors"
	"gorgonia.org/tensor"
)

// Names of the stored tensors; those of the moments are followed by the parameter's name.
const (
	stepName   = "step"
	firstName  = "exp_avg."
	secondName = "exp_avg_sq."
)

// stored calls visit with each tensor of the state, one after the other.
func (a *Adam) stored(visit func(name string, t *tensor.Dense)) {
	if a.shards != nil {
		a.storedShares(visit)
		return
	}
	for i, p := range a.params {
		visit(firstName+p.Name, a.moments[i].first)
		visit(secondName+p.Name, a.moments[i].second)
	}
}

// Save writes the moments as "exp_avg.NAME" and "exp_avg_sq.NAME", PyTorch's words for
// them, and the number of steps taken as "step", an int32 of shape [1]. The file is read back
// and compared.
func (a *Adam) Save(path string) error {
	if a.shards != nil {
		return a.saveGathered(path)
	}
	return saveState(path, a.steps, a.stored)
}

// visitor calls visit with each tensor of a state.
type visitor = func(visit func(name string, t *tensor.Dense))

func saveState(path string, steps int, stored visitor) error {
	tensors := []safetensors.Tensor{{Name: stepName, Shape: []int{1}, Data: []int32{int32(steps)}}}
	stored(func(name string, t *tensor.Dense) {
		tensors = append(tensors, safetensors.Tensor{Name: name, Shape: t.Shape(), Data: t.Data()})
	})
	if err := safetensors.Write(path, tensors, nil); err != nil {
		return fmt.Errorf("optim: %w", err)
	}
	if err := safetensors.Verify(path, tensors); err != nil {
		return fmt.Errorf("optim: %w", err)
	}
	return nil
}

// Load restores what Save wrote. What doesn't fit the parameters is an error that
// names it, and then nothing was changed.
func (a *Adam) Load(path string) error { return loadState(path, &a.steps, a.stored) }

func loadState(path string, count *int, stored visitor) (err error) {
	file, err := safetensors.Open(path)
	if err != nil {
		return fmt.Errorf("optim: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	known := map[string]bool{stepName: true}
	var problems []error
	check := func(name string, want []int) {
		known[name] = true
		if shape, ok := file.Shape(name); !ok {
			problems = append(problems, fmt.Errorf("tensor %q is missing", name))
		} else if !slices.Equal(shape, want) {
			problems = append(problems, fmt.Errorf("tensor %q has shape %v, expected %v", name, shape, want))
		}
	}
	check(stepName, []int{1})
	stored(func(name string, t *tensor.Dense) { check(name, t.Shape()) })
	for _, name := range file.Names() {
		if !known[name] {
			problems = append(problems, fmt.Errorf("tensor %q belongs to no parameter that is trained", name))
		}
	}
	switch n := len(problems); {
	case n == 1:
		return fmt.Errorf("optim: %s does not fit the parameters: %w", path, problems[0])
	case n > 1:
		return fmt.Errorf("optim: %s does not fit the parameters: %w, and %d more", path, problems[0], n-1)
	}
	steps := tensor.New(tensor.WithShape(1), tensor.WithBacking([]int32{0}))
	if err := file.Read(stepName, steps); err != nil {
		return fmt.Errorf("optim: %w", err)
	}
	stored(func(name string, t *tensor.Dense) {
		if err == nil {
			err = file.Read(name, t)
		}
	})
	if err != nil {
		return fmt.Errorf("optim: %w", err)
	}
	*count = int(steps.Data().([]int32)[0])
	return nil
}
