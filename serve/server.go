package serve

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/internal/web"
	"github.com/seahorse-ml/seahorse/task"
)

// Config configures New. Zeros mean the defaults.
type Config struct {
	Name      string                 // of the model, as requests name it; default the last part of its path
	Token     string                 // that requests must show; default none, and then only this machine's own programs and pages are answered
	Template  string                 // chat template in place of the model's own: a file or the name of a built-in one
	Batch     generate.BatcherConfig // how much is written at one time
	MaxTokens int                    // of an answer where a request doesn't say; default 1,024, and no more than there is room for
	Waiting   int                    // requests that may wait for their turn; default 64
	Body      int64                  // bytes of a request; default 4 MiB
	Time      time.Duration          // that a request may take, its waiting too; default 10 min
	Log       func(format string, args ...any)
}

// Server answers requests for one model. It is an http.Handler.
type Server struct {
	config    Config
	trained   *task.Trained
	writer    *task.Writer      // nil for models that don't write
	batcher   *generate.Batcher // nil likewise
	templates func(tools bool) (task.ChatTemplate, error)
	embedder  *embedder // nil for models without states
	guard     web.Guard
	created   int64
	routes    map[string]route
	busy      atomic.Int64 // requests that are written or wait
	closing   atomic.Bool
	ids       atomic.Uint64
}

type route struct {
	method string
	handle func(w http.ResponseWriter, r *http.Request) error
}

// New makes a server for a model that has been loaded.
func New(t *task.Trained, c Config) (*Server, error) {
	const tokens, waiting, body, limit = 1024, 64, 4 << 20, 10 * time.Minute
	if c.Name == "" {
		c.Name = strings.TrimSuffix(filepath.Base(filepath.Clean(t.Dir)), ".gguf")
	}
	if c.MaxTokens == 0 {
		c.MaxTokens = tokens
	}
	if c.Waiting == 0 {
		c.Waiting = waiting
	}
	if c.Body == 0 {
		c.Body = body
	}
	if c.Time == 0 {
		c.Time = limit
	}
	if c.Log == nil {
		c.Log = func(string, ...any) {}
	}
	if c.MaxTokens < 0 || c.Waiting < 0 || c.Body < 0 || c.Time < 0 {
		return nil, fmt.Errorf("serve: answers of %d tokens, %d requests that wait, %d bytes of one and %v for it, expected more than 0", c.MaxTokens, c.Waiting, c.Body, c.Time)
	}
	s := &Server{config: c, trained: t, guard: web.Guard{Token: c.Token}, created: time.Now().Unix()}
	var err error
	if s.embedder, err = newEmbedder(t); err != nil {
		return nil, err
	}
	if writes(t) {
		if s.writer, err = t.Writer(); err != nil {
			return nil, err
		}
		if s.batcher, err = s.writer.Batcher(c.Batch); err != nil {
			return nil, err
		}
		s.templates = task.Conversations{Dir: t.Dir, Template: c.Template}.Templates(t.Tokenizer)
	}
	if s.writer == nil && s.embedder == nil {
		return nil, fmt.Errorf("serve: %s holds %s, which neither continues texts nor embeds them", t.Dir, task.Described(t.Model))
	}
	s.routes = map[string]route{
		"/health":              {http.MethodGet, s.health},
		"/v1/models":           {http.MethodGet, s.models},
		"/v1/chat/completions": {http.MethodPost, s.chat},
		"/v1/completions":      {http.MethodPost, s.complete},
		"/v1/embeddings":       {http.MethodPost, s.embed},
	}
	return s, nil
}

// writes tells whether a model continues texts.
func writes(t *task.Trained) bool {
	_, ok := t.Model.(generate.Model)
	_, about := t.Model.(generate.Encoder)
	return ok && !about
}

// Name returns the model's name in requests.
func (s *Server) Name() string { return s.config.Name }

// End lets the server refuse new requests, while those under way are answered.
func (s *Server) End() { s.closing.Store(true) }

// Close ends what is written and gives the memory back.
func (s *Server) Close() {
	s.End()
	if s.batcher != nil {
		s.batcher.Close()
	}
	if s.embedder != nil {
		s.embedder.close()
	}
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if v := recover(); v != nil {
			if err, is := v.(error); is && errors.Is(err, http.ErrAbortHandler) {
				panic(v)
			}
			s.config.Log("fault      %s: %v\n%s", r.URL.Path, v, debug.Stack())
			refuse(w, &fault{status: http.StatusInternalServerError, kind: serverError, message: "the server failed"})
		}
	}()
	w.Header().Set("X-Content-Type-Options", "nosniff")
	web.AllowOwnOrigin(w, r)
	if err := s.serve(w, r); err != nil {
		refuse(w, err)
	}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) error {
	path := strings.TrimSuffix(r.URL.Path, "/")
	if path != "/health" && r.Method != http.MethodOptions {
		if err := s.guard.Check(r); errors.Is(err, web.ErrToken) {
			w.Header().Set("WWW-Authenticate", "Bearer")
			return &fault{status: http.StatusUnauthorized, kind: authentication, code: "invalid_api_key", message: err.Error()}
		} else if err != nil {
			return &fault{status: http.StatusForbidden, kind: permission, message: err.Error()}
		}
	}
	found, ok := s.routes[path]
	named, isModel := strings.CutPrefix(path, "/v1/models/")
	if isModel {
		found, ok = route{http.MethodGet, func(w http.ResponseWriter, _ *http.Request) error { return s.model(w, named) }}, true
	}
	switch {
	case !ok:
		return &fault{status: http.StatusNotFound, kind: invalidRequest, code: "unknown_url", message: fmt.Sprintf("unknown address %.100q: there are /v1/models, /v1/chat/completions, /v1/completions, /v1/embeddings and /health", r.URL.Path)}
	case web.Preflight(w, r, found.method):
		return nil
	case r.Method != found.method:
		w.Header().Set("Allow", found.method)
		return &fault{status: http.StatusMethodNotAllowed, kind: invalidRequest, code: "method_not_supported", message: fmt.Sprintf("%.20q on %s, expected %s", r.Method, path, found.method)}
	case s.closing.Load():
		w.Header().Set("Connection", "close")
		return &fault{status: http.StatusServiceUnavailable, kind: serverError, code: "shutting_down", message: "the server is shutting down"}
	}
	return found.handle(w, r)
}

// admit counts a request in, or refuses it where too many wait; done counts it out.
func (s *Server) admit(w http.ResponseWriter) (done func(), err error) {
	rows := 1
	if s.batcher != nil {
		rows = s.batcher.Config().Rows
	}
	if s.busy.Add(1) > int64(rows+s.config.Waiting) {
		s.busy.Add(-1)
		w.Header().Set("Retry-After", "1")
		return nil, &fault{status: http.StatusTooManyRequests, kind: rateLimit, code: "rate_limit_exceeded", message: fmt.Sprintf("%d requests are written or wait already; try again later", rows+s.config.Waiting)}
	}
	return func() { s.busy.Add(-1) }, nil
}

// body reads a request's body, which must be JSON and within the bound.
func (s *Server) body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return nil, &fault{status: http.StatusUnsupportedMediaType, kind: invalidRequest, message: fmt.Sprintf("content type %.60q, expected application/json", r.Header.Get("Content-Type"))}
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.config.Body))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, &fault{status: http.StatusRequestEntityTooLarge, kind: invalidRequest, message: fmt.Sprintf("the request has more than %d bytes", s.config.Body)}
	case err != nil:
		return nil, &fault{status: http.StatusRequestTimeout, kind: invalidRequest, message: "the request's body didn't come whole, or not in time"}
	}
	return data, nil
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) error {
	answer := map[string]any{"status": "ok"}
	return answerJSON(w, answer)
}

func (s *Server) models(w http.ResponseWriter, _ *http.Request) error {
	return answerJSON(w, map[string]any{"object": "list", "data": []any{s.modelCard()}})
}

func (s *Server) model(w http.ResponseWriter, name string) error {
	if err := s.checkModel(name); err != nil {
		return err
	}
	return answerJSON(w, s.modelCard())
}

func (s *Server) modelCard() map[string]any {
	return map[string]any{"id": s.config.Name, "object": "model", "created": s.created, "owned_by": "local"}
}

// checkModel refuses names of models that aren't here.
func (s *Server) checkModel(name string) error {
	if name != s.config.Name {
		return &fault{status: http.StatusNotFound, kind: invalidRequest, param: "model", code: "model_not_found", message: fmt.Sprintf("no model %.100q here; there is %q", name, s.config.Name)}
	}
	return nil
}

// id returns a new name for an answer.
func (s *Server) id(prefix string) string {
	return fmt.Sprintf("%s-%x%06x", prefix, s.created, s.ids.Add(1))
}
