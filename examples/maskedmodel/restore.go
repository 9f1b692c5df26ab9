package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

// illegible stands for a character that can't be read; Opticks has none.
const illegible = "#"

// restoreAll writes each text as it stands and with its illegible characters as the model in a directory reads them.
func restoreAll(dir string, texts []string, out io.Writer) error {
	m, err := models.Open(dir, models.OpenConfig{})
	if err != nil {
		return err
	}
	masked, ok := m.(*models.MaskedLM)
	if !ok {
		return fmt.Errorf("%s holds a %T, expected a model of masked tokens", dir, m)
	}
	chars, err := tokenizer.Load(dir)
	if err != nil {
		return err
	}
	r, err := newRestorer(masked, chars)
	if err != nil {
		return err
	}
	defer r.machine.Close()
	for _, text := range texts {
		restored, err := r.restore(text)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s\n%s\n\n", text, restored)
	}
	return nil
}

// A restorer scores the characters of one row at a time.
type restorer struct {
	chars                 *tokenizer.Tokenizer
	machine               *graph.Machine
	ids, segments, scores *graph.Node // [1, T], [1, T] and [1, T, V]
	mask, first, last     int32
	special               int // so many ids are no characters
}

func newRestorer(m *models.MaskedLM, chars *tokenizer.Tokenizer) (*restorer, error) {
	r := &restorer{chars: chars, special: len(special)}
	for name, id := range map[string]*int32{maskToken: &r.mask, firstToken: &r.first, lastToken: &r.last} {
		var ok bool
		if *id, ok = chars.ID(name); !ok {
			return nil, fmt.Errorf("the tokenizer has no %s", name)
		}
	}
	g := graph.New(graph.Config{})
	r.ids, r.segments = g.Input("ids", tensor.Int32, 1, m.ContextLength()), g.Input("segments", tensor.Int32, 1, m.ContextLength())
	r.scores = m.Logits(g, r.ids, nil, r.segments)
	var err error
	r.machine, err = graph.Compile(g, r.scores)
	return r, err
}

// restore finds the illegible characters of a text, the surest first, so that it helps to find the others.
func (r *restorer) restore(text string) (string, error) {
	ids := r.chars.AppendIDs(nil, []byte(strings.ReplaceAll(text, illegible, maskToken)), false)
	if !slices.Contains(ids, r.mask) {
		return "", fmt.Errorf("%q has no %s in it, which stands for a character to find", text, illegible)
	}
	for slices.Contains(ids, r.mask) {
		at, best, surest := 0, int32(0), -1.0
		for i, id := range ids {
			if id != r.mask {
				continue
			}
			c, p, err := r.likeliest(ids, i)
			if err != nil {
				return "", err
			}
			if p > surest {
				at, best, surest = i, c, p
			}
		}
		ids[at] = best
	}
	return string(r.chars.Decode(ids, true)), nil
}

// likeliest returns the character that the model finds the likeliest at a place in a text, and how likely it finds it. It sees as much of
// the text around that place as a row has room for.
func (r *restorer) likeliest(ids []int32, at int) (best int32, probability float64, err error) {
	row, segments := graph.Ints(r.ids), graph.Ints(r.segments)
	room := len(row) - 2
	begin := max(0, min(at-room/2, len(ids)-room))
	n := copy(row[1:1+room], ids[begin:])
	row[0], row[n+1] = r.first, r.last
	for i := range segments {
		segments[i] = 0
		if i >= n+2 {
			row[i], segments[i] = 0, -1
		}
	}
	if err := r.machine.RunAll(); err != nil {
		return 0, 0, err
	}
	all := graph.Floats[float32](r.scores)
	vocab := len(all) / len(row)
	scores := all[(at-begin+1)*vocab:][:vocab]
	best = int32(r.special)
	for id := range scores[r.special:] {
		if c := int32(r.special + id); scores[c] > scores[best] {
			best = c
		}
	}
	sum := 0.0 // of the softmax, over the greatest of its parts
	for _, z := range scores {
		sum += math.Exp(float64(z - scores[best]))
	}
	return best, 1 / sum, nil
}
