package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/internal/web"
	"github.com/seahorse-ml/seahorse/serve"
	"github.com/seahorse-ml/seahorse/task"
)

// serveCommand is `finetune serve`.
type serveCommand struct {
	Model        string        `required:"" placeholder:"DIR|FILE.gguf" help:"A model or run directory, or a GGUF file: a decoder, or an encoder for embeddings."`
	Listen       string        `default:"127.0.0.1:8000" placeholder:"HOST:PORT" help:"Address to listen on (${default}). One that other machines reach needs a --token."`
	Token        string        `env:"FINETUNE_TOKEN" placeholder:"TEXT" help:"What requests must show as their API key. Default: what the environment's FINETUNE_TOKEN says, which other users don't see in the list of processes; else none, and only this machine's programs and pages are answered."`
	Name         string        `placeholder:"NAME" help:"Name of the model in requests. Default: the last part of --model."`
	ChatTemplate string        `placeholder:"FILE|NAME" help:"Chat template in place of the model's own: a Jinja file or the name of a built-in one."`
	Rows         int           `default:"32" placeholder:"N" help:"Answers that are written side by side at most (${default})."`
	MaxLength    *int          `placeholder:"N" help:"Tokens of a request and its answer at most. Default: the model's context, at most 4,096."`
	CacheTokens  *int          `placeholder:"N" help:"Tokens whose keys and values are kept, of all answers together; a request waits until there is room for it and its longest answer. Default: 1,024 for each of --rows."`
	MaxNewTokens int           `default:"1024" placeholder:"N" help:"Tokens of an answer at most where a request doesn't say (${default})."`
	MaxWaiting   int           `default:"64" placeholder:"N" help:"Requests that may wait for their turn (${default}); others are told to come again."`
	MaxBody      int64         `default:"4" placeholder:"MB" help:"Megabytes of a request at most (${default})."`
	Timeout      time.Duration `default:"10m" placeholder:"TIME" help:"Time for a request, its waiting included (${default})."`
	Grace        time.Duration `default:"30s" placeholder:"TIME" help:"Time that answers under way get when the server is stopped (${default})."`
	Threads      int           `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores that the process may use."`

	adapterFlag
	storageFlags
	memoryFlag
}

// Help is shown below the command's summary.
func (serveCommand) Help() string {
	return `Any client of OpenAI's API can use it: give it the address that is printed, and the token as its key (or any key, without one). There are
/v1/chat/completions and /v1/completions (with stream, n, stop, seed, logprobs, tools …), /v1/embeddings, /v1/models and /health. Requests are answered side by
side, and each gets the answer that it would get alone. Ctrl-C ends the server once the answers under way are written, twice at once.

Examples:

    finetune serve --model SmolLM2-135M-Instruct
    finetune serve --model smollm2.gguf --adapter runs/tuned --name helper --rows 8
    FINETUNE_TOKEN=$(openssl rand -hex 16) finetune serve --model runs/tuned --listen 0.0.0.0:8000
    curl http://127.0.0.1:8000/v1/chat/completions -H 'Content-Type: application/json' \
      -d '{"model": "helper", "messages": [{"role": "user", "content": "Hello"}]}'`
}

// Run serves until it is interrupted.
func (c *serveCommand) Run(ctx context.Context, s *streams) error {
	batch, err := c.batch()
	if err != nil {
		return err
	}
	useThreads(c.Threads)
	t, err := sketched(s, c.Model, c.storageFlags, c.adapterFlag, c.memoryFlag)
	if err != nil {
		return err
	}
	if err := c.checkRoom(t, batch); err != nil {
		return err
	}
	listener, err := web.Listen(c.Listen, c.Token)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	defer listener.Close()
	if err := load(t); err != nil {
		return err
	}
	server, err := serve.New(t, serve.Config{
		Name: c.Name, Token: c.Token, Template: c.ChatTemplate, Batch: batch, MaxTokens: c.MaxNewTokens, Waiting: c.MaxWaiting,
		Body: c.MaxBody << 20, Time: c.Timeout, Log: s.say,
	})
	if err != nil {
		return err
	}
	defer server.Close()
	s.say("serving    %s at http://%s/v1", server.Name(), listener.Addr())
	if err := web.Serve(ctx, listener, server, web.Limits{}, c.Grace, server.End); err != nil {
		return err
	}
	s.say("stopped")
	return nil
}

// batch checks the flags and returns how much is written at one time.
func (c *serveCommand) batch() (generate.BatcherConfig, error) {
	const mostBody = 1024
	b := generate.BatcherConfig{Rows: c.Rows, Keep: true}
	err := errors.Join(checkThreads(c.Threads), between("rows", &c.Rows, 1, mostRows), atLeast("max-length", c.MaxLength, 2), atLeast("cache-tokens", c.CacheTokens, 2),
		atLeast("max-new-tokens", &c.MaxNewTokens, 1), between("max-waiting", &c.MaxWaiting, 1, math.MaxInt32))
	switch {
	case err != nil:
		return b, err
	case c.MaxBody < 1 || c.MaxBody > mostBody:
		return b, fmt.Errorf("--max-body %d: expected 1 to %d megabytes", c.MaxBody, mostBody)
	case c.Timeout <= 0 || c.Grace < 0:
		return b, fmt.Errorf("--timeout %v and --grace %v: expected times, such as 90s or 10m", c.Timeout, c.Grace)
	}
	if c.MaxLength != nil {
		b.Length = *c.MaxLength
	}
	if c.CacheTokens != nil {
		b.Cells = *c.CacheTokens
	}
	return b, nil
}

// checkRoom refuses to serve what takes more memory than is free.
func (c *serveCommand) checkRoom(t *task.Trained, batch generate.BatcherConfig) error {
	m, ok := t.Model.(generate.Model)
	if _, about := t.Model.(generate.Encoder); !ok || about {
		return nil // there is no batch
	}
	if batch.Length > m.ContextLength() {
		return fmt.Errorf("--max-length %d: the model's context is %d tokens", batch.Length, m.ContextLength())
	}
	return c.check("a smaller --cache-tokens, --rows or model takes less", memoryPart{times(batch.Rows, m.VocabSize()), "scores"}, func() ([]memoryPart, error) {
		use, err := generate.EstimateBatcher(m, batch)
		return []memoryPart{{use.Parameters, "parameters"}, {use.Arena, "activations"}, {use.Cache, "keys and values"}, {use.Scores, "scores"}}, err
	})
}
