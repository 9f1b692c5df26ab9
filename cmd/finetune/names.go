package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"github.com/seahorse-ml/seahorse/hub"
	"github.com/seahorse-ml/seahorse/internal/screen"
	"github.com/seahorse-ml/seahorse/task"
)

// nameKind is what a value may name beside a path.
type nameKind int

const (
	modelName     nameKind = iota + 1 // org/name, hf://org/name[/FILE], ollama:name
	adapterName                       // the same, of an adapter whose model is named beside it
	tokenizerName                     // the same, without the weights
	fileName                          // hf://[datasets/]org/name/FILE only
)

// namedFlags are the flags, and arguments, whose values may name what is elsewhere, in whatever command.
var namedFlags = map[string]nameKind{
	"model": modelName, "init": modelName, "reference-model": modelName, "compare": modelName, "adapter": adapterName, "teacher": modelName,
	"teacher-model": modelName, "reward-model": modelName, "embedder": modelName, "rerank": modelName,
	"tokenizer": tokenizerName,
	"data":      fileName, "validation-data": fileName, "prompts-file": fileName, "rows": fileName, "messages": fileName, "imatrix": fileName, "similarity": fileName, "analogies": fileName,
}

// nameKindOf returns what the value of a flag or an argument of a command may name; 0 for nothing.
func nameKindOf(command, flag string) nameKind {
	if command == "info" && flag == "dir" {
		return modelName
	}
	kind := namedFlags[flag]
	if kind == modelName && strings.HasPrefix(command, "words") { // vectors are files, or directories of our own
		kind = fileName
	}
	return kind
}

// pathEnd ends what is meant as a file's path, whether it is there or not.
var pathEnd = regexp.MustCompile(`(?i)\.(gguf|json|jsonl|model|txt|bin|pt|pth|safetensors|ya?ml|csv|tsv|parquet|gz|zst)$`)

// share ends the name of data of which a share is taken.
var share = regexp.MustCompile(`:[0-9]*\.?[0-9]+$`)

// finder replaces names by paths, and fetches what they name.
type finder struct {
	ctx     context.Context
	streams *streams
	words   bool        // a tokenizer of one word is a kind of tokenizer
	client  *hub.Client // nil until it is needed
	bar     *screen.Bar
	begin   time.Time
	bytes   int64 // fetched
	told    time.Time
}

// findNames replaces the names among the options of a command line by the paths of what they name, and fetches what isn't there.
func findNames(ctx context.Context, s *streams, parsed *kong.Context) error {
	command := parsed.Selected()
	if command == nil {
		return nil
	}
	path := strings.TrimPrefix(command.FullPath(), "finetune ")
	f := &finder{ctx: ctx, streams: s, words: path == "pretrain"}
	values := map[string]reflect.Value{}
	for _, flag := range parsed.Flags() {
		if strings.Contains(flag.PlaceHolder, "DIR") || strings.Contains(flag.PlaceHolder, "FILE") { // else it is no path: tokenizer train has --model too
			values[flag.Name] = flag.Target
		}
	}
	for _, argument := range command.Positional {
		values[argument.Name] = argument.Target
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value := values[name]
		kind := nameKindOf(path, name)
		if kind == 0 {
			continue
		}
		var at []reflect.Value
		switch {
		case value.Kind() == reflect.String:
			at = append(at, value)
		case value.Kind() == reflect.Pointer && !value.IsNil() && value.Elem().Kind() == reflect.String:
			at = append(at, value.Elem())
		case value.Kind() == reflect.Slice && value.Type().Elem().Kind() == reflect.String:
			for i := range value.Len() {
				at = append(at, value.Index(i))
			}
		}
		for _, v := range at {
			found, err := f.find(v.String(), kind)
			if err != nil {
				return fmt.Errorf("--%s %s: %w", name, v.String(), err)
			}
			v.SetString(found)
		}
	}
	return nil
}

// find returns the path of what a value names; of a path, itself.
func (f *finder) find(value string, kind nameKind) (string, error) {
	if name, ok := strings.CutPrefix(value, hub.OllamaPrefix); ok && kind != fileName {
		m, err := hub.Ollama(name)
		if err != nil {
			return "", err
		}
		if len(m.Adapters) > 0 {
			return "", fmt.Errorf("it is a model with %d adapters on it, which can't be taken together", len(m.Adapters))
		}
		f.streams.ollama = &m
		return m.GGUF, nil
	}
	fraction := ""
	if kind == fileName && strings.HasPrefix(value, hub.Prefix) {
		fraction = share.FindString(value)
		value = strings.TrimSuffix(value, fraction)
	}
	r, file, ok := f.named(value, kind)
	if !ok {
		return value, f.base(value, kind)
	}
	if f.client == nil {
		client, err := hub.FromEnvironment()
		if err != nil {
			return "", err
		}
		client.Progress = f.progress
		client.Note = func(text string) { f.streams.say("warning    %s", text) }
		f.client = client
	}
	if err := r.Validate(); err != nil {
		return "", err
	}
	f.bytes, f.begin = 0, time.Now()
	var path string
	var err error
	switch {
	case file != "" || kind == fileName:
		path, err = f.client.File(f.ctx, r, file)
	case kind == tokenizerName:
		path, err = f.client.Tokenizer(f.ctx, r)
	default:
		path, err = f.client.Model(f.ctx, r)
	}
	if f.bar != nil {
		f.bar.Clear()
		f.bar = nil
	}
	if err != nil {
		return "", interrupted(f.ctx, err)
	}
	if f.bytes > 0 {
		f.streams.say("fetched    %s, %s MB in %v, to %s", r, grouped((f.bytes+999_999)/1_000_000), time.Since(f.begin).Round(100*time.Millisecond), path)
	}
	if err := f.base(path, kind); err != nil {
		return "", err
	}
	return path + fraction, nil
}

// named tells whether a value names something in the hub rather than a path: it begins with hf://, or is a name of the hub's and no path that is
// there, whose folder is there, or that ends as a file does. Of a path that is in the cache no more, it is what was there.
func (f *finder) named(value string, kind nameKind) (r hub.Repo, file string, ok bool) {
	if strings.HasPrefix(value, hub.Prefix) {
		r, file, _ = hub.ParseFile(value) // which find validates
		return r, file, true
	}
	if _, err := os.Lstat(value); err == nil || value == "" || value == "-" {
		return r, "", false
	}
	if r, file, ok = hub.NameOf(value); ok {
		return r, file, true
	}
	if kind == fileName || pathEnd.MatchString(value) || kind == tokenizerName && f.words && !strings.Contains(value, "/") {
		return r, "", false
	}
	if folder, _, nested := strings.Cut(value, "/"); nested && isDir(folder) {
		return r, "", false
	}
	r, err := hub.Parse(value)
	return r, "", err == nil
}

// base makes the model of an adapter be in the cache, where it is named by a name of the hub.
func (f *finder) base(path string, kind nameKind) error {
	if kind != modelName || !isFile(path, "adapter_config.json") || isFile(path, "config.json") {
		return nil
	}
	base, err := task.AdapterBase(path)
	if base == "" || err == nil {
		return nil // which the command finds, or complains of, itself
	}
	if _, _, ok := f.named(base, kind); !ok {
		return nil
	}
	_, err = f.find(base, kind)
	return err
}

// progress shows how far fetching is.
func (f *finder) progress(file string, done, total int64) {
	f.bytes = max(f.bytes, done)
	const megabyte = 1_000_000
	text := fmt.Sprintf("%s of %s MB", grouped(done/megabyte), grouped((total+megabyte-1)/megabyte))
	if os.Getenv("HF_HUB_DISABLE_PROGRESS_BARS") == "1" {
		return
	}
	if !screen.Lively(f.streams.err) {
		if now := time.Now(); now.Sub(f.told) >= rateLines && now.Sub(f.begin) >= rateLines {
			f.told = now
			fmt.Fprintf(f.streams.err, "fetching %s  %s\n", text, file)
		}
		return
	}
	const parts = 1 << 20
	if f.bar == nil {
		f.bar = screen.NewBar(f.streams.err, parts)
	}
	rate := float64(done) / megabyte / max(time.Since(f.begin).Seconds(), 0.1)
	f.bar.Show(int(float64(done)/float64(max(1, total))*parts), text, fmt.Sprintf("%.1f MB/s", rate), filepath.Base(file))
}

// publicName returns the name of a model in the hub, where a path is that of its files in the cache; else the path.
func publicName(path string) string {
	if r, file, ok := hub.NameOf(path); ok && file == "" {
		return r.ID
	}
	return path
}
