package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// intact makes the files that hostile damages: most by the command itself, those that it only reads from the tests' own.
func (j *job) intact() error {
	in := func(path ...string) string { return filepath.Join(append([]string{j.work, "intact"}, path...)...) }
	for _, folder := range []string{"rows", "sentencepiece", "settings", "words", "gguf", "torch"} {
		if err := os.MkdirAll(in(folder), 0o755); err != nil {
			return err
		}
	}
	text, run := filepath.Join(j.work, "text.txt"), in("run")
	small := []string{"--n-layer=1", "--n-head=2", "--n-embd=16", "--seq-len=16", "--batch-size=4", "--warmup-steps=0", "--sample-tokens=0", "--logging-steps=1"}
	rows := `{"text": "Line one of a text.", "label": "a", "number": 1.5}` + "\n" + `{"text": "Line two.\nIt goes on.", "label": "b", "number": -2}` + "\n"
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprint(z, rows)
	if err := z.Close(); err != nil {
		return err
	}
	for _, step := range [][]string{
		append([]string{"pretrain", "--data", text, "--tokenizer=bpe", "--vocab-size=300", "--output-dir", run, "--max-steps=2", "--save-steps=1"}, small...),
		{"sft", "--model", run, "--data", text, "--lora-r=2", "--output-dir", in("lora"), "--max-steps=1", "--warmup-steps=0", "--sample-tokens=0"},
		{"export", "--model", run, "--output", in("gguf", "model.gguf")},
		{"words", "train", "--data", text, "--output-dir", in("vectors"), "--dim=8", "--min-count=1", "--epochs=1"},
		{"words", "train", "--data", text, "--output-dir", in("parts"), "--method=fasttext", "--dim=8", "--bucket=50", "--min-count=1", "--epochs=1"},
		{"words", "convert", "--model", in("vectors"), "--format=word2vec", "--output", in("words", "vectors.vec")},
		{"words", "convert", "--model", in("vectors"), "--format=word2vec-bin", "--output", in("words", "vectors.bin")},
		{"words", "convert", "--model", in("vectors"), "--format=keyedvectors", "--output", in("words", "vectors.kv")},
		{"words", "convert", "--model", in("parts"), "--format=fasttext", "--output", in("words", "fasttext.bin")},
		{"search", "index", "--index", in("index"), "--data", text},
		{"data", "prepare", "--data", text, "--output-dir", in("table"), "--format=parquet"},
	} {
		if status, out := j.run(step...); status != 0 {
			return fmt.Errorf("finetune %s: status %d\n%s", strings.Join(step, " "), status, out)
		}
	}
	for path, content := range map[string]string{
		in("rows", "rows.jsonl"):    rows,
		in("rows", "rows.json"):     "[" + strings.Replace(strings.TrimSpace(rows), "\n", ",\n", 1) + "]",
		in("rows", "rows.csv"):      "text,label,number\n\"Line one, of a text.\",a,1.5\n\"Line \"\"two\"\".\nIt goes on.\",b,-2\n",
		in("rows", "rows.jsonl.gz"): packed.String(),
		in("settings", "settings.yaml"): "# of a run\nn_layer: 1\nn_head: 2\nn_embd: 16\nseq_len: 16\nbatch_size: 4\nlearning_rate: 1e-3\nwarmup_steps: 0\n" +
			"sample_tokens: 0\ntokenizer: bpe\nvocab_size: 300\n",
		in("torch", "config.json"): `{"model_type": "gpt2", "n_layer": 1, "n_head": 2, "n_embd": 16, "n_positions": 16, "vocab_size": 300}`,
		in("run", "talk.json"):     `[{"role": "user", "content": "Line?"}]`,
		in("run", "chat_template.jinja"): "{% for m in messages %}{{ '<' + m['role'] + '>' + m.content | trim }}\n{% endfor %}" +
			"{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}",
	} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return err
		}
	}
	root, err := tree()
	if err != nil {
		return err
	}
	for from, to := range map[string]string{
		"data/tokenizer/testdata/golden/sentencepiece-unigram.model": in("sentencepiece", "unigram.model"),
		"data/tokenizer/testdata/golden/sentencepiece-bpe.model":     in("sentencepiece", "bpe.model"),
		"internal/torchfile/testdata/archive.bin":                    in("torch", "pytorch_model.bin"),
	} {
		raw, err := os.ReadFile(filepath.Join(root, from))
		if err != nil {
			return err
		}
		if err := os.WriteFile(to, raw, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// tree returns the directory of the module, in which the tests' own files are.
func tree() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	return strings.TrimSpace(string(out)), err
}
