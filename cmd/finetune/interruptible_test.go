package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func TestInterruptibleReader(t *testing.T) {
	text := strings.Repeat("0123456789", 50_000)
	if b, err := io.ReadAll(interruptibleReader(context.Background(), iotest.OneByteReader(strings.NewReader(text[:1000])))); err != nil || string(b) != text[:1000] {
		t.Errorf("read %d bytes, %v", len(b), err)
	}
	if b, err := io.ReadAll(interruptibleReader(context.Background(), strings.NewReader(text))); err != nil || string(b) != text {
		t.Errorf("read %d bytes, %v", len(b), err)
	}
	in, out := io.Pipe()
	defer out.Close()
	ctx, cancel := context.WithCancelCause(context.Background())
	time.AfterFunc(10*time.Millisecond, func() { cancel(errInterrupted) })
	if _, err := io.ReadAll(interruptibleReader(ctx, in)); !errors.Is(err, errInterrupted) {
		t.Errorf("a reader that waits gives %v", err)
	}
}

// TestInterruptedInput ends every command that waits for standard input, as a person does who meant to give another one.
func TestInterruptedInput(t *testing.T) {
	dir := t.TempDir()
	temporary := filepath.Join(dir, "tmp")
	if err := os.Mkdir(temporary, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"TMPDIR", "TMP"} { // of Unix and of Windows
		t.Setenv(name, temporary)
	}
	model, out := filepath.Join(dir, "model"), filepath.Join(dir, "out")
	encoder, _ := newModels(t, dir)
	classifier := filepath.Join(dir, "classifier")
	classes := write(t, filepath.Join(dir, "classes.csv"), "text,label\n"+strings.Repeat("a,b\nc,d\n", 20))
	succeed(t, "", "sft", "--model", encoder, "--data", classes, "--objective=classification", "--output-dir", classifier, "--max-steps=1", "--warmup-steps=0")
	corpus(t, dir)
	pretrained(t, model)
	before := names(t, dir)
	for _, args := range [][]string{
		append([]string{"pretrain", "--data=-", "--output-dir", out}, tiny...),
		{"sft", "--model", model, "--data=-", "--output-dir", out},
		{"sft", "--model", model, "--data", filepath.Join(dir, "corpus.txt"), "--validation-data=-", "--output-dir", out},
		{"eval", "--model", model, "--data=-"},
		{"classify", "--model", classifier, "--data=-"},
		{"generate", "--model", model, "--prompts-file=-"},
		{"tokenizer", "train", "--data=-", "--output-dir", out},
		{"tokenizer", "encode", "--tokenizer", model, "--data=-"},
		{"tokenizer", "decode", "--tokenizer", model, "--data=-"},
		{"tokenizer", "inspect", "--tokenizer", model, "--data=-"},
	} {
		in, typed := io.Pipe()
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			typed.Write([]byte("1\n")) // returns once it is read
			time.Sleep(20 * time.Millisecond)
			cancel(errInterrupted)
		}()
		var printed, said bytes.Buffer
		if status := execute(ctx, args, &streams{in: in, out: &printed, err: &said}); status != exitInterrupted || !strings.HasSuffix(said.String(), "finetune: interrupted\n") {
			t.Errorf("%s: status %d, said %q", strings.Join(args, " "), status, said.String())
		}
		typed.Close()
		if after, left := names(t, dir), names(t, temporary); after != before || left != "" {
			t.Errorf("%s: left behind %s and %s, before there was %s", strings.Join(args, " "), after, left, before)
		}
	}
}
