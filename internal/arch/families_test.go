package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/models"
)

// TestFamilies looks for code that asks for a family of models by its name: what is known of one is its row in models.Families and its file. The
// tokenizers' packages have tables and files of their own, which name kinds of tokenizers alike.
func TestFamilies(t *testing.T) {
	for _, p := range packages(t) {
		if matches([]string{"data/tokenizer/..."}, strings.TrimPrefix(p.ImportPath, module)) {
			continue
		}
		for _, file := range p.GoFiles {
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, filepath.Join(p.Dir, file), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				for _, x := range compared(n) {
					if name, ok := text(x); ok && slices.Contains(models.Arches(), name) {
						t.Errorf("%s asks for the family %s by its name; let its row or its file say what is particular to it", set.Position(x.Pos()), name)
					}
				}
				return true
			})
		}
	}
}

// compared returns what a node compares something with.
func compared(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.CaseClause:
		return n.List
	case *ast.BinaryExpr:
		if n.Op == token.EQL || n.Op == token.NEQ {
			return []ast.Expr{n.X, n.Y}
		}
	}
	return nil
}

// text returns the value of a string in quotes.
func text(x ast.Expr) (string, bool) {
	literal, ok := x.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return "", false
	}
	value, err := strconv.Unquote(literal.Value)
	return value, err == nil
}
