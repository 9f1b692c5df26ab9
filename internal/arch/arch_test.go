package arch

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/seahorse-ml/seahorse/"

// layer is a group of packages and what it may import. A name ends in "/..." where it means all packages below too.
type layer struct {
	packages []string
	imports  []string // of this module; packages of one layer may import each other
	gorgonia bool     // may import gorgonia and tensor
}

// layers is the table of ARCHITECTURE.md. A package that is in none of them fails the test.
var layers = []layer{
	{packages: []string{
		"internal/arch",
		"internal/atomicfile",
		"internal/cpu",
		"internal/dirlock",
		"internal/lineedit",
		"internal/float16",
		"internal/memory",
		"internal/orderedjson",
		"internal/pickle",
		"internal/screen",
		"internal/shards",
		"internal/torture",
		"internal/web",
		"internal/tfevents",
	}},
	{packages: []string{"internal/runlog"}, imports: []string{"internal/atomicfile"}},
	{packages: []string{"internal/blocks"}, imports: []string{"internal/float16"}},
	{packages: []string{"internal/gguf"}, imports: []string{"internal/atomicfile", "internal/blocks"}},
	{packages: []string{"internal/jinja", "internal/parquetfile"}, imports: []string{"internal/orderedjson"}},
	{packages: []string{"hub"}, imports: []string{"internal/pathpattern", "internal/atomicfile", "internal/dirlock"}},
	{packages: []string{"internal/parallel"}, imports: []string{"internal/cpu"}},
	{packages: []string{"internal/random"}},
	{packages: []string{"internal/kernels/..."}, imports: []string{"internal/blocks", "internal/float16", "internal/cpu", "internal/parallel", "internal/random", "internal/memory"}},
	{packages: []string{"internal/safetensors", "internal/torchfile"}, imports: []string{"internal/atomicfile", "internal/pickle", "internal/float16", "internal/memory", "internal/shards"}, gorgonia: true},
	{packages: []string{"graph"}, imports: []string{"internal/blocks", "internal/cpu", "internal/kernels/...", "internal/parallel", "internal/random", "internal/memory"}, gorgonia: true},
	{packages: []string{"data/..."}, imports: []string{"internal/pathpattern", "internal/atomicfile", "internal/gguf", "internal/jinja", "internal/orderedjson", "internal/parquetfile", "internal/random"}},
	{packages: []string{"internal/golden"}, imports: []string{"graph"}, gorgonia: true},
	{
		packages: []string{"weights"},
		imports:  []string{"graph", "internal/blocks", "internal/gguf", "internal/parallel", "internal/safetensors", "internal/torchfile"},
		gorgonia: true,
	},
	{packages: []string{"layers"}, imports: []string{"graph"}, gorgonia: true},
	{packages: []string{"models/..."}, imports: []string{"layers", "weights", "graph", "internal/blocks", "internal/gguf", "internal/parallel", "internal/memory", "internal/atomicfile", "internal/safetensors", "internal/torchfile", "internal/random"}, gorgonia: true},
	{packages: []string{"generate"}, imports: []string{"layers", "graph", "internal/random", "internal/parallel"}, gorgonia: true},
	{packages: []string{"internal/correlation", "internal/pathpattern"}},
	{packages: []string{"internal/arithmetic"}, imports: []string{"graph"}, gorgonia: true},
	{packages: []string{"show"}, imports: []string{"models", "layers", "graph", "words"}, gorgonia: true},
	{packages: []string{"internal/nearest"}, imports: []string{"internal/kernels/...", "internal/parallel"}},
	{packages: []string{"embed"}, imports: []string{"adapt", "internal/arithmetic", "internal/correlation", "internal/nearest", "models", "layers", "data/...", "weights", "graph", "internal/atomicfile", "internal/safetensors"}, gorgonia: true},
	{packages: []string{"search"}, imports: []string{"internal/kernels/...", "internal/nearest", "internal/parallel", "internal/random", "internal/atomicfile", "internal/dirlock"}},
	{packages: []string{"prefer"}, imports: []string{"internal/arithmetic", "layers", "data/...", "graph"}, gorgonia: true},
	{packages: []string{"adapt/..."}, imports: []string{"models", "layers", "graph", "internal/atomicfile", "internal/orderedjson", "internal/safetensors"}, gorgonia: true},
	{packages: []string{"words"}, imports: []string{"internal/correlation", "internal/kernels/...", "internal/pickle", "internal/parallel", "internal/random", "internal/atomicfile", "internal/safetensors"}, gorgonia: true},
	{packages: []string{"optim"}, imports: []string{"graph", "internal/kernels/...", "internal/parallel", "internal/memory", "internal/safetensors"}, gorgonia: true},
	{packages: []string{"internal/exchange"}, imports: []string{"internal/float16", "optim", "graph", "internal/kernels/...", "internal/parallel", "internal/memory"}, gorgonia: true},
	{packages: []string{"internal/mpi/..."}},
	{packages: []string{"train"}, imports: []string{"internal/exchange", "internal/mpi", "optim", "layers", "data/...", "graph", "internal/atomicfile", "internal/safetensors", "internal/dirlock", "internal/runlog", "internal/screen", "internal/cpu", "weights"}, gorgonia: true},
	{packages: []string{"agent/tool/..."}, imports: []string{"search", "internal/orderedjson"}},
	{packages: []string{"reward"}},
	{packages: []string{"agent/environment"}, imports: []string{"agent/tool", "reward", "search", "data/...", "internal/orderedjson"}},
	{packages: []string{"agent"}, imports: []string{"agent/tool", "task", "generate", "data/...", "internal/orderedjson"}},
	{packages: []string{"task"}, imports: []string{"agent/environment", "show", "reward", "internal/random", "embed", "hub", "internal/gguf", "train", "generate", "adapt", "prefer", "optim", "models", "layers", "weights", "data/...", "graph", "internal/atomicfile", "internal/cpu", "internal/orderedjson"}, gorgonia: true},
	{packages: []string{"serve"}, imports: []string{"task", "embed", "generate", "models", "layers", "data/...", "graph", "internal/orderedjson", "internal/web"}, gorgonia: true},
	{packages: []string{"internal/board"}, imports: []string{"internal/report", "internal/runlog", "internal/web", "train"}},
	{packages: []string{"internal/view"}, imports: []string{"internal/report", "internal/screen"}},
	{packages: []string{"cmd/finetune"}, imports: []string{"agent/...", "show", "internal/view", "internal/correlation", "reward", "search", "embed", "hub", "internal/board", "internal/report", "track", "serve", "internal/web", "words", "task", "train", "adapt", "prefer", "generate", "optim", "models", "layers", "data/...", "graph", "internal/atomicfile", "internal/orderedjson", "internal/lineedit", "internal/screen", "internal/cpu", "weights"}, gorgonia: true},
	{packages: []string{"examples/..."}, imports: []string{"agent/...", "show", "reward", "search", "embed", "hub", "track", "serve", "words", "task", "train", "adapt", "prefer", "generate", "optim", "models", "layers", "data/...", "graph", "weights"}, gorgonia: true},
	{packages: []string{"track"}, imports: []string{"internal/tfevents", "internal/atomicfile", "train", "internal/runlog"}},
	{packages: []string{"internal/report"}, imports: []string{"task", "train", "data/...", "internal/dirlock", "internal/runlog"}},
}

// listed is what `go list -json` tells of a package.
type listed struct {
	ImportPath   string
	Name, Dir    string
	Doc          string // the first sentence of the package's comment
	GoFiles      []string
	Imports      []string
	SFiles       []string
	TestGoFiles  []string
	XTestGoFiles []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		t.Fatalf("go list -m: %v", err)
	}
	list := exec.Command("go", "list", "-json=ImportPath,Name,Dir,Doc,GoFiles,Imports,SFiles,TestGoFiles,XTestGoFiles", "./...")
	list.Dir = strings.TrimSpace(string(root))
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// TestImports checks the direction of imports between the packages, and so over all that they depend on: whoever imports a
// package may only do so if the table says it, at each step of the way.
func TestImports(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		i := slices.IndexFunc(layers, func(l layer) bool { return matches(l.packages, name) })
		if i < 0 {
			t.Errorf("%s: in no layer of the table; add it there and in ARCHITECTURE.md", name)
			continue
		}
		for _, imported := range p.Imports {
			own, ours := strings.CutPrefix(imported, module)
			switch {
			case ours && !matches(layers[i].imports, own) && !matches(layers[i].packages, own):
				t.Errorf("%s must not import %s", name, own)
			case strings.HasPrefix(imported, "gorgonia.org/") && !layers[i].gorgonia:
				t.Errorf("%s must not import %s", name, imported)
			}
		}
	}
}

// TestAssembly checks that only the kernels, and what asks the processor for its features, hold assembly.
func TestAssembly(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		if len(p.SFiles) > 0 && !matches([]string{"internal/kernels/...", "internal/cpu"}, name) {
			t.Errorf("%s: assembly outside of the kernels: %v", name, p.SFiles)
		}
	}
}

// matches tells whether a package is one of those that patterns name.
func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		parent, below := strings.CutSuffix(pattern, "/...")
		return name == parent || below && strings.HasPrefix(name, parent+"/")
	})
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"data", "data", true},
		{"data", "data/tokenizer", false},
		{"data/...", "data", true},
		{"data/...", "data/tokenizer/internal/pretok", true},
		{"data/...", "database", false},
	} {
		if got := matches([]string{c.pattern}, c.name); got != c.want {
			t.Errorf("matches(%q, %q) is %v", c.pattern, c.name, got)
		}
	}
}
