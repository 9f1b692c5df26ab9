package serve

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/task"
	"gorgonia.org/tensor"
)

// embedder makes vectors of texts: the mean of their tokens' states after the last layer, of length 1.
type embedder struct {
	states func(g *graph.Graph, ids, segments *graph.Node) *graph.Node // [B, T, D]
	dtype  tensor.Dtype
	most   int // tokens of a text

	mu      sync.Mutex
	length  int // T of the trace
	ids     *graph.Node
	padding *graph.Node
	vector  *graph.Node
	machine *graph.Machine
}

// newEmbedder returns nil for models whose states it doesn't know.
func newEmbedder(t *task.Trained) *embedder {
	e := &embedder{dtype: t.Model.Params()[0].DType(), most: t.Model.ContextLength()}
	switch m := t.Model.(type) {
	case *models.Encoder:
		e.states = func(g *graph.Graph, ids, segments *graph.Node) *graph.Node { return m.Hidden(g, ids, nil, segments) }
	case interface {
		Hidden(*graph.Graph, *graph.Node, layers.Pass) *graph.Node
	}:
		if !writes(t) {
			if _, ok := t.Model.(*models.Body); !ok {
				return nil
			}
		}
		e.states = func(g *graph.Graph, ids, segments *graph.Node) *graph.Node {
			return m.Hidden(g, ids, layers.Pass{Segments: segments})
		}
	default:
		return nil
	}
	return e
}

// embed returns the vector of a text. Only one is computed at one time, on all cores.
func (e *embedder) embed(ids []int32) ([]float64, error) {
	const step = 32 // of the lengths of traces
	e.mu.Lock()
	defer e.mu.Unlock()
	length := min((len(ids)+step-1)/step*step, e.most)
	if e.machine == nil || e.length != length {
		if e.machine != nil {
			e.machine.Close()
			e.machine = nil
		}
		g := graph.New(graph.Config{DType: e.dtype})
		e.ids, e.padding = g.Input("ids", tensor.Int32, 1, length), g.Input("segments", tensor.Int32, 1, length)
		e.vector = layers.Pool(g, e.states(g, e.ids, e.padding), e.padding, layers.PoolConfig{Kind: layers.PoolMean, Normalize: true})
		machine, err := graph.Compile(g, e.vector)
		if err != nil {
			return nil, fmt.Errorf("serve: embeddings: %w", err)
		}
		e.machine, e.length = machine, length
	}
	for i := range length {
		graph.Ints(e.ids)[i], graph.Ints(e.padding)[i] = 0, -1
		if i < len(ids) {
			graph.Ints(e.ids)[i], graph.Ints(e.padding)[i] = ids[i], 0
		}
	}
	if err := e.machine.RunAll(); err != nil {
		return nil, fmt.Errorf("serve: embeddings: %w", err)
	}
	if x := graph.Floats[float64](e.vector); x != nil {
		return append([]float64{}, x...), nil
	}
	var y []float64
	for _, v := range graph.Floats[float32](e.vector) {
		y = append(y, float64(v))
	}
	return y, nil
}

// embed answers /v1/embeddings.
func (s *Server) embed(w http.ResponseWriter, r *http.Request) error {
	if s.embedder == nil {
		return &fault{status: http.StatusBadRequest, kind: invalidRequest, code: "model_not_supported", message: s.config.Name + " holds " + task.Described(s.trained.Model) + ", which doesn't embed texts"}
	}
	done, err := s.admit(w)
	if err != nil {
		return err
	}
	defer done()
	data, err := s.body(w, r)
	if err != nil {
		return err
	}
	f, err := readFields(data, "model", "input", "encoding_format", "dimensions", "user")
	if err != nil {
		return err
	}
	if err := s.checkModel(f.text("model")); err != nil && f.err == nil {
		return err
	}
	f.only("encoding_format", "float", "base64")
	form := f.text("encoding_format")
	f.text("user")
	wide := f.integer("dimensions", 1, anyInteger, 0)
	texts := s.prompts(f, "input")
	if f.err != nil {
		return f.err
	}
	var all []any
	tokens := 0
	for i, in := range texts {
		if len(in.ids) > s.embedder.most {
			return &fault{status: http.StatusBadRequest, kind: invalidRequest, param: "input", code: "context_length_exceeded", message: fmt.Sprintf("input %d has %d tokens, the model reads at most %d", i, len(in.ids), s.embedder.most)}
		}
		if err := r.Context().Err(); err != nil {
			return err
		}
		vector, err := s.embedder.embed(in.ids)
		if err != nil {
			return err
		}
		if wide > 0 && int(wide) != len(vector) {
			return invalid("dimensions", "dimensions: %d, the model's vectors have %d", wide, len(vector))
		}
		for _, x := range vector {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return errors.New("serve: embeddings: a vector has elements that aren't numbers")
			}
		}
		all = append(all, map[string]any{"object": "embedding", "index": i, "embedding": encoded(vector, form)})
		tokens += len(in.ids)
	}
	return answerJSON(w, map[string]any{
		"object": "list", "data": all, "model": s.config.Name, "usage": map[string]any{"prompt_tokens": tokens, "total_tokens": tokens},
	})
}

// encoded returns a vector as numbers, or as its float32s in base64.
func encoded(vector []float64, form string) any {
	if form != "base64" {
		return vector
	}
	data := make([]byte, 0, 4*len(vector))
	for _, x := range vector {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(x)))
	}
	return base64.StdEncoding.EncodeToString(data)
}
