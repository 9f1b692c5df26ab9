package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/seahorse-ml/seahorse/agent"
	"github.com/seahorse-ml/seahorse/agent/tool"
	"github.com/seahorse-ml/seahorse/agent/tool/mcp"
	"github.com/seahorse-ml/seahorse/agent/tool/script"
	"go.yaml.in/yaml/v3"
)

// member is an agent as a file describes it.
type member struct {
	Name        string   `yaml:"name"`
	Description string   `yaml:"description"`
	System      string   `yaml:"system"`
	Tools       []string `yaml:"tools"`
}

// agentTeam is agents with what their tools hold open.
type agentTeam struct {
	members []member
	tools   map[string][]tool.Tool // by what names them
	closers []func() error
}

// otherAgent begins the names of agents among tools.
const otherAgent = "agent:"

// team reads the agents and opens their tools.
func (c *agentCommand) team(ctx context.Context) (x *agentTeam, err error) {
	x = &agentTeam{members: []member{{Name: "agent", System: c.System, Tools: c.Tool}}, tools: map[string][]tool.Tool{}}
	if c.Agents != "" {
		if x.members, err = readAgents(c.Agents); err != nil {
			return nil, err
		}
	}
	names := map[string]bool{}
	for _, m := range x.members {
		names[m.Name] = true
	}
	for _, m := range x.members {
		for _, spec := range m.Tools {
			if other, ok := strings.CutPrefix(spec, otherAgent); ok {
				if !names[other] {
					err = fmt.Errorf("%s: no agent is called %q", spec, other)
				}
			} else if _, open := x.tools[spec]; !open {
				x.tools[spec], err = x.open(ctx, spec)
			}
			if err != nil {
				x.close()
				return nil, fmt.Errorf("--tool %w", err)
			}
		}
	}
	return x, nil
}

// readAgents reads a file of agents.
func readAgents(path string) ([]member, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file struct {
		Agents []member `yaml:"agents"`
	}
	d := yaml.NewDecoder(bytes.NewReader(raw))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	seen := map[string]bool{}
	for i, m := range file.Agents {
		if m.Name == "" || seen[m.Name] {
			return nil, fmt.Errorf("%s: agent %d is called %q, expected a name of its own", path, i+1, m.Name)
		}
		seen[m.Name] = true
	}
	if len(file.Agents) == 0 {
		return nil, fmt.Errorf("%s: no agents, expected some under \"agents\"", path)
	}
	return file.Agents, nil
}

// open opens what a --tool names.
func (x *agentTeam) open(ctx context.Context, spec string) ([]tool.Tool, error) {
	kind, rest, given := strings.Cut(spec, ":")
	switch {
	case spec == "calculator":
		return []tool.Tool{tool.Calculator{}}, nil
	case spec == "starlark":
		return []tool.Tool{script.Tool{}}, nil
	case kind == "search" && given && rest != "":
		f, err := findOptions{Index: rest, Top: 3}.open()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", spec, err)
		}
		x.closers = append(x.closers, func() error { f.close(); return nil })
		t := tool.Search{Index: f.index}
		if f.encoder != nil {
			t.Embed = func(ctx context.Context, text string) ([]float32, error) {
				vectors, err := unitVectors(f.encoder.Encode(ctx, f.encoder.Model.PromptOr("query"), []string{text}))
				if err != nil {
					return nil, err
				}
				return vectors[0], nil
			}
		}
		return []tool.Tool{t}, nil
	case kind == "mcp" && given && rest != "":
		server, err := mcp.Connect(ctx, rest, mcp.Config{})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", spec, err)
		}
		x.closers = append(x.closers, server.Close)
		return server.Tools(), nil
	}
	return nil, fmt.Errorf("%q: expected calculator, starlark, search:INDEX, mcp:COMMAND or mcp:http://…%s", spec, suggestion(spec, []string{"calculator", "starlark"}))
}

// build makes the agents, and returns the first.
func (x *agentTeam) build(w agent.Writer, c *agentCommand) (*agent.Agent, error) {
	all := map[string]*agent.Agent{}
	for _, m := range x.members {
		var tools []tool.Tool
		for _, spec := range m.Tools {
			tools = append(tools, x.tools[spec]...)
		}
		set, err := tool.NewSet(tool.Limits{Time: c.ToolTimeout, Bytes: c.ToolBytes}, tools...)
		if err != nil {
			return nil, err
		}
		all[m.Name] = &agent.Agent{
			Name: m.Name, Description: m.Description, System: m.System, Writer: w, Tools: set, Sampling: c.sampling(c.MaxNewTokens),
			Limits: agent.Limits{Turns: c.MaxTurns, Tokens: c.MaxTokens, Time: c.Timeout},
		}
	}
	for _, m := range x.members {
		for _, spec := range m.Tools {
			if other, ok := strings.CutPrefix(spec, otherAgent); ok {
				all[m.Name].Others = append(all[m.Name].Others, all[other])
			}
		}
		if err := all[m.Name].Validate(); err != nil {
			return nil, err
		}
	}
	return all[x.members[0].Name], nil
}

// close closes what tools hold open.
func (x *agentTeam) close() error {
	var err error
	for _, f := range x.closers {
		err = errors.Join(err, f())
	}
	return err
}
