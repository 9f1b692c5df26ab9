package environment_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"

	"github.com/seahorse-ml/seahorse/agent/environment"
	"github.com/seahorse-ml/seahorse/data/chat"
)

// An episode in a maze, as a model would walk it.
func Example() {
	e, err := environment.Named("maze")
	if err != nil {
		log.Fatal(err)
	}
	episode, err := e.Begin(json.RawMessage(`{"maze": ["#####", "#S.G#", "#####"]}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(episode.Talk().Messages[0].Content)
	for {
		step, err := episode.Act(context.Background(), "I go east.", chat.NoCalls)
		if err != nil {
			log.Fatal(err)
		}
		if step.Done {
			fmt.Println("reward", step.Reward)
			return
		}
		fmt.Println(step.Seen[0].Content)
	}
	// Output:
	// #####
	// #S.G#
	// #####
	// Ways: east.
	// Ways: east, west.
	// reward 1
}
