// Command states loads the directory of an encoder, saves it again elsewhere and
// prints the states of the padded texts that it reads and what the head makes of them, as
// JSON, for comparison with other programs:
//
//	echo '{"ids": [[1, 2, 3]], "types": [[0, 0, 0]], "segments": [[0, 0, -1]]}' | states DIR [NEW-DIR]
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// texts are what is read.
type texts struct{ IDs, Types, Segments [][]int32 }

// states are what is printed; logits are those of a head or the pooled states.
type states struct {
	Hidden []float32 `json:"hidden"`
	Logits []float32 `json:"logits"`
}

func run(args []string) error {
	if len(args) < 1 || len(args) > 2 {
		return fmt.Errorf("usage: states DIR [NEW-DIR]")
	}
	var in texts
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		return fmt.Errorf("states: standard input: expected ids, types and segments: %w", err)
	}
	if len(in.IDs) == 0 {
		return errors.New("states: standard input: expected ids, types and segments, got none")
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
	ids, types, segments := rows(g, "ids", in.IDs), rows(g, "types", in.Types), rows(g, "segments", in.Segments)
	var hidden, logits *graph.Node
	switch m := m.(type) {
	case *models.MaskedLM:
		hidden, logits = m.Hidden(g, ids, types, segments), m.Logits(g, ids, types, segments)
	case *models.SequenceClassifier:
		hidden, logits = m.Hidden(g, ids, types, segments), m.Scores(g, ids, types, segments)
	case *models.TokenClassifier:
		hidden, logits = m.Hidden(g, ids, types, segments), m.Scores(g, ids, types, segments)
	case *models.Encoder:
		hidden, logits = m.Hidden(g, ids, types, segments), m.Pooled(g, ids, types, segments)
	default:
		return fmt.Errorf("states: %s holds a %T, which is no encoder", args[0], m)
	}
	machine, err := graph.Compile(g, hidden, logits)
	if err != nil {
		return err
	}
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(states{graph.Floats[float32](hidden), graph.Floats[float32](logits)})
}

// rows makes an input of rows of one length.
func rows(g *graph.Graph, name string, rows [][]int32) *graph.Node {
	n := g.Input(name, tensor.Int32, len(rows), len(rows[0]))
	for i, row := range rows {
		copy(graph.Ints(n)[i*len(rows[0]):], row)
	}
	return n
}
