package task

import (
	"os"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/cpu"
)

// Binary tells what the program is that runs, as far as its build has noted it.
type Binary struct {
	Version  string         `json:"version"`            // of the main module, or "(development)"
	Revision string         `json:"revision,omitempty"` // of its repository
	Modified bool           `json:"modified,omitempty"` // the repository had changes that weren't committed
	Go       string         `json:"go"`                 // Go's version
	SHA256   string         `json:"sha256,omitempty"`   // of its file, in hexadecimal; "" where that can't be read, and of ThisBinary
	Modules  []BinaryModule `json:"modules,omitempty"`  // that it is built of
}

// BinaryModule is a module of a program.
type BinaryModule struct {
	Path    string `json:"path"`
	Version string `json:"version"`
	Sum     string `json:"sum,omitempty"` // as go.sum has it
}

// ThisBinary describes the program that runs.
func ThisBinary() Binary {
	b := Binary{Version: "(development)", Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		b.Version = v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		b.Modules = append(b.Modules, BinaryModule{m.Path, m.Version, m.Sum})
	}
	return b
}

// hashOfBinary reads the file of the program that runs, once.
var hashOfBinary = sync.OnceValue(func() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	h, err := data.HashFile(path)
	if err != nil {
		return ""
	}
	return h.SHA256
})

// hashed returns the description with the hash of the program's file.
func (b Binary) hashed() Binary {
	b.SHA256 = hashOfBinary()
	return b
}

// Machine tells on what a program runs.
type Machine struct {
	OS        string `json:"os"`
	Arch      string `json:"arch"`
	Processor string `json:"processor"`
	Kernels   string `json:"kernels"` // the instructions that are used: generic, avx2 or avx512; bits of results may depend on them
	Cores     int    `json:"cores"`
	Threads   int    `json:"threads"` // results don't depend on them
}

// ThisMachine describes the machine, and how the program uses it.
func ThisMachine() Machine {
	return Machine{runtime.GOOS, runtime.GOARCH, cpu.Name(), cpu.Best().String(), runtime.NumCPU(), graph.Workers()}
}
