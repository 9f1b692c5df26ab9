package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// configFile is the name of a YAML file that gives options their values. Its keys are the names of the command's flags; a flag
// that is given on the command line wins over the file.
type configFile string

// commandKey is the key under which a run's file notes the command that it belongs to.
const commandKey = "command"

// BeforeResolve is called by kong once the command line is read and before defaults are filled in.
func (configFile) BeforeResolve(ctx *kong.Context, trace *kong.Path) error {
	path := string(ctx.FlagValue(trace.Flag).(configFile))
	entries, err := readConfig(path)
	if err != nil {
		return err
	}
	command := ctx.Selected()
	flags := map[string]*kong.Flag{}
	names := []string{commandKey}
	for _, f := range ctx.Flags() {
		if configurable(f) {
			flags[keyName(f.Name)] = f
			names = append(names, keyName(f.Name))
		}
	}
	values := map[*kong.Flag]any{}
	for _, e := range entries {
		if e.key == commandKey {
			if name := commandName(command); e.value != name {
				return fmt.Errorf("%s:%d: the file is for %q, not for %q", path, e.line, "finetune "+e.value, "finetune "+name)
			}
			continue
		}
		f := flags[e.key]
		if f == nil {
			return fmt.Errorf("%s:%d: unknown key %q%s", path, e.line, e.key, suggestion(e.key, names))
		}
		trial := reflect.New(f.Target.Type()).Elem()
		if e.list != nil && trial.Kind() != reflect.Slice {
			return fmt.Errorf("%s:%d: %s: expected one value", path, e.line, e.key)
		}
		value := e.plain(trial.Type())
		if err := f.Parse(kong.Scan().PushTyped(value, kong.FlagValueToken), trial); err != nil {
			return fmt.Errorf("%s:%d: %w", path, e.line, err)
		}
		f.Set = false // by the trial
		values[f] = value
	}
	ctx.AddResolver(kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, f *kong.Flag) (any, error) {
		if v, ok := values[f]; ok {
			return v, nil
		}
		return nil, nil
	}))
	return nil
}

// commandName returns the words of a command, such as "sft" or "embed train".
func commandName(command *kong.Node) string {
	name := command.Name
	for n := command.Parent; n != nil && n.Type == kong.CommandNode; n = n.Parent {
		name = n.Name + " " + name
	}
	return name
}

// configurable tells whether a flag may stand in a file.
func configurable(f *kong.Flag) bool {
	_, isConfig := f.Target.Interface().(configFile)
	return f.Name != "help" && f.Name != "version" && !isConfig
}

// entry is one line of a configuration file.
type entry struct {
	key, value string
	list       []any // of a list of values; nil: value is the only one
	line       int
}

// plain returns the value as kong takes it for an option of a type: a text, or a list of texts or numbers.
func (e entry) plain(t reflect.Type) any {
	if e.list == nil {
		return e.value
	}
	if t.Elem().Kind() != reflect.Float64 {
		return e.list
	}
	numbers := make([]any, len(e.list))
	for i, text := range e.list {
		numbers[i] = json.Number(text.(string))
	}
	return numbers
}

// readConfig reads a file of keys and plain values, or lists of them. A key with no value is as good as absent.
func readConfig(path string) ([]entry, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var doc yaml.Node
	if err := yaml.NewDecoder(f).Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s:%d: expected lines of the form key: value", path, root.Line)
	}
	var entries []entry
	for i := 0; i < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		name := keyName(key.Value)
		if slices.ContainsFunc(entries, func(e entry) bool { return e.key == name }) {
			return nil, fmt.Errorf("%s:%d: the key %q is there twice", path, key.Line, name)
		}
		if value.Kind == yaml.AliasNode {
			value = value.Alias
		}
		e := entry{key: name, value: value.Value, line: key.Line}
		switch {
		case value.Kind == yaml.SequenceNode:
			e.list = []any{}
			for _, item := range value.Content {
				if item.Kind != yaml.ScalarNode {
					return nil, fmt.Errorf("%s:%d: %s: expected a list of values", path, item.Line, name)
				}
				e.list = append(e.list, item.Value)
			}
		case value.Kind != yaml.ScalarNode:
			return nil, fmt.Errorf("%s:%d: %s: expected one value", path, value.Line, name)
		}
		if value.Tag != "!!null" {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// formatConfig returns the file that gives a command's options the values that they have now. Options without a value are left
// out.
func formatConfig(command *kong.Node, comment string) ([]byte, error) {
	root := &yaml.Node{Kind: yaml.MappingNode, HeadComment: comment}
	add := func(key string, value any) error {
		var k, v yaml.Node
		if err := errors.Join(k.Encode(key), v.Encode(value)); err != nil {
			return err
		}
		root.Content = append(root.Content, &k, &v)
		return nil
	}
	if err := add(commandKey, commandName(command)); err != nil {
		return nil, err
	}
	for _, f := range command.Flags {
		v := f.Target
		if !configurable(f) || v.Kind() == reflect.Pointer && v.IsNil() || (v.Kind() == reflect.String || v.Kind() == reflect.Slice) && v.Len() == 0 {
			continue
		}
		if err := add(keyName(f.Name), v.Interface()); err != nil {
			return nil, err
		}
	}
	return yaml.Marshal(root)
}
