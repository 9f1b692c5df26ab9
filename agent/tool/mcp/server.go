package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/seahorse-ml/seahorse/agent/tool"
)

// Config configures Connect. Zeros mean the defaults.
type Config struct {
	Time  time.Duration // in which the server must have told its tools; default 30 s
	Bytes int           // of a message of the server at most; default 4 MiB
	Tools int           // that the server may have; default 256
	// Header is sent with each request over HTTP, such as an Authorization; default none.
	Header http.Header
}

// Server is a connection to a server.
type Server struct {
	name    string
	session *sdk.ClientSession
	process *process // nil over HTTP
	tools   []tool.Tool
}

// Connect connects to the server at an http:// or https:// address, or starts the program of a command line and speaks with it by its input and output. It asks
// for the tools. A server that says nothing in time, or anything but the protocol, is an error.
func Connect(ctx context.Context, server string, c Config) (s *Server, err error) {
	const due, most, count = 30 * time.Second, 4 << 20, 256
	if c.Time < 0 || c.Bytes < 0 || c.Tools < 0 {
		return nil, fmt.Errorf("mcp: %d tools in messages of %d bytes within %v, expected more than 0", c.Tools, c.Bytes, c.Time)
	}
	if c.Time == 0 {
		c.Time = due
	}
	if c.Bytes == 0 {
		c.Bytes = most
	}
	if c.Tools == 0 {
		c.Tools = count
	}
	s = &Server{name: server}
	var transport sdk.Transport
	if strings.HasPrefix(server, "http://") || strings.HasPrefix(server, "https://") {
		client := &http.Client{Transport: boundedBodies{http.DefaultTransport, c}}
		transport = &sdk.StreamableClientTransport{Endpoint: server, HTTPClient: client, DisableStandaloneSSE: true, MaxRetries: -1}
	} else {
		if s.process, err = start(server, c.Bytes); err != nil {
			return nil, fmt.Errorf("mcp: %s: %w", server, err)
		}
		transport = &sdk.IOTransport{Reader: s.process.out, Writer: s.process.in}
	}
	limited, cancel := context.WithTimeout(ctx, c.Time)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- s.begin(limited, transport, c) }()
	select {
	case err = <-done:
	case <-limited.Done():
		err = limited.Err()
	}
	if err == nil {
		return s, nil
	}
	if s.process != nil {
		s.process.kill()
		if said := s.process.said(); said != "" {
			err = fmt.Errorf("%w: %s", err, said)
		}
	}
	switch {
	case context.Cause(ctx) != nil:
		return nil, context.Cause(ctx)
	case limited.Err() != nil:
		err = fmt.Errorf("it hasn't told its tools after %v", c.Time)
	}
	return nil, fmt.Errorf("mcp: %s: %w", server, err)
}

// begin makes the connection and asks for the tools.
func (s *Server) begin(ctx context.Context, transport sdk.Transport, c Config) error {
	client := sdk.NewClient(&sdk.Implementation{Name: "seahorse", Version: "1"}, &sdk.ClientOptions{Capabilities: &sdk.ClientCapabilities{}})
	session, err := client.Connect(ctx, transport, nil)
	if err != nil {
		return err
	}
	s.session = session
	for t, err := range session.Tools(ctx, nil) {
		if err != nil {
			return err
		}
		if len(s.tools) == c.Tools {
			return fmt.Errorf("it has more than %d tools", c.Tools)
		}
		schema, err := json.Marshal(t.InputSchema)
		if err != nil {
			return fmt.Errorf("the schema of %.80q: %w", t.Name, err)
		}
		s.tools = append(s.tools, remote{s, tool.Spec{Name: t.Name, Description: t.Description, Parameters: schema}})
	}
	if len(s.tools) == 0 {
		return errors.New("it has no tools")
	}
	return nil
}

// Tools returns the server's tools.
func (s *Server) Tools() []tool.Tool { return s.tools }

// Close ends the connection, and the program with whatever it has started.
func (s *Server) Close() error {
	done := make(chan struct{})
	go func() {
		if s.process != nil {
			s.process.in.Close()
		}
		s.session.Close()
		close(done)
	}()
	const grace = 2 * time.Second
	select {
	case <-done:
	case <-time.After(grace):
	}
	if s.process != nil {
		s.process.end(grace)
	}
	return nil
}

// remote is a tool of a server.
type remote struct {
	server *Server
	spec   tool.Spec
}

// Spec is what the server says of it.
func (r remote) Spec() tool.Spec { return r.spec }

// Call asks the server.
func (r remote) Call(ctx context.Context, arguments json.RawMessage) (string, error) {
	result, err := r.server.session.CallTool(ctx, &sdk.CallToolParams{Name: r.spec.Name, Arguments: arguments})
	if err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", fmt.Errorf("the server: %w", err)
	}
	var b strings.Builder
	for _, content := range result.Content {
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		switch c := content.(type) {
		case *sdk.TextContent:
			b.WriteString(c.Text)
		case *sdk.EmbeddedResource:
			if c.Resource != nil {
				b.WriteString(c.Resource.Text)
			}
		default:
			fmt.Fprintf(&b, "(a %s, which can't be shown)", strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%T", c), "*mcp."), "Content"))
		}
	}
	if b.Len() == 0 && result.StructuredContent != nil {
		structured, err := json.Marshal(result.StructuredContent)
		if err != nil {
			return "", err
		}
		b.Write(structured)
	}
	if result.IsError {
		return "", errors.New(b.String())
	}
	return b.String(), nil
}
