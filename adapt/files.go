package adapt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/internal/safetensors"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

// Names of the files of an adapter's directory.
const (
	ConfigName  = "adapter_config.json"
	WeightsName = "adapter_model.safetensors"
	BaseName    = "adapter_base.json" // this module's own: what the adapter was trained on
)

// What names of tensors begin with, and the one of a prompt's vectors, which doesn't.
const (
	modelPrefix  = "base_model.model."
	promptPrefix = "base_model." // beside a prompt
	promptName   = "prompt_embeddings"
)

// storedName returns the name in the file of a parameter.
func storedName(name string, prompt bool) string {
	switch {
	case name == promptName:
		return name
	case prompt:
		return promptPrefix + name
	}
	return modelPrefix + name
}

// IsDir tells whether a directory is that of an adapter.
func IsDir(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, ConfigName))
	return err == nil
}

// Stored tells what the directory's file of weights holds.
func (a *Adapter) Stored() graph.Stored {
	s := graph.Stored{File: WeightsName}
	for _, p := range a.Params() {
		s.Params = append(s.Params, graph.StoredParam{Name: storedName(p.Name, a.prompt != nil), Param: p})
	}
	return s
}

// SetBase says what the adapter's configuration calls the model that it is for, a directory or a name in Hugging Face's hub. Readers that
// aren't told the model look there.
func (a *Adapter) SetBase(name string) { a.config.base = name }

// Base returns what the adapter's configuration calls the model that it is for; it may be empty.
func (a *Adapter) Base() string { return a.config.base }

// Save writes the adapter's directory as peft does: adapter_config.json and adapter_model.safetensors, and beside them in
// adapter_base.json what tells the model that the adapter is for from others.
func (a *Adapter) Save(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("adapt: %w", err)
	}
	var tensors []safetensors.Tensor
	for _, s := range a.Stored().Params {
		tensors = append(tensors, safetensors.Tensor{Name: s.Name, Shape: s.Param.Shape, Data: s.Param.Value().Data()})
	}
	if err := safetensors.Write(filepath.Join(dir, WeightsName), tensors, map[string]string{"format": "pt"}); err != nil {
		return fmt.Errorf("adapt: %w", err)
	}
	print, err := fingerprintOf(a.model, a.config.replaced())
	if err != nil {
		return err
	}
	print.Head = a.config.head
	for name, data := range map[string][]byte{ConfigName: a.config.encode(), BaseName: print.encode()} {
		if err := atomicfile.WriteBytes(filepath.Join(dir, name), data); err != nil {
			return fmt.Errorf("adapt: %w", err)
		}
	}
	return nil
}

// OpenConfig configures Open.
type OpenConfig struct {
	// AnyBase takes models other than that which the adapter was trained on, as far as the shapes fit: the same one stored otherwise, for
	// instance. Default false.
	AnyBase bool
}

// Open puts the adapter of a directory, peft's or one's own, or of a GGUF file, as llama.cpp applies it, on a model. It is strict: every missing,
// extra and misshapen tensor is named, and a model that isn't the one that the adapter was trained on is refused, as far as the files tell; a GGUF
// file tells the architecture and the shapes.
func Open(dir string, m Model, c OpenConfig) (*Adapter, error) {
	a, err := open(dir, m, c)
	if err != nil {
		return nil, fmt.Errorf("adapt: %s: %w", dir, err)
	}
	return a, nil
}

// ReadBase returns what the configuration of an adapter's directory calls the model that it is for; it may be empty, as it is for a GGUF file.
func ReadBase(dir string) (string, error) {
	if models.IsGGUF(dir) {
		return "", nil
	}
	c, err := readConfig(dir)
	if err != nil {
		return "", fmt.Errorf("adapt: %s: %w", dir, err)
	}
	return c.base, nil
}

func readConfig(dir string) (fileConfig, error) {
	data, err := os.ReadFile(filepath.Join(dir, ConfigName))
	if errors.Is(err, fs.ErrNotExist) {
		if _, gone := os.Stat(dir); errors.Is(gone, fs.ErrNotExist) {
			return fileConfig{}, errors.New("it does not exist")
		}
		return fileConfig{}, errNoConfig
	}
	if err != nil {
		return fileConfig{}, err
	}
	c, err := parseConfig(data)
	if err != nil {
		return c, fmt.Errorf("%s: %w", ConfigName, err)
	}
	return c, nil
}

func open(dir string, m Model, o OpenConfig) (a *Adapter, err error) {
	if models.IsGGUF(dir) {
		return openGGUF(dir, m)
	}
	c, err := readConfig(dir)
	if err != nil {
		return nil, err
	}
	if !o.AnyBase {
		if err := checkBase(dir, m, c.replaced()); err != nil {
			return nil, err
		}
	}
	path := filepath.Join(dir, WeightsName)
	file, err := safetensors.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(dir, "adapter_model.bin")); err == nil {
			return nil, fmt.Errorf("it has no %s; an adapter_model.bin isn't read: peft's save_pretrained writes it as safetensors", WeightsName)
		}
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	source := graph.Source(file)
	if len(c.parameters) > 0 {
		if source, err = c.unstack(m, file); err != nil {
			return nil, err
		}
	}
	tree, err := sourceTree(m, stripped{source, c.prompt != nil, m})
	if err != nil {
		return nil, err
	}
	if a, err = put(m, c, tree); err != nil {
		return nil, fmt.Errorf("%s: %w", WeightsName, err)
	}
	noted, err := readFingerprint(dir)
	if err != nil {
		return nil, err
	}
	a.config.head = noted.Head
	return a, nil
}

// put puts an adapter whose configuration was read on a model.
func put(m Model, c fileConfig, tree *graph.Params) (a *Adapter, err error) {
	if c.prompt != nil {
		a, err = putPrompt(m, *c.prompt, tree, false)
	} else {
		a, err = putLoRA(m, *c.lora, tree, false)
	}
	if err != nil {
		return nil, err
	}
	a.config.base = c.base
	return a, nil
}

// stripped is a file's tensors by the names that an adapter's tree has for them.
type stripped struct {
	graph.Source
	prompt bool
	model  Model
}

// stored returns the name in the file.
func (s stripped) stored(name string) string {
	name = storedName(name, s.prompt)
	if _, ok := s.Source.Shape(name); !ok && strings.HasSuffix(name, magnitudeName) {
		return name + ".weight" // as older versions wrote it
	}
	return name
}

const (
	magnitudeName = ".lora_magnitude_vector"
	wrappedName   = ".base_layer.weight" // a copy of the model's own, which peft stores beside adapters of embeddings
)

func (s stripped) Shape(name string) ([]int, bool) { return s.Source.Shape(s.stored(name)) }
func (s stripped) Readable(name string) error      { return s.Source.Readable(s.stored(name)) }
func (s stripped) Read(name string, dst *tensor.Dense) error {
	return s.Source.Read(s.stored(name), dst)
}

// Names returns the names of all tensors but those that are the model's own.
func (s stripped) Names() []string {
	var names []string
	for _, stored := range s.Source.Names() {
		name, ok := strings.CutPrefix(stored, modelPrefix)
		if s.prompt {
			name, ok = strings.CutPrefix(stored, promptPrefix)
		}
		if !ok {
			names = append(names, stored)
			continue
		}
		if layer, ok := strings.CutSuffix(name, wrappedName); ok && s.equalsModel(stored, layer) {
			continue
		}
		if strings.HasSuffix(name, magnitudeName+".weight") {
			name = strings.TrimSuffix(name, ".weight")
		}
		names = append(names, name)
	}
	return names
}

// equalsModel tells whether a tensor holds what the model has as a layer's weight. Sketches have nothing to compare but the shape.
func (s stripped) equalsModel(stored, layer string) bool {
	for _, p := range places(s.model) {
		if p.layer != layer || p.name != "weight" {
			continue
		}
		param := *p.field
		shape, _ := s.Source.Shape(stored)
		if !param.Shape.Eq(tensor.Shape(shape)) {
			return false
		}
		if param.Value() == nil {
			return true
		}
		value := tensor.New(tensor.Of(param.DType()), tensor.WithShape(shape...))
		return s.Source.Read(stored, value) == nil && value.Eq(param.Value())
	}
	return false
}
