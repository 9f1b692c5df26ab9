package adapt

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
)

// fingerprint tells a model from others: what adapter_base.json says.
type fingerprint struct {
	Config  string `json:"config_sha256"`           // of the configuration and of the parameters' names and shapes
	Vectors string `json:"vectors_sha256"`          // of a sample of the values of parameters of one dimension; empty of a sketch
	Weights string `json:"weights_sha256"`          // of a sample of the others; empty where some are stored as blocks, whose values depend on that
	Formats string `json:"formats,omitempty"`       // of the parameters that are stored as blocks, such as "q4_1 q8_0"; empty without
	Blocks  string `json:"blocks_sha256,omitempty"` // of a sample of their bytes
	Vocab   int    `json:"vocab_size"`              // rows of the table that tokens are looked up in; 0 without
	Head    *Head  `json:"head,omitempty"`          // that the model got for the adapter; nil for its own
}

// Head is what a head was made for that an adapter brings along. Models that are stored without it get one before the adapter is put on
// them.
type Head struct {
	Objective string   `json:"objective"` // such as classification
	Labels    []string `json:"labels"`    // names of the classes, or of the values of a regression
}

// SetHead notes what the model's head was made for, for ReadHead.
func (a *Adapter) SetHead(h *Head) { a.config.head = h }

// ReadHead returns what is noted in an adapter's directory of the head that it brings along, or nil; a GGUF file brings none.
func ReadHead(dir string) (*Head, error) {
	if models.IsGGUF(dir) {
		return nil, nil
	}
	f, err := readFingerprint(dir)
	if err != nil {
		return nil, fmt.Errorf("adapt: %s: %w", dir, err)
	}
	return f.Head, nil
}

// readFingerprint reads what a directory tells of a model, which is nothing where there is no such file.
func readFingerprint(dir string) (f fingerprint, err error) {
	data, err := os.ReadFile(filepath.Join(dir, BaseName))
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return f, err
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return f, fmt.Errorf("%s: %w", BaseName, err)
	}
	return f, nil
}

func (f fingerprint) encode() []byte {
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		panic(err) // texts and a number
	}
	return append(data, '\n')
}

// sampled is how many values of each parameter are looked at, or how many parts of its blocks, of sampledBytes.
const (
	sampled      = 64
	sampledBytes = 16
)

// fingerprintOf returns that of a model, but for the modules that an adapter replaces, such as a classifier's head that begins at random.
func fingerprintOf(m Model, replaced []string) (fingerprint, error) {
	var f fingerprint
	settings, err := settingsOf(m)
	if err != nil {
		return f, err
	}
	config, vectors, weights, packed, formats := sha256.New(), sha256.New(), sha256.New(), sha256.New(), map[string]bool{}
	config.Write(settings)
	params := slices.Clone(m.Params())
	slices.SortFunc(params, func(a, b *graph.Param) int { return strings.Compare(a.Name, b.Name) })
	values := true
	for _, p := range params {
		layer := p.Name[:max(0, strings.LastIndexByte(p.Name, '.'))]
		if slices.ContainsFunc(replaced, func(name string) bool { return ends(layer, name) }) {
			continue
		}
		fmt.Fprintf(config, "%s %v\n", p.Name, []int(p.Shape))
		values = values && p.HasValues()
		if !p.HasValues() {
			continue
		}
		if b := p.Packed(); b != nil {
			formats[p.Stored()] = true
			for i := 0; i < len(b.Data); i += max(1, len(b.Data)/sampled) {
				packed.Write(b.Data[i:min(i+sampledBytes, len(b.Data))])
			}
			continue
		}
		sum := weights
		if p.Shape.Dims() == 1 {
			sum = vectors
		}
		for i := 0; i < p.Len(); i += max(1, p.Len()/sampled) {
			sum.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(p.At(i)))))
		}
	}
	f.Config = hex.EncodeToString(config.Sum(nil))
	if values {
		f.Vectors = hex.EncodeToString(vectors.Sum(nil))
		if len(formats) == 0 {
			f.Weights = hex.EncodeToString(weights.Sum(nil))
		} else {
			f.Formats, f.Blocks = strings.Join(slices.Sorted(maps.Keys(formats)), " "), hex.EncodeToString(packed.Sum(nil))
		}
	}
	if e, err := inputTable(m); err == nil {
		f.Vocab = e.Weight.Shape[0]
	}
	return f, nil
}

// settingsOf returns what a model's field Config says, if it has one: what isn't 0 or empty, sorted, and without what changes nothing of what the
// model computes outside of training.
func settingsOf(m Model) ([]byte, error) {
	v := reflect.Indirect(reflect.ValueOf(m))
	if v.Kind() != reflect.Struct {
		return nil, nil
	}
	field := v.FieldByName("Config")
	if !field.IsValid() || !field.CanInterface() {
		return nil, nil
	}
	data, err := json.Marshal(field.Interface())
	if err != nil {
		return nil, fmt.Errorf("adapt: the model's configuration: %w", err)
	}
	settings := map[string]any{}
	if err := json.Unmarshal(data, &settings); err != nil {
		return nil, nil // no object, so no configuration of a model
	}
	var lines []byte
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		value := settings[key]
		if strings.Contains(key, "drop") || slices.Contains(irrelevant, key) || value == nil || reflect.ValueOf(value).IsZero() {
			continue
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("adapt: the model's configuration: %w", err)
		}
		lines = fmt.Appendf(lines, "%s %s\n", key, text)
	}
	return lines, nil
}

// irrelevant are settings of how a model is stored, and of the head that an adapter brings.
var irrelevant = []string{"dtype", "torch_dtype", "architectures", "id2label", "label2id", "num_labels", "problem_type", "transformers_version", "_name_or_path"}

// differ tells whether two sums that are known are different.
func differ(a, b string) bool { return a != "" && b != "" && a != b }

// checkBase refuses a model other than that which a directory tells of, if it does.
func checkBase(dir string, m Model, replaced []string) error {
	want, err := readFingerprint(dir)
	if err != nil || want.Config == "" {
		return err
	}
	got, err := fingerprintOf(m, replaced)
	if err != nil {
		return err
	}
	switch {
	case want.Vocab != 0 && got.Vocab != 0 && want.Vocab != got.Vocab:
		return fmt.Errorf("the adapter was trained on a model with a vocabulary of %d, and this one has %d", want.Vocab, got.Vocab)
	case want.Config != got.Config:
		return fmt.Errorf("the adapter was trained on another model: the configurations or the shapes of the parameters differ (%s)", BaseName)
	case differ(want.Vectors, got.Vectors) || differ(want.Weights, got.Weights) || want.Formats == got.Formats && differ(want.Blocks, got.Blocks):
		return fmt.Errorf("the adapter was trained on another model: the configuration is the same, the weights differ (%s)", BaseName)
	}
	return nil
}
