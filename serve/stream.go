package serve

import (
	"net/http"
)

// stream writes server-sent events.
type stream struct {
	w     http.ResponseWriter
	flush *http.ResponseController
	begun bool
}

func newStream(w http.ResponseWriter) *stream {
	return &stream{w: w, flush: http.NewResponseController(w)}
}

// send sends a value as an event. An error says that the client went away or is too slow.
func (s *stream) send(value any) error {
	data, err := marshal(value)
	if err != nil {
		return err
	}
	return s.write(data)
}

func (s *stream) write(data []byte) error {
	if !s.begun {
		s.begun = true
		s.w.Header().Set("Content-Type", "text/event-stream")
		s.w.Header().Set("Cache-Control", "no-cache")
		s.w.Header().Set("X-Accel-Buffering", "no")
	}
	event := append(append([]byte("data: "), data...), "\n\n"...)
	if _, err := s.w.Write(event); err != nil {
		return err
	}
	return s.flush.Flush()
}

// end ends the stream, or tells why it couldn't go on. Where nothing was sent yet the error is returned.
func (s *stream) end(err error) error {
	switch {
	case err == nil:
		s.write([]byte("[DONE]"))
	case !s.begun:
		return err
	default:
		s.send(faultOf(err).object())
	}
	return nil
}
