package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// likeOllama makes what Ollama keeps of a model beside its file the default of the options that aren't given: what the system says, stops, and how tokens are
// drawn. It says which.
func (c *chatCommand) likeOllama(s *streams, parsed *kong.Context) error {
	m := s.ollama
	if m == nil {
		return nil
	}
	given := map[string]bool{}
	for _, p := range parsed.Path {
		if p.Flag != nil {
			given[p.Flag.Name] = true
		}
	}
	var taken []string
	if m.System != "" && !given["system"] && !given["messages"] {
		c.System = m.System
		taken = append(taken, "its system")
	}
	number := func(flag, key string, set func(float64)) error {
		value, ok := m.Params[key]
		if !ok || given[flag] {
			return nil
		}
		x, ok := value.(float64)
		if !ok {
			return fmt.Errorf("ollama:%s: its %s is %v, expected a number", m.Name, key, value)
		}
		set(x)
		taken = append(taken, fmt.Sprintf("%s %v", key, x))
		return nil
	}
	numbers := map[string]struct {
		flag string
		set  func(float64)
	}{
		"temperature":    {"temperature", func(x float64) { c.Temperature = &x }},
		"top_k":          {"top-k", func(x float64) { c.TopK = int(x) }},
		"top_p":          {"top-p", func(x float64) { c.TopP = x }},
		"min_p":          {"min-p", func(x float64) { c.MinP = x }},
		"repeat_penalty": {"repetition-penalty", func(x float64) { c.RepetitionPenalty = x }},
		"seed":           {"seed", func(x float64) { c.Seed = uint64(int64(x)) }},
	}
	for _, key := range slices.Sorted(maps.Keys(numbers)) {
		if err := number(numbers[key].flag, key, numbers[key].set); err != nil {
			return err
		}
	}
	if n, ok := m.Params["num_predict"].(float64); ok && n > 0 && !given["max-new-tokens"] { // below 0 means without end
		c.MaxNewTokens = int(n)
		taken = append(taken, fmt.Sprintf("num_predict %v", n))
	}
	if stops, ok := m.Params["stop"].([]any); ok && !given["stop"] {
		for _, stop := range stops {
			text, ok := stop.(string)
			if !ok {
				return fmt.Errorf("ollama:%s: its stop is %v, expected a text", m.Name, stop)
			}
			c.Stop = append(c.Stop, text)
		}
		taken = append(taken, "its stops")
	}
	if len(taken) > 0 {
		s.say("ollama     %s", strings.Join(taken, ", "))
	}
	return nil
}
