package adapt

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/seahorse-ml/seahorse/models"
)

// openGGUF puts the adapter of a GGUF file on a model.
func openGGUF(path string, m Model) (a *Adapter, err error) {
	decoder, ok := m.(*models.Decoder)
	if !ok {
		return nil, fmt.Errorf("a GGUF file of an adapter is for a language model, and the model is %T", m)
	}
	file, err := models.OpenLoRA(path, decoder)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	names := slices.Sorted(maps.Keys(file.Ranks))
	c := LoRAConfig{Rank: file.Ranks[names[0]], Alpha: file.Alpha, Targets: Targets{Names: names}, Task: TaskCausal}
	if c.Alpha == 0 { // changes as they are
		c.Alpha = float64(c.Rank)
	}
	for _, name := range names {
		rank := file.Ranks[name]
		if rank == c.Rank {
			continue
		}
		pattern := "^" + regexp.QuoteMeta(name) + "$"
		c.Ranks = append(c.Ranks, Pattern{Regex: pattern, Value: float64(rank)})
		if file.Alpha == 0 {
			c.Alphas = append(c.Alphas, Pattern{Regex: pattern, Value: float64(rank)})
		}
	}
	tree, err := sourceTree(m, file)
	if err != nil {
		return nil, err
	}
	return put(m, fileConfig{lora: &c, targets: c.Targets}, tree)
}
