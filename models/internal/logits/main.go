// Command logits loads the directory of a model, saves it again elsewhere and prints
// the logits of the ids that it reads, as JSON, for comparison with other programs:
//
//	echo '[[1, 2, 3]]' | logits DIR [NEW-DIR]
//
// An encoder-decoder gets the ids as the source and as the target. A classifier's scores are its logits, and a model without a head has
// its states.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

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
	if len(args) < 1 || len(args) > 2 {
		return fmt.Errorf("usage: logits DIR [NEW-DIR]")
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
	if len(args) == 2 {
		if err := m.Save(args[1]); err != nil {
			return err
		}
	}
	g := graph.New(graph.Config{})
	ids := g.Input("ids", tensor.Int32, len(rows), len(rows[0]))
	for i, row := range rows {
		copy(graph.Ints(ids)[i*len(rows[0]):], row)
	}
	var logits *graph.Node
	switch m := m.(type) {
	case models.CausalLM:
		logits = m.Logits(g, ids, nil)
	case *models.MaskedLM:
		logits = m.Logits(g, ids, nil, nil)
	case models.Seq2Seq:
		logits = m.Head(g, m.Hidden(g, ids, layers.Pass{Encoded: m.Encode(g, ids, nil)}))
	case *models.SequenceClassifier:
		logits = m.Scores(g, ids, nil, nil)
	case *models.RewardModel:
		logits = m.Scores(g, ids, nil, nil)
	case *models.TokenClassifier:
		logits = m.Scores(g, ids, nil, nil)
	case *models.Encoder:
		logits = m.Hidden(g, ids, nil, nil)
	case *models.Body:
		logits = m.Hidden(g, ids, layers.Pass{})
	case *models.T5Encoder:
		logits = m.Encode(g, ids, nil)
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
