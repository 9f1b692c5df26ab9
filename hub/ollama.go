package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// OllamaModel is a model that Ollama keeps on the disk.
type OllamaModel struct {
	Name     string         // as it was asked for, with its tag
	GGUF     string         // path of the model's file
	Adapters []string       // paths of GGUF files of adapters that belong to it
	Template string         // Go's, that prompts are written by; "" for that of the file
	System   string         // what the system says
	Params   map[string]any // such as temperature, num_ctx and stop, a list
	License  string
}

// Media types of the layers of a manifest.
const (
	ollamaModelLayer    = "application/vnd.ollama.image.model"
	ollamaAdapterLayer  = "application/vnd.ollama.image.adapter"
	ollamaTemplateLayer = "application/vnd.ollama.image.template"
	ollamaSystemLayer   = "application/vnd.ollama.image.system"
	ollamaParamsLayer   = "application/vnd.ollama.image.params"
	ollamaLicenseLayer  = "application/vnd.ollama.image.license"
)

var (
	ollamaPart   = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)
	ollamaHost   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]+)?$`)
	ollamaDigest = regexp.MustCompile(`^sha256[:-]([0-9a-f]{64})$`)
)

// ollamaDirs returns where Ollama may keep its models: what OLLAMA_MODELS says, else a user's own folder and that of the system's service.
func ollamaDirs() ([]string, error) {
	if dir := os.Getenv("OLLAMA_MODELS"); dir != "" {
		dir, err := expand(dir)
		return []string{dir}, err
	}
	own, err := expand(filepath.Join("~", ".ollama", "models"))
	if err != nil {
		return nil, err
	}
	dirs := []string{own}
	if runtime.GOOS == "linux" {
		dirs = append(dirs, "/usr/share/ollama/.ollama/models")
	}
	return dirs, nil
}

// Ollama opens what Ollama keeps of a model: name, name:tag, user/name:tag or host/user/name:tag; the tag is latest by default.
func Ollama(name string) (OllamaModel, error) {
	dirs, err := ollamaDirs()
	if err != nil {
		return OllamaModel{}, err
	}
	return ollama(name, dirs)
}

func ollama(name string, dirs []string) (OllamaModel, error) {
	m := OllamaModel{Name: name, Params: map[string]any{}}
	parts, err := ollamaPath(name)
	if err != nil {
		return m, err
	}
	for _, dir := range dirs {
		path := filepath.Join(append([]string{dir, "manifests"}, parts...)...)
		content, err := readSmall(path, 1<<20)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = m.read(dir, content)
		}
		if err != nil {
			return m, fmt.Errorf("hub: ollama's %s: %w", name, err)
		}
		return m, nil
	}
	known := ollamaNames(dirs)
	has := "; it has " + strings.Join(known[:min(len(known), 10)], ", ")
	if len(known) == 0 {
		has = ", or any other model"
	}
	return m, missingError(fmt.Sprintf("hub: ollama doesn't have %s in %s%s; fetch it by: ollama pull %s", name, strings.Join(dirs, " or "), has, name))
}

// ollamaPath returns the parts of the path of a manifest.
func ollamaPath(name string) ([]string, error) {
	rest, tag := name, "latest"
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		rest, tag = name[:i], name[i+1:]
	}
	parts := strings.Split(rest, "/")
	switch len(parts) {
	case 1:
		parts = []string{"registry.ollama.ai", "library", parts[0]}
	case 2:
		parts = append([]string{"registry.ollama.ai"}, parts...)
	}
	parts = append(parts, tag)
	ok := len(parts) == 4 && ollamaHost.MatchString(parts[0])
	for _, p := range parts[1:] {
		ok = ok && ollamaPart.MatchString(p)
	}
	if !ok {
		return nil, fmt.Errorf("hub: %q is no name of Ollama's: expected name, name:tag or user/name:tag", name)
	}
	return parts, nil
}

// ollamaNames lists the models that are there.
func ollamaNames(dirs []string) []string {
	var names []string
	for _, dir := range dirs {
		found, _ := filepath.Glob(filepath.Join(dir, "manifests", "*", "*", "*", "*"))
		for _, p := range found {
			rel, err := filepath.Rel(filepath.Join(dir, "manifests"), p)
			parts := strings.Split(filepath.ToSlash(rel), "/")
			if err != nil || len(parts) != 4 {
				continue
			}
			name := strings.Join(parts[:3], "/") + ":" + parts[3]
			name = strings.TrimPrefix(strings.TrimPrefix(name, "registry.ollama.ai/"), "library/")
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// read reads a manifest and the layers that it names.
func (m *OllamaModel) read(dir string, manifest []byte) error {
	var list struct {
		Layers []struct {
			Type   string `json:"mediaType"`
			Digest string `json:"digest"`
			Size   int64  `json:"size"`
		} `json:"layers"`
	}
	if err := json.Unmarshal(manifest, &list); err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	for _, l := range list.Layers {
		sum := ollamaDigest.FindStringSubmatch(l.Digest)
		if sum == nil {
			return fmt.Errorf("manifest: the digest %q of a layer, expected sha256:…", shortened(l.Digest))
		}
		path := filepath.Join(dir, "blobs", "sha256-"+sum[1])
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() || info.Size() != l.Size {
			return fmt.Errorf("%s has %d bytes, the manifest says %d: fetch it anew", path, info.Size(), l.Size)
		}
		text := func(to *string) error {
			content, err := readSmall(path, 4<<20)
			*to = string(content)
			return err
		}
		switch l.Type {
		case ollamaModelLayer:
			if m.GGUF != "" {
				return errors.New("it has several files of weights, expected one")
			}
			m.GGUF = path
		case ollamaAdapterLayer:
			m.Adapters = append(m.Adapters, path)
		case ollamaTemplateLayer:
			err = text(&m.Template)
		case ollamaSystemLayer:
			err = text(&m.System)
		case ollamaLicenseLayer:
			err = text(&m.License)
		case ollamaParamsLayer:
			var content string
			if err = text(&content); err == nil {
				err = json.Unmarshal([]byte(content), &m.Params)
			}
		}
		if err != nil {
			return fmt.Errorf("%s: %w", l.Type, err)
		}
	}
	if m.GGUF == "" {
		return errors.New("it has no file of weights: it runs elsewhere")
	}
	return nil
}
