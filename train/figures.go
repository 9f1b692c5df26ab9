package train

import (
	"fmt"
	"strings"
)

// A Figure is a number that a model told of itself beside its loss; see layers.Figure.
type Figure struct {
	Name  string
	Value float64
}

// Figures are a model's figures in its order.
type Figures []Figure

// Get returns a figure by its name, and whether it is there: one has no value where it isn't defined, as a correlation of what is all
// the same.
func (f Figures) Get(name string) (float64, bool) {
	for _, figure := range f {
		if figure.Name == name {
			return figure.Value, true
		}
	}
	return 0, false
}

// String lists the figures, as in "accuracy 0.8125, mean margin 1.3".
func (f Figures) String() string {
	var parts []string
	for _, figure := range f {
		parts = append(parts, fmt.Sprintf("%s %.4g", strings.ReplaceAll(figure.Name, "_", " "), figure.Value))
	}
	return strings.Join(parts, ", ")
}
