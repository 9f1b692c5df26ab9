package embed

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/safetensors"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/weights"
	"gorgonia.org/tensor"
)

// Static is a body whose state of a token is the same in each text: its row of a table. It is as quick as looking words up.
type Static struct{ Table *layers.Embedding }

// staticWeight is the name of the table in files of sentence-transformers, model2vecWeight that in model2vec's.
const (
	staticWeight    = "embedding.weight"
	model2vecWeight = "embeddings"
)

// NewStatic makes a table of vectors, a row for each id of a tokenizer, all of one length.
func NewStatic(vectors [][]float32) (*Static, error) {
	if len(vectors) == 0 || len(vectors[0]) == 0 {
		return nil, errors.New("embed: a table of no vectors")
	}
	p := graph.NewParams(tensor.Float32, 0)
	return newStatic(p, layers.EmbeddingConfig{Vocab: len(vectors), Width: len(vectors[0]), Vectors: vectors})
}

// RandomStatic makes a table of vectors to be learned, drawn from a normal distribution.
func RandomStatic(vocab, width int, seed uint64) (*Static, error) {
	return newStatic(graph.NewParams(tensor.Float32, seed), layers.EmbeddingConfig{Vocab: vocab, Width: width, Init: graph.Normal(1)})
}

func newStatic(p *graph.Params, c layers.EmbeddingConfig) (*Static, error) {
	s := &Static{Table: layers.NewEmbedding(c, p.Sub("embedding"))}
	if err := p.Err(); err != nil {
		return nil, fmt.Errorf("embed: %w", err)
	}
	return s, nil
}

// openStatic reads the table of a directory.
func openStatic(dir string, sketch bool) (*Static, error) {
	files, err := weights.Open(dir)
	if err != nil {
		return nil, err
	}
	defer files.Close()
	source := graph.Source(files)
	shape, ok := source.Shape(staticWeight)
	if !ok {
		if shape, ok = source.Shape(model2vecWeight); ok {
			for _, name := range []string{"mapping", "weights"} {
				if _, has := source.Shape(name); has {
					return nil, fmt.Errorf("embed: %s: a table with %q, as model2vec compresses vocabularies, isn't known; expected %q alone", dir, name, model2vecWeight)
				}
			}
			source = renamed{source}
		}
	}
	if !ok || len(shape) != 2 {
		return nil, fmt.Errorf("embed: %s: no table of vectors, expected %q or %q [V, D]", dir, staticWeight, model2vecWeight)
	}
	p := graph.LoadParams(tensor.Float32, source)
	if sketch {
		p = graph.SketchParams(tensor.Float32, source)
	}
	return newStatic(p, layers.EmbeddingConfig{Vocab: shape[0], Width: shape[1]})
}

// renamed gives model2vec's table the name of sentence-transformers'.
type renamed struct{ graph.Source }

func (n renamed) Shape(name string) ([]int, bool) { return n.Source.Shape(model2vecName(name)) }
func (n renamed) Readable(name string) error      { return n.Source.Readable(model2vecName(name)) }
func (n renamed) Read(name string, dst *tensor.Dense) error {
	return n.Source.Read(model2vecName(name), dst)
}
func (n renamed) Names() []string { return []string{staticWeight} }

func model2vecName(name string) string {
	if name == staticWeight {
		return model2vecWeight
	}
	return "" // which no tensor has
}

// Params returns the table.
func (s *Static) Params() []*graph.Param { return []*graph.Param{s.Table.Weight} }

// VocabSize returns V.
func (s *Static) VocabSize() int { return s.Table.Weight.Shape[0] }

// ContextLength is without bound.
func (s *Static) ContextLength() int { return unbounded }

// Save writes the table.
func (s *Static) Save(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("embed: %w", err)
	}
	w := s.Table.Weight
	return safetensors.Write(filepath.Join(dir, safetensors.FileName), []safetensors.Tensor{{Name: w.Name, Shape: w.Shape, Data: w.Value().Data()}}, map[string]string{"format": "pt"})
}
