package models

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/safetensors"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// storedModel returns a model's tensors for a file.
func storedModel(m Model) []safetensors.Tensor { return storedTensors(m.Params()) }

func tinyEncoder(t *testing.T, name string) Model {
	t.Helper()
	return encoderGoldens(t)[name].loadEncoder(t, tensor.Float32)
}

func TestLoadOldEncoders(t *testing.T) {
	extra := func(names ...string) func([]safetensors.Tensor) []safetensors.Tensor {
		return func(all []safetensors.Tensor) []safetensors.Tensor {
			for _, name := range names {
				all = append(all, safetensors.Tensor{Name: name, Shape: []int{2}, Data: make([]float32, 2)})
			}
			return all
		}
	}
	renamed := func(pairs ...string) func([]safetensors.Tensor) []safetensors.Tensor {
		return func(all []safetensors.Tensor) []safetensors.Tensor {
			r := strings.NewReplacer(pairs...)
			for i := range all {
				all[i].Name = r.Replace(all[i].Name)
			}
			return all
		}
	}
	tests := []struct {
		name, model string
		change      func([]safetensors.Tensor) []safetensors.Tensor
		err         string
	}{
		{"norms with gamma and beta", "bert_masked", renamed("LayerNorm.weight", "LayerNorm.gamma", "LayerNorm.bias", "LayerNorm.beta"), ""},
		{"a head without the prefix", "bert_token", renamed("bert.", ""), ""},
		{"a prefix without a head", "albert", func(all []safetensors.Tensor) []safetensors.Tensor {
			for i := range all {
				all[i].Name = "albert." + all[i].Name
			}
			return all
		}, ""},
		{"positions", "bert", extra("embeddings.position_ids"), ""},
		{"what pre-training had", "bert_masked", extra("bert.pooler.dense.weight", "bert.pooler.dense.bias", "cls.seq_relationship.weight", "cls.seq_relationship.bias"), ""},
		{"what ALBERT's pre-training had", "albert_masked", extra("albert.pooler.weight", "albert.pooler.bias", "sop_classifier.classifier.weight", "sop_classifier.classifier.bias"), ""},
		{"the bias of the decoder", "roberta_masked", renamed("lm_head.bias", "lm_head.decoder.bias"), ""},
		{"a decoder that isn't tied", "bert_masked", extra("cls.predictions.decoder.weight"), "differs"},
		{"no pooler", "bert", func(all []safetensors.Tensor) []safetensors.Tensor {
			return slices.DeleteFunc(all, func(t safetensors.Tensor) bool { return strings.HasPrefix(t.Name, "pooler.") })
		}, ""},
		{"one missing", "roberta_sequence", func(all []safetensors.Tensor) []safetensors.Tensor { return all[1:] }, `"roberta.embeddings.word_embeddings.weight": missing`},
		{"one more", "roberta_token", extra("lm_head.bias"), `"lm_head.bias": stored, but the model has none of that name`},
		{"one of another shape", "albert_token", func(all []safetensors.Tensor) []safetensors.Tensor {
			all[1].Shape = []int{6, 2}
			return all
		}, `stored with shape [6 2], expected [2 6]`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, dir := tinyEncoder(t, test.model), t.TempDir()
			if err := m.Save(dir); err != nil {
				t.Fatal(err)
			}
			if err := safetensors.Write(filepath.Join(dir, safetensors.FileName), test.change(storedModel(m)), nil); err != nil {
				t.Fatal(err)
			}
			loaded, err := Open(dir, OpenConfig{})
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, expected one with %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := storedModel(m)
			if test.name == "no pooler" {
				want = test.change(want)
			}
			if d := cmp.Diff(want, storedModel(loaded)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestUntiedBiasHasBothNames(t *testing.T) {
	dir := t.TempDir()
	if err := tinyEncoder(t, "bert_masked_untied").Save(dir); err != nil {
		t.Fatal(err)
	}
	s, err := safetensors.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, name := range []string{"cls.predictions.bias", "cls.predictions.decoder.bias"} {
		if _, ok := s.Shape(name); !ok {
			t.Errorf("no %s", name)
		}
	}
}

func TestEncoderConfigs(t *testing.T) {
	tests := []struct{ name, config, err string }{
		{"heads that don't divide", `{"model_type": "bert", "hidden_size": 10, "num_attention_heads": 3}`, "hidden_size 10 is not divisible by num_attention_heads 3"},
		{"no positions", `{"model_type": "roberta", "max_position_embeddings": 2}`, "less those before the first is 0"},
		{"no groups", `{"model_type": "albert", "num_hidden_groups": 0}`, "num_hidden_groups is 0"},
		{"unknown architecture", `{"model_type": "bert", "architectures": ["BertForNextSentencePrediction"]}`, `"BertForNextSentencePrediction" is not known; known are BertModel, BertForMaskedLM`},
		{"relative positions", `{"model_type": "bert", "position_embedding_type": "relative_key"}`, `"relative_key" is not known`},
		{"a decoder", `{"model_type": "bert", "is_decoder": true}`, "is_decoder"},
		{"several labels at once", `{"model_type": "bert", "problem_type": "multi_label_classification"}`, `"multi_label_classification" is not known`},
		{"a gap in the labels", `{"model_type": "bert", "id2label": {"0": "a", "2": "b"}}`, "id 2 among 2"},
		{"dropout", `{"model_type": "bert", "classifier_dropout": 1}`, "the classifier's dropout is 1"},
		{"activation", `{"model_type": "albert", "hidden_act": "sine"}`, `"sine" is not known`},
		{"not JSON", `{"model_type": "bert", "vocab_size": "many"}`, "vocab_size"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := loadFrom([]byte(test.config), origin{dt: tensor.Float32}); err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, expected one with %q", err, test.err)
			}
		})
	}
	for name, c := range map[string]EncoderConfig{"bert": DefaultBertConfig(), "roberta": DefaultRobertaConfig(), "albert": DefaultAlbertConfig()} {
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOpenForTask(t *testing.T) {
	for _, model := range []string{"bert", "bert_masked", "roberta_masked_untied", "roberta", "albert", "albert_token"} {
		dir := t.TempDir()
		stored := tinyEncoder(t, model)
		if err := stored.Save(dir); err != nil {
			t.Fatal(err)
		}
		values := map[string]any{}
		for _, s := range storedModel(stored) {
			_, name, _ := strings.Cut("."+s.Name, ".")
			for _, prefix := range []string{"bert.", "roberta.", "albert."} {
				name = strings.TrimPrefix(name, prefix)
			}
			values[name] = s.Data
		}
		for _, n := range []Head{
			{Task: TaskMasked},
			{Task: TaskSequence, Labels: []string{"good", "bad", "neither"}},
			{Task: TaskSequence, Labels: []string{"price"}, Regression: true},
			{Task: TaskToken, Labels: []string{"name", "place"}},
		} {
			m, err := Open(dir, OpenConfig{Head: &n, Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range storedModel(m) {
				_, name, _ := strings.Cut(s.Name, ".")
				if want, ok := values[name]; strings.HasPrefix(name, "embeddings.") || strings.HasPrefix(name, "encoder.") || ok {
					if d := cmp.Diff(want, s.Data); d != "" {
						t.Errorf("%s: %s is not what was stored", model, s.Name)
					}
				}
			}
			again := t.TempDir()
			if err := m.Save(again); err != nil {
				t.Fatal(err)
			}
			loaded, err := Open(again, OpenConfig{})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(storedModel(m), storedModel(loaded)); d != "" {
				t.Error(d)
			}
			checkLabels(t, again, n)
		}
	}
}

// checkLabels looks at what a directory says about its classes.
func checkLabels(t *testing.T, dir string, n Head) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, configName))
	if err != nil {
		t.Fatal(err)
	}
	var c EncoderConfig
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	if c.Regression() != n.Regression || len(n.Labels) > 0 && c.Classes() != len(n.Labels) {
		t.Errorf("%d classes, regression %v, expected %v", c.Classes(), c.Regression(), n)
	}
	for i, label := range n.Labels {
		if c.Labels[i] != label || c.LabelIDs[label] != i {
			t.Errorf("label %d is %q, expected %q", i, c.Labels[i], label)
		}
	}
}

func TestOpenForTaskRefuses(t *testing.T) {
	encoder, decoder := t.TempDir(), t.TempDir()
	if err := tinyEncoder(t, "bert").Save(encoder); err != nil {
		t.Fatal(err)
	}
	if err := newTinyGPT2(t, tensor.Float32).Save(decoder); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, dir string
		config    Head
		err       string
	}{
		{"a decoder", decoder, Head{Task: TaskMasked}, `"gpt2", expected an encoder`},
		{"nothing", t.TempDir(), Head{Task: TaskMasked}, "no config.json"},
		{"no task", encoder, Head{}, "no task"},
		{"no labels", encoder, Head{Task: TaskToken}, "needs labels"},
		{"labels for tokens", encoder, Head{Task: TaskMasked, Labels: []string{"a"}}, "has no labels"},
		{"a label twice", encoder, Head{Task: TaskSequence, Labels: []string{"a", "a"}}, "twice"},
		{"a regression of tokens", encoder, Head{Task: TaskToken, Labels: []string{"a"}, Regression: true}, "a task of sequences"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := Open(test.dir, OpenConfig{Head: &test.config}); err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, expected one with %q", err, test.err)
			}
		})
	}
}

func TestEncoderRefuses(t *testing.T) {
	m := tinyEncoder(t, "roberta").(*Encoder)
	g := graph.New(graph.Config{})
	m.Hidden(g, g.Input("ids", tensor.Int32, 1, 15), nil, nil)
	if err := g.Err(); err == nil || !strings.Contains(err.Error(), "at most 14 tokens") {
		t.Errorf("error %v", err)
	}
	r := tinyEncoder(t, "bert_regression").(*SequenceClassifier)
	g = graph.New(graph.Config{})
	r.Loss(g, layers.Batch{In: map[string]*graph.Node{layers.IDs: g.Input("ids", tensor.Int32, 1, 3), layers.Targets: g.Input("targets", tensor.Int32, 1, 3)}})
	if err := g.Err(); err == nil || !strings.Contains(err.Error(), "needs values") {
		t.Errorf("error %v", err)
	}
}

// TestClassifierCountsScaledTargets checks the loss of a step over several batches.
func TestClassifierCountsScaledTargets(t *testing.T) {
	c := encoderGoldens(t)["bert_sequence"]
	m := c.loadEncoder(t, tensor.Float64).(*SequenceClassifier)
	g := graph.New(graph.Config{DType: tensor.Float64})
	b := c.batch(g)
	b.Scale = g.Const("scale", []float64{0.125}, 1)
	found := m.Loss(g, b)
	loss, rows := found.Total, found.Each
	run(t, g, loss, rows)
	sum := 0.0
	for i, v := range graph.Floats[float64](rows) {
		if i%len(c.IDs[0]) != 0 && v != 0 {
			t.Errorf("position %d has the loss %g, but no target", i, v)
		}
		sum += v
	}
	if got := graph.Scalar(loss); max(got-0.125*sum, 0.125*sum-got) > 1e-15 || max(got-c.Loss/4, c.Loss/4-got) > 1e-12 {
		t.Errorf("loss %g of losses with the sum %g, expected %g", got, sum, c.Loss/4)
	}
}
