package models

import (
	"fmt"
	"math"
	"slices"
)

// maxParts bounds the layers and the experts of a model, each of which costs memory before it has a parameter.
const maxParts = 1 << 14

// parts are the sizes in a config.json that count parts of a model.
var parts = []string{
	"n_layer", "num_layers", "num_hidden_layers", "num_decoder_layers", "encoder_layers", "decoder_layers", "num_hidden_groups", "inner_group_num", "num_local_experts",
}

// checkSize tells what is wrong with a size in a config.json, or nil.
func checkSize(name string, value int) error {
	most := math.MaxInt32
	if slices.Contains(parts, name) {
		most = maxParts
	}
	switch {
	case value <= 0:
		return fmt.Errorf("%s is %d, expected it to be positive", name, value)
	case value > most:
		return fmt.Errorf("%s is %d, expected at most %d", name, value, most)
	}
	return nil
}
