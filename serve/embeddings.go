package serve

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync"

	"github.com/seahorse-ml/seahorse/embed"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/task"
)

// embedder makes the vectors that `finetune embed encode` makes: with the model's pooling, normalisation and default prompt. It may be used by many at once;
// the texts of one request go through the model at one time, on all cores.
type embedder struct {
	mu      sync.Mutex
	encoder *embed.Encoder
}

// newEmbedder returns nil for models whose states aren't known.
func newEmbedder(t *task.Trained) (*embedder, error) {
	switch t.Model.(type) {
	case *models.Encoder, *models.Body:
	default:
		if !writes(t) {
			return nil, nil
		}
	}
	dir := t.Dir
	if embed.IsDir(t.AdapterDir()) {
		dir = t.AdapterDir()
	}
	m, err := embed.On(t.Model, dir)
	if err != nil {
		return nil, fmt.Errorf("serve: embeddings: %w", err)
	}
	return &embedder{encoder: &embed.Encoder{Model: m, Tokenizer: t.Tokenizer}}, nil
}

// frame returns the ids of a text behind the default prompt, however many they are.
func (e *embedder) frame(text string) ([]int32, error) {
	ids, _, _, _, err := e.encoder.Tokenizer.Frame([]byte(e.encoder.Model.Prompt("")+text), nil, math.MaxInt)
	return ids, err
}

// embed returns the vectors of texts.
func (e *embedder) embed(ctx context.Context, ids [][]int32) ([][]float32, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.encoder.EncodeIDs(ctx, ids)
}

// close gives the memory back.
func (e *embedder) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	_ = e.encoder.Close()
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
	most := s.embedder.encoder.Model.ContextLength()
	ids, tokens := make([][]int32, len(texts)), 0
	for i, in := range texts {
		ids[i] = in.ids
		if in.text != "" {
			if ids[i], err = s.embedder.frame(in.text); err != nil {
				return invalid("input", "input %d: %v", i, err)
			}
		}
		if len(ids[i]) > most {
			return &fault{status: http.StatusBadRequest, kind: invalidRequest, param: "input", code: "context_length_exceeded", message: fmt.Sprintf("input %d has %d tokens, the model reads at most %d", i, len(ids[i]), most)}
		}
		tokens += len(ids[i])
	}
	vectors, err := s.embedder.embed(r.Context(), ids)
	if err != nil {
		return err
	}
	var all []any
	for i, vector := range vectors {
		if wide > 0 && int(wide) != len(vector) {
			return invalid("dimensions", "dimensions: %d, the model's vectors have %d", wide, len(vector))
		}
		for _, x := range vector {
			if x-x != 0 {
				return errors.New("serve: embeddings: a vector has elements that aren't numbers")
			}
		}
		all = append(all, map[string]any{"object": "embedding", "index": i, "embedding": encoded(vector, form)})
	}
	return answerJSON(w, map[string]any{
		"object": "list", "data": all, "model": s.config.Name, "usage": map[string]any{"prompt_tokens": tokens, "total_tokens": tokens},
	})
}

// encoded returns a vector as numbers, or as its float32s in base64.
func encoded(vector []float32, form string) any {
	if form != "base64" {
		return vector
	}
	data := make([]byte, 0, 4*len(vector))
	for _, x := range vector {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(x))
	}
	return base64.StdEncoding.EncodeToString(data)
}
