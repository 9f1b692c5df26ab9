package hub

import (
	"encoding/json"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/pathpattern"
)

// modelTexts are the files beside weights that a model, its tokenizer and its card are read from, as patterns.
var modelTexts = []string{
	"config.json", "generation_config.json", "adapter_config.json", "modules.json", "sentence_bert_config.json", "config_sentence_transformers.json", "README.md",
	"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "chat_template.jinja",
	"vocab.json", "merges.txt", "vocab.bpe", "encoder.json", "vocab.txt", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "*.tiktoken",
}

// dataEnds are the ends of names of files that hold data, where a whole data set is asked for.
var dataEnds = []string{".jsonl", ".json", ".csv", ".tsv", ".parquet", ".txt", ".jsonl.gz", ".json.gz", ".csv.gz", ".tsv.gz", ".txt.gz", ".jsonl.zst", ".json.zst", ".csv.zst", ".txt.zst"}

// notData are files of data sets that only look like data.
var notData = []string{"dataset_infos.json", "dataset_info.json", "state.json", "requirements.txt"}

const (
	safetensorsFile, safetensorsIndex = "model.safetensors", "model.safetensors.index.json"
	torchFile, torchIndex             = "pytorch_model.bin", "pytorch_model.bin.index.json"
	adapterFile, adapterConfig        = "adapter_model.safetensors", "adapter_config.json"
)

// choice is what is needed of a model.
type choice struct {
	files   []entry
	weights bool   // there are some among them
	gguf    string // the file that is the model, where nothing else is
	unread  bool   // there will be more once the files are there, which say so
}

// choose picks the files that a model is read from, with its weights or without. What is at dir already tells of parts and folders.
func choose(all []entry, dir string, weights bool) (choice, error) {
	var c choice
	at := func(p string) (entry, bool) {
		i, ok := slices.BinarySearchFunc(all, p, func(e entry, p string) int { return strings.Compare(e.Path, p) })
		if !ok {
			return entry{}, false
		}
		return all[i], true
	}
	folders := []string{""}
	if _, ok := at("modules.json"); ok {
		more, err := modules(filepath.Join(dir, "modules.json"))
		if err != nil {
			return c, err
		}
		c.unread = more == nil
		folders = append(folders, more...)
	}
	for _, folder := range folders {
		for _, e := range all {
			if path.Dir(e.Path) == path.Clean("./"+folder) && matches(modelTexts, path.Base(e.Path)) {
				c.files = append(c.files, e)
			}
		}
		if !weights {
			continue
		}
		if e, ok := at(path.Join(folder, adapterFile)); ok {
			c.files, c.weights = append(c.files, e), true
		}
		for _, form := range [][2]string{{safetensorsFile, safetensorsIndex}, {torchFile, torchIndex}} {
			if e, ok := at(path.Join(folder, form[0])); ok {
				c.files, c.weights = append(c.files, e), true
				break
			}
			index, ok := at(path.Join(folder, form[1]))
			if !ok {
				continue
			}
			c.files, c.weights = append(c.files, index), true
			parts, err := indexed(filepath.Join(dir, filepath.FromSlash(index.Path)))
			if err != nil {
				return c, err
			}
			c.unread = c.unread || parts == nil
			for _, name := range parts {
				e, ok := at(path.Join(folder, name))
				if !ok {
					return c, fmt.Errorf("%s names %s, which the repository doesn't have", index.Path, name)
				}
				c.files = append(c.files, e)
			}
			break
		}
	}
	if weights && !c.weights && !c.unread {
		return c, c.chooseGGUF(all)
	}
	return c, nil
}

// chooseGGUF takes the GGUF file of a repository that has one and nothing else.
func (c *choice) chooseGGUF(all []entry) error {
	var found []entry
	for _, e := range all {
		if strings.HasSuffix(e.Path, ".gguf") && !strings.Contains(path.Base(e.Path), "mmproj") {
			found = append(found, e)
		}
	}
	switch len(found) {
	case 0:
		return nil
	case 1:
		c.files, c.weights, c.gguf = append(c.files, found[0]), true, found[0].Path
		return nil
	}
	var names []string
	for _, e := range found {
		names = append(names, e.Path)
	}
	const most = 12
	more := ""
	if len(names) > most {
		more = fmt.Sprintf(" and %d more", len(names)-most)
		names = names[:most]
	}
	return fmt.Errorf("it has several GGUF files; name one as hf://org/name/FILE: %s%s", strings.Join(names, ", "), more)
}

// matches tells whether a name is one of some patterns.
func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, _ := path.Match(p, name)
		return ok
	})
}

// modules returns the folders that a modules.json names; nil where it isn't there yet.
func modules(file string) ([]string, error) {
	content, err := readSmall(file, 1<<20)
	if err != nil {
		return nil, nil
	}
	var list []struct {
		Path string `json:"path"`
	}
	if err := json.Unmarshal(content, &list); err != nil {
		return nil, fmt.Errorf("modules.json: %w", err)
	}
	folders := []string{}
	for _, m := range list {
		if m.Path == "" || slices.Contains(folders, m.Path) {
			continue
		}
		if err := checkFile(m.Path); err != nil {
			return nil, fmt.Errorf("modules.json: %w", err)
		}
		folders = append(folders, m.Path)
	}
	return folders, nil
}

// indexed returns the files that an index of weights names; nil where it isn't there yet.
func indexed(file string) ([]string, error) {
	content, err := readSmall(file, 256<<20)
	if err != nil {
		return nil, nil
	}
	var index struct {
		Map map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(content, &index); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(file), err)
	}
	names := []string{}
	for _, name := range index.Map {
		names = append(names, name)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	for _, name := range names {
		if err := checkFile(name); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
	}
	return names, nil
}

// below picks the files of a folder, or those that a pattern matches, in which ** stands for any number of folders; of "" those that look like data.
func below(all []entry, file string) []entry {
	var found []entry
	for _, e := range all {
		switch {
		case file == "":
			if isData(e.Path) {
				found = append(found, e)
			}
		case isPattern(file):
			if pathpattern.Match(file, e.Path) {
				found = append(found, e)
			}
		case e.Path == file || strings.HasPrefix(e.Path, file+"/"):
			found = append(found, e)
		}
	}
	return found
}

func isData(p string) bool {
	return !strings.HasPrefix(path.Base(p), ".") && !matches(notData, path.Base(p)) && slices.ContainsFunc(dataEnds, func(end string) bool { return strings.HasSuffix(p, end) })
}

func isPattern(file string) bool { return strings.ContainsAny(file, "*?[") }
