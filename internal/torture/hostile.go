package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	longest  = 20 * time.Second // that a command may take over a file, on a machine that does other things too
	mostMore = 512 << 20        // bytes of memory that a damaged file may take beyond the intact one
	mostSaid = 4000             // bytes of a complaint
)

// A victim is a kind of file: a folder that is copied, the file in it that is damaged, and the command that reads it, in which a path below the
// folder begins with "@/".
type victim struct {
	folder, file string
	args         []string
}

// victims are all kinds of files that people hand to the command or that it reads back.
var victims = []victim{
	{"run", "model.safetensors", []string{"generate", "--model=@/", "--prompt=Line", "--max-new-tokens=2"}},
	{"run", "config.json", []string{"generate", "--model=@/", "--prompt=Line", "--max-new-tokens=2"}},
	{"run", "generation_config.json", []string{"generate", "--model=@/", "--prompt=Line", "--max-new-tokens=2"}},
	{"run", "tokenizer.json", []string{"generate", "--model=@/", "--prompt=Line", "--max-new-tokens=2"}},
	{"run", "tokenizer_config.json", []string{"generate", "--model=@/", "--prompt=Line", "--max-new-tokens=2"}},
	{"run", "chat_template.jinja", []string{"generate", "--model=@/", "--messages=@/talk.json", "--max-new-tokens=2"}},
	{"run", "checksums.json", []string{"verify", "@/"}},
	{"run", "metrics.jsonl", []string{"report", "@/", "--output=@/report.html"}},
	{"run", "run.yaml", []string{"resume", "@/", "--max-steps=3"}},
	{"run", "provenance.json", []string{"rerun", "@/provenance.json"}},
	{"run", "checkpoint-2/trainer_state.json", []string{"resume", "@/", "--max-steps=3"}},
	{"run", "checkpoint-2/optimizer.safetensors", []string{"resume", "@/", "--max-steps=3"}},
	{"torch", "pytorch_model.bin", []string{"info", "@/"}},
	{"gguf", "model.gguf", []string{"generate", "--model=@/model.gguf", "--prompt=Line", "--max-new-tokens=2"}},
	{"lora", "adapter_config.json", []string{"generate", "--model=@/../intact/run", "--adapter=@/", "--prompt=Line", "--max-new-tokens=2"}},
	{"lora", "adapter_model.safetensors", []string{"generate", "--model=@/../intact/run", "--adapter=@/", "--prompt=Line", "--max-new-tokens=2"}},
	{"run", "tokens.bin", []string{"resume", "@/", "--max-steps=3"}},
	{"sentencepiece", "unigram.model", []string{"tokenizer", "encode", "--tokenizer=@/unigram.model", "--data=@/../text.txt"}},
	{"sentencepiece", "bpe.model", []string{"tokenizer", "encode", "--tokenizer=@/bpe.model", "--data=@/../text.txt"}},
	{"rows", "rows.jsonl", []string{"data", "inspect", "--model=@/../intact/run", "--data=@/rows.jsonl"}},
	{"rows", "rows.json", []string{"data", "inspect", "--model=@/../intact/run", "--data=@/rows.json"}},
	{"rows", "rows.csv", []string{"data", "inspect", "--model=@/../intact/run", "--data=@/rows.csv"}},
	{"rows", "rows.jsonl.gz", []string{"data", "inspect", "--model=@/../intact/run", "--data=@/rows.jsonl.gz"}},
	{"table", "train.parquet", []string{"data", "inspect", "--model=@/../intact/run", "--data=@/train.parquet"}},
	{"settings", "settings.yaml", []string{"pretrain", "--config=@/settings.yaml", "--data=@/../text.txt", "--output-dir=@/out", "--max-steps=1"}},
	{"words", "vectors.vec", []string{"words", "neighbors", "--model=@/vectors.vec", "line"}},
	{"words", "vectors.bin", []string{"words", "neighbors", "--model=@/vectors.bin", "line"}},
	{"words", "fasttext.bin", []string{"words", "neighbors", "--model=@/fasttext.bin", "line"}},
	{"words", "vectors.kv", []string{"words", "neighbors", "--model=@/vectors.kv", "line"}},
	{"vectors", "*", []string{"words", "neighbors", "--model=@/", "line"}},
	{"index", "*", []string{"search", "query", "--index=@/", "--mode=bm25", "a text"}},
}

// hostile damages files and gives them to the command that reads them: it may use them or refuse them in words, in bounded time and memory, and must not
// crash.
func (j *job) hostile(times int, seed uint64) (bad int, err error) {
	start := time.Now()
	if err := j.intact(); err != nil {
		return 0, err
	}
	random := rand.New(rand.NewPCG(seed, 1))
	usual := make([]int64, len(victims))
	for i, v := range victims {
		if usual[i], err = j.undamaged(v); err != nil {
			return 0, err
		}
	}
	refused := 0
	for n := range times {
		v := victims[n%len(victims)]
		said, err := j.harm(v, usual[n%len(victims)], random)
		if err != nil {
			bad++
			fmt.Println(err)
		}
		if said {
			refused++
		}
	}
	fmt.Printf("%-12s %4d damaged files of %d kinds, %d refused, %d wrong, %.0f s\n", "hostile", times, len(victims), refused, bad, time.Since(start).Seconds())
	return bad, nil
}

// copied copies the folder of a victim, and returns its path.
func (j *job) copied(v victim) (string, error) {
	dir := filepath.Join(j.work, "harmed")
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	return dir, os.CopyFS(dir, os.DirFS(filepath.Join(j.work, "intact", v.folder)))
}

// undamaged runs the command of a victim on the intact file, and returns the memory that it took.
func (j *job) undamaged(v victim) (memory int64, err error) {
	dir, err := j.copied(v)
	if err != nil {
		return 0, err
	}
	r := j.bounded(dir, v.args)
	if r.err != nil {
		return 0, fmt.Errorf("%s, intact: %w\n%s", v.file, r.err, r.output)
	}
	if r.status != 0 && v.folder != "torch" { // the tensors of PyTorch's file are of no model
		return 0, fmt.Errorf("%s, intact: status %d\n%s", v.file, r.status, r.output)
	}
	return r.memory, nil
}

// harm damages a victim and runs its command; it returns whether it was refused, and what is wrong with how.
func (j *job) harm(v victim, usual int64, random *rand.Rand) (refused bool, err error) {
	dir, err := j.copied(v)
	if err != nil {
		return false, err
	}
	path := filepath.Join(dir, v.file)
	if v.file == "*" {
		all, err := filepath.Glob(path)
		if err != nil {
			return false, err
		}
		if len(all) == 0 {
			return false, fmt.Errorf("%s: no files", path)
		}
		path = all[random.IntN(len(all))]
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return false, err
	}
	damaged, how := damage(raw, random)
	if err := os.WriteFile(path, damaged, 0o644); err != nil {
		return false, err
	}
	r := j.bounded(dir, v.args)
	what := fmt.Sprintf("%s, %s: %s", strings.TrimPrefix(path, dir+"/"), how, strings.Join(v.args, " "))
	switch {
	case r.err != nil:
		return false, fmt.Errorf("%s: %w\n%s", what, r.err, complaint(r.output))
	case panicked(r.output):
		return false, fmt.Errorf("%s: panicked:\n%s", what, r.output)
	case r.memory > usual+mostMore:
		return false, fmt.Errorf("%s: took %d MiB, %d of the intact file\n%s", what, r.memory>>20, usual>>20, complaint(r.output))
	case r.status > 2 || r.status != 0 && strings.TrimSpace(r.output) == "":
		return false, fmt.Errorf("%s: ended with %d and said %q", what, r.status, complaint(r.output))
	case r.status != 0 && len(complaint(r.output)) > mostSaid:
		return false, fmt.Errorf("%s: said %d bytes: %.300s", what, len(complaint(r.output)), complaint(r.output))
	}
	return r.status != 0, nil
}

// outcome is what became of a command.
type outcome struct {
	status int
	output string
	memory int64 // bytes, at most at one time
	err    error // it was killed, or took too long
}

// bounded runs a command for at most the longest time.
func (j *job) bounded(dir string, args []string) outcome {
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = strings.Replace(a, "@/", dir+"/", 1)
	}
	command := exec.CommandContext(ctx, j.binary, words...)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err := command.Run()
	r := outcome{output: out.String()}
	if command.ProcessState != nil {
		r.memory = peak(command.ProcessState)
	}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		r.err = fmt.Errorf("took more than %v", longest)
	case errors.As(err, &exit) && exit.ExitCode() < 0:
		r.err = fmt.Errorf("was ended: %w", err)
	case errors.As(err, &exit):
		r.status = exit.ExitCode()
	default:
		r.err = err
	}
	return r
}
