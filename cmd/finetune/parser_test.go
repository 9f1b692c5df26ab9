package main

import (
	"reflect"
	"testing"

	"github.com/alecthomas/kong"
)

// TestParserOfOneCommand holds the parser of each command to the one of all.
func TestParserOfOneCommand(t *testing.T) {
	all, err := newParser(&commands{}, &streams{})
	if err != nil {
		t.Fatal(err)
	}
	var shape func(n *kong.Node) []string
	shape = func(n *kong.Node) []string {
		list := []string{n.Path(), n.Help, n.Detail}
		for _, f := range n.Flags {
			list = append(list, f.Summary(), f.Help, f.Default, f.Enum)
		}
		for _, p := range n.Positional {
			list = append(list, p.Summary(), p.Help)
		}
		for _, child := range n.Children {
			list = append(list, shape(child)...)
		}
		return list
	}
	for _, command := range all.Model.Children {
		one, err := newParser(&commands{}, &streams{}, command.Name, "--and", "more")
		if err != nil {
			t.Fatal(err)
		}
		if len(one.Model.Children) != 1 || !reflect.DeepEqual(shape(one.Model.Children[0]), shape(command)) || len(one.Model.Flags) != len(all.Model.Flags) {
			t.Errorf("the parser of %s is another than its part of the whole one", command.Name)
		}
	}
}

func BenchmarkParser(b *testing.B) {
	for b.Loop() {
		var c commands
		if _, err := newParser(&c, &streams{}, "sft"); err != nil {
			b.Fatal(err)
		}
	}
}
