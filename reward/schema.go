package reward

import (
	"context"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Schema is 1 for answers that are JSON by a JSON schema, and 0 for others.
type Schema struct{ schema *jsonschema.Schema }

// NewSchema reads a schema from a file. What it refers to must lie in files.
func NewSchema(path string) (Schema, error) {
	c := jsonschema.NewCompiler()
	c.UseLoader(jsonschema.FileLoader{})
	s, err := c.Compile(path)
	if err != nil {
		return Schema{}, fmt.Errorf("reward: schema: %w", err)
	}
	return Schema{s}, nil
}

// Name is "schema".
func (Schema) Name() string { return "schema" }

// Rewards reads answers.
func (s Schema) Rewards(_ context.Context, samples []Sample) ([]float64, error) {
	return each(samples, func(x Sample) (float64, error) {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(x.Answer))
		return truth(err == nil && s.schema.Validate(value) == nil), nil
	})
}
