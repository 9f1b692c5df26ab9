// Package environment holds what a model acts in by turns, to learn from what it comes to.
package environment

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/search"
)

// Environment begins episodes. Episodes of one record that are acted in alike come out alike: that is what makes runs exact. Several may go on at once.
type Environment interface {
	// Name is what figures call it: lower-case letters, digits and underscores.
	Name() string
	// Begin begins an episode of a record of the data.
	Begin(record json.RawMessage) (Episode, error)
}

// Episode is a conversation that goes on as the model acts.
type Episode interface {
	// Talk is what the model is told first, up to its first turn, with the tools that it may call.
	Talk() chat.Conversation
	// Act takes what the model has written in a turn, in the form of its template's calls.
	Act(ctx context.Context, turn string, form chat.CallForm) (Step, error)
}

// Step is what comes of a turn.
type Step struct {
	Said   chat.Message   // the turn as a message of the assistant
	Seen   []chat.Message // what the model is told before its next turn; none where the episode is over
	Reward float64        // that is added to the episode's
	Done   bool
}

// Names returns the names of the environments that Named knows.
func Names() []string { return []string{"arithmetic", "maze", "retrieval:INDEX"} }

// Named returns the environment of a name. An index stays open for as long as the process lives.
func Named(name string) (Environment, error) {
	kind, rest, _ := strings.Cut(name, ":")
	switch {
	case name == "arithmetic":
		return Arithmetic{}, nil
	case name == "maze":
		return Maze{}, nil
	case kind == "retrieval" && rest != "":
		x, err := search.Open(rest)
		if err != nil {
			return nil, fmt.Errorf("environment: %s: %w", name, err)
		}
		return Retrieval{Index: x}, nil
	}
	return nil, fmt.Errorf("environment: %q, expected one of %s", name, strings.Join(Names(), ", "))
}
