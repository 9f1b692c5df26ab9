package serve

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"

	"github.com/seahorse-ml/seahorse/generate"
)

// common are the parameters that chats and completions share.
var common = []string{
	"model", "max_tokens", "temperature", "top_p", "n", "stream", "stream_options", "stop", "seed", "presence_penalty", "frequency_penalty", "logit_bias", "user",
	"top_k", "min_p", "repetition_penalty",
}

// asking is what a request for text asks for.
type asking struct {
	config  generate.Config
	samples int
	stops   []string
	stream  bool
	usage   bool // at the end of a stream
	given   bool // max_tokens was
}

// asking reads the common parameters.
func (s *Server) asking(f *fields) (a asking, err error) {
	if err := s.checkModel(f.text("model")); err != nil && f.err == nil {
		return a, err
	}
	b := s.batcher.Config()
	a.config = generate.Config{
		Temperature:      f.number("temperature", 0, 2, 1),
		TopK:             int(f.integer("top_k", 0, anyInteger, 0)),
		MinP:             f.number("min_p", 0, 1, 0),
		FrequencyPenalty: f.number("frequency_penalty", -2, 2, 0),
		PresencePenalty:  f.number("presence_penalty", -2, 2, 0),
		Bias:             f.bias(s.trained.Model.VocabSize()),
		MaxNewTokens:     int(f.integer("max_tokens", 1, anyInteger, 0)),
	}
	topP, penalty := f.number("top_p", 0, 1, 1), f.number("repetition_penalty", 0.01, 100, 1)
	a.config.TopP, a.config.RepetitionPenalty = &topP, &penalty
	a.config.Seed = uint64(f.integer("seed", -anyInteger-1, anyInteger, int64(rand.Uint64())))
	a.config.Stop = s.writer.Ends()
	a.samples = int(f.integer("n", 1, int64(b.Rows), 1))
	a.stops, a.stream = f.stops(), f.boolean("stream")
	f.text("user")
	if a.given = a.config.MaxNewTokens > 0; !a.given {
		a.config.MaxNewTokens = s.config.MaxTokens
	}
	options := &fields{}
	if v, ok := f.get("stream_options"); ok {
		if options.object, ok = objectOf(v); !ok || !a.stream {
			f.fail("stream_options", "expected an object, and stream to be true")
		} else if a.usage = options.boolean("include_usage"); options.err != nil {
			f.fail("stream_options", "%v", options.err)
		}
	}
	return a, f.err
}

// request returns a prompt's request, within the room that there is.
func (s *Server) request(a asking, prompt []int32) (generate.Request, error) {
	r := generate.Request{Prompt: s.writer.Begin(slices.Clone(prompt)), Config: a.config, Samples: a.samples}
	room := s.batcher.Config().Length - len(r.Prompt)
	if room < 1 || a.given && a.config.MaxNewTokens > room {
		asked := ""
		if a.given {
			asked = fmt.Sprintf(", and %d tokens are asked for", a.config.MaxNewTokens)
		}
		return r, &fault{
			status: http.StatusBadRequest, kind: invalidRequest, code: "context_length_exceeded",
			message: fmt.Sprintf("a text has at most %d tokens here; the prompt has %d%s", s.batcher.Config().Length, len(r.Prompt), asked),
		}
	}
	r.Config.MaxNewTokens = min(a.config.MaxNewTokens, room)
	if err := s.batcher.Check(r); err != nil {
		return r, invalid("", "%v", err)
	}
	return r, nil
}
