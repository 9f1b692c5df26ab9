package arch

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestExamples looks for what a newcomer reads first of each public package: a comment that says what it is for, and an example that runs.
func TestExamples(t *testing.T) {
	public := 0
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		if p.Name == "main" || slices.Contains(strings.Split(name, "/"), "internal") {
			continue
		}
		public++
		if !strings.HasPrefix(p.Doc, "Package "+p.Name+" ") {
			t.Errorf("%s: its comment is %q, expected what it is for: Package %s …", name, p.Doc, p.Name)
		}
		var files []*ast.File
		for _, file := range slices.Concat(p.TestGoFiles, p.XTestGoFiles) {
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, file), nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
		runs := func(e *doc.Example) bool { return e.Output != "" || e.EmptyOutput }
		if !slices.ContainsFunc(doc.Examples(files...), runs) {
			t.Errorf("%s: expected an Example with its output", name)
		}
	}
	if public < 20 {
		t.Errorf("%d public packages, expected 20 or more", public)
	}
}
