package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/seahorse-ml/seahorse/generate"
)

// Kinds of faults, as OpenAI names them.
const (
	invalidRequest = "invalid_request_error"
	authentication = "authentication_error"
	permission     = "permission_error"
	rateLimit      = "rate_limit_error"
	serverError    = "server_error"
)

// fault is why a request isn't answered.
type fault struct {
	status      int
	kind        string
	param, code string // "" for null
	message     string
}

func (f *fault) Error() string { return f.message }

// invalid returns the fault of a request with something wrong at a parameter.
func invalid(param, format string, args ...any) error {
	return &fault{status: http.StatusBadRequest, kind: invalidRequest, param: param, message: fmt.Sprintf(format, args...)}
}

// faultOf returns what is told of an error.
func faultOf(err error) *fault {
	var f *fault
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, generate.ErrClosed):
		return &fault{status: http.StatusServiceUnavailable, kind: serverError, code: "shutting_down", message: "the server is shutting down"}
	case errors.Is(err, context.DeadlineExceeded):
		return &fault{status: http.StatusGatewayTimeout, kind: serverError, code: "timeout", message: "the answer took too long"}
	}
	return &fault{status: http.StatusInternalServerError, kind: serverError, message: err.Error()}
}

// object returns the fault as OpenAI writes it.
func (f *fault) object() map[string]any {
	orNull := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	return map[string]any{"error": map[string]any{"message": f.message, "type": f.kind, "param": orNull(f.param), "code": orNull(f.code)}}
}

// refuse answers with a fault.
func refuse(w http.ResponseWriter, err error) {
	f := faultOf(err)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(f.status)
	json.NewEncoder(w).Encode(f.object())
}

// answerJSON answers with a value.
func answerJSON(w http.ResponseWriter, value any) error {
	data, err := marshal(value)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(append(data, '\n')) // a client that went away is no fault
	return nil
}
