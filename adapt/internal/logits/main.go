// Command logits opens a model and an adapter on it, writes the adapter again elsewhere and prints the logits of the ids that it reads, as JSON,
// for comparison with peft:
//
//	echo '[[1, 2, 3]]' | logits MODEL ADAPTER NEW-ADAPTER
//
// Ids follow those of a prompt; of an encoder-decoder they are the source and the target.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/seahorse-ml/seahorse/adapt"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("usage: logits MODEL ADAPTER NEW-ADAPTER")
	}
	var rows [][]int32
	if err := json.NewDecoder(os.Stdin).Decode(&rows); err != nil {
		return fmt.Errorf("logits: standard input: expected a list of rows of ids: %w", err)
	}
	if len(rows) == 0 || len(rows[0]) == 0 {
		return errors.New("logits: standard input: expected a list of rows of ids, got none")
	}
	m, err := models.Open(args[0], models.OpenConfig{})
	if err != nil {
		return err
	}
	a, err := adapt.Open(args[1], m, adapt.OpenConfig{})
	if err != nil {
		return err
	}
	if err := a.Save(args[2]); err != nil {
		return err
	}
	if p := a.Prompt(); p != nil {
		for i, row := range rows {
			rows[i] = append(append([]int32{}, p.IDs()...), row...)
		}
	}
	g := graph.New(graph.Config{})
	ids := g.Input("ids", tensor.Int32, len(rows), len(rows[0]))
	for i, row := range rows {
		copy(graph.Ints(ids)[i*len(row):], row)
	}
	var logits *graph.Node
	switch m := m.(type) {
	case models.CausalLM:
		logits = m.Logits(g, ids, nil)
	case models.Seq2Seq:
		logits = m.Head(g, m.Hidden(g, ids, layers.Pass{Encoded: m.Encode(g, ids, nil)}))
	case *models.SequenceClassifier:
		logits = m.Scores(g, ids, nil, nil)
	case *models.RewardModel:
		logits = m.Scores(g, ids, nil, nil)
	default:
		return fmt.Errorf("logits: %s holds a %T, which isn't known here", args[0], m)
	}
	machine, err := graph.Compile(g, logits)
	if err != nil {
		return err
	}
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(graph.Floats[float32](logits))
}
