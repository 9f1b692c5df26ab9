package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// planned is a command that can be planned.
type planned interface {
	job
	resolve() error
}

// plannedCommand returns the command that another one, what, was given to look at, its options resolved, and a scratch directory for its run. Remove is
// to be called in any case.
func plannedCommand(ctx context.Context, s *streams, what string, given []string) (j planned, dir string, remove func(), err error) {
	remove = func() {}
	var inner commands
	args := arguments(given)
	parser, err := newParser(&inner, s, args...)
	if err != nil {
		return nil, "", remove, err
	}
	var command *kong.Node
	name := args[0]
	for i, children := 0, parser.Model.Children; i < len(args) && len(children) > 0; i++ {
		k := slices.IndexFunc(children, func(n *kong.Node) bool { return n.Name == args[i] })
		if k < 0 {
			break
		}
		command, children = children[k], children[k].Children
		name = commandName(command)
	}
	if command == nil {
		return nil, "", remove, fmt.Errorf("%s: %q is no command", what, name)
	}
	j, ok := command.Target.Addr().Interface().(planned)
	if !ok {
		return nil, "", remove, fmt.Errorf("%s: %q is no command that trains", what, name)
	}
	scratch, err := os.MkdirTemp("", "finetune-"+what+"-")
	if err != nil {
		return nil, "", remove, err
	}
	remove = func() { os.RemoveAll(scratch) }
	dir = filepath.Join(scratch, "run")
	if !slices.ContainsFunc(args, func(a string) bool { return a == "--output-dir" || strings.HasPrefix(a, "--output-dir=") }) {
		args = append(args, "--output-dir="+dir)
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return nil, "", remove, usageError(err)
	}
	if err := findNames(ctx, s, parsed); err != nil {
		return nil, "", remove, err
	}
	return j, dir, remove, j.resolve()
}
