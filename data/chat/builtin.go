package chat

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

//go:embed templates/*.jinja
var builtin embed.FS

// DefaultTemplate is the built-in template for a model that has none.
const DefaultTemplate = "chatml"

// BuiltinTemplates lists the names of the templates that are built in.
func BuiltinTemplates() []string {
	entries, _ := builtin.ReadDir("templates")
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), ".jinja")
	}
	return names
}

// BuiltinTemplate returns the source of the built-in template of a name.
func BuiltinTemplate(name string) (string, error) {
	source, err := builtin.ReadFile("templates/" + name + ".jinja")
	if err != nil {
		return "", fmt.Errorf("chat: template %q: expected a file or one of %s", name, strings.Join(BuiltinTemplates(), ", "))
	}
	return string(source), nil
}

// Found is where a model's template was found.
type Found struct {
	Source string
	Where  string            // a file, or "the built-in chatml"
	Tokens map[string]string // the special tokens that tokenizer_config.json names, by role
	Own    bool              // whether it is the model's, not a built-in one for want of it
}

// maxConfig bounds the files that are read whole.
const maxConfig = 64 << 20

// Find finds the template of the model in a directory; "" is a model that isn't there yet. The name of a built-in template, or of a file, goes before the model's own: chat_template.jinja, then what tokenizer_config.json has
// under chat_template, text or a list of named ones (with tools the one named tool_use, where there is one). A model without any gets DefaultTemplate.
func Find(dir, name string, tools bool) (Found, error) {
	found := Found{Own: true}
	var own string
	config := filepath.Join(dir, "tokenizer_config.json")
	data, err := readBounded(config)
	switch {
	case dir == "" || missing(err):
	case err != nil:
		return found, err
	default:
		if own, found.Tokens, err = readConfig(data, tools); err != nil {
			return found, fmt.Errorf("%s: %w", config, err)
		}
	}
	if name != "" {
		found.Where = name
		if slices.Contains(BuiltinTemplates(), name) {
			found.Where = "the built-in " + name
			found.Source, err = BuiltinTemplate(name)
			return found, err
		}
		data, err := readBounded(name)
		if missing(err) {
			_, err = BuiltinTemplate(name)
		}
		found.Source = string(data)
		return found, err
	}
	path := filepath.Join(dir, "chat_template.jinja")
	switch data, err = readBounded(path); {
	case dir == "":
	case err == nil:
		found.Source, found.Where = string(data), path
		return found, nil
	case !missing(err):
		return found, err
	}
	if own != "" {
		found.Source, found.Where = own, config
		return found, nil
	}
	found.Own, found.Where = false, "the built-in "+DefaultTemplate
	found.Source, err = BuiltinTemplate(DefaultTemplate)
	return found, err
}

// missing tells that there is no such file, or that the model is a file rather than a directory.
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

func readBounded(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxConfig {
		return nil, fmt.Errorf("%s: expected a file of at most %d bytes", path, maxConfig)
	}
	return os.ReadFile(path)
}

// readConfig returns the template and the special tokens of a tokenizer_config.json.
func readConfig(data []byte, tools bool) (template string, tokens map[string]string, err error) {
	o, err := orderedjson.DecodeObject(data)
	if err != nil {
		return "", nil, err
	}
	tokens = map[string]string{}
	for _, key := range o.Keys {
		if !strings.HasSuffix(key, "_token") {
			continue
		}
		switch v := o.Values[key].(type) {
		case string:
			tokens[key] = v
		case *orderedjson.Object:
			if content, ok := v.Values["content"].(string); ok {
				tokens[key] = content
			}
		}
	}
	switch v := o.Values["chat_template"].(type) {
	case nil:
	case string:
		template = v
	case []any:
		if template, err = named(v, tools); err != nil {
			return "", nil, err
		}
	default:
		return "", nil, fmt.Errorf("chat_template: expected a string or a list, got %s", orderedjson.Kind(v))
	}
	return template, tokens, nil
}

// named returns the template of a list that is called default, or with tools tool_use.
func named(list []any, tools bool) (string, error) {
	all := map[string]string{}
	for i, item := range list {
		o, ok := item.(*orderedjson.Object)
		if !ok {
			return "", fmt.Errorf("chat_template[%d]: expected an object, got %s", i, orderedjson.Kind(item))
		}
		name, first := o.Values["name"].(string)
		source, second := o.Values["template"].(string)
		if !first || !second {
			return "", fmt.Errorf(`chat_template[%d]: expected strings in "name" and "template", got %s`, i, keys(o))
		}
		all[name] = source
	}
	if source, ok := all["tool_use"]; ok && tools {
		return source, nil
	}
	if source, ok := all["default"]; ok || len(all) == 0 {
		return source, nil
	}
	if len(all) == 1 {
		for _, source := range all {
			return source, nil
		}
	}
	return "", fmt.Errorf("chat_template: %d named templates and none called default", len(all))
}
