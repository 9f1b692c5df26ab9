package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

// fillIn writes, for each mask in each text, the words that the model finds the likeliest.
func fillIn(dir string, texts []string, out io.Writer) error {
	m, err := models.Open(dir)
	if err != nil {
		return err
	}
	masked, ok := m.(*models.MaskedLM)
	if !ok {
		return fmt.Errorf("%s holds a %T, expected a model of masked tokens", dir, m)
	}
	words, err := tokenizer.Load(dir)
	if err != nil {
		return err
	}
	for _, text := range texts {
		if err := fillText(masked, words, text, out); err != nil {
			return err
		}
	}
	return nil
}

// fillText fills in one text.
func fillText(m *models.MaskedLM, words *tokenizer.Tokenizer, text string, out io.Writer) error {
	mask, _ := words.ID("[MASK]")
	ids := words.AppendIDs(nil, []byte(text), true)
	if !slices.Contains(ids, mask) {
		return fmt.Errorf("%q has no [MASK] in it", text)
	}
	if len(ids) > m.ContextLength() {
		return fmt.Errorf("%q has %d tokens, the model takes %d", text, len(ids), m.ContextLength())
	}
	g := graph.New(graph.Config{})
	input := g.Input("ids", tensor.Int32, 1, len(ids))
	copy(graph.Ints(input), ids)
	logits := m.Logits(g, input, nil, nil)
	machine, err := graph.Compile(g, logits)
	if err != nil {
		return err
	}
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		return err
	}
	fmt.Fprintln(out, text)
	scores := graph.Floats[float32](logits)
	for i, id := range ids {
		if id == mask {
			best := likeliest(scores[i*m.VocabSize():(i+1)*m.VocabSize()], guesses)
			var names []string
			for _, id := range best {
				name, _ := words.Token(id)
				names = append(names, name)
			}
			fmt.Fprintf(out, "    %s\n", strings.Join(names, ", "))
		}
	}
	return nil
}

// likeliest returns the ids of the n greatest scores, the greatest first.
func likeliest(scores []float32, n int) []int32 {
	ids := make([]int32, len(scores))
	for i := range ids {
		ids[i] = int32(i)
	}
	slices.SortStableFunc(ids, func(a, b int32) int {
		switch {
		case scores[a] > scores[b]:
			return -1
		case scores[a] < scores[b]:
			return 1
		}
		return 0
	})
	return ids[:min(n, len(ids))]
}
