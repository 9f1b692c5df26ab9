package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMaskedModel(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("the sun is red and the sea is blue . ", 100)), 0o644); err != nil {
		t.Fatal(err)
	}
	o := options{data: text, dir: filepath.Join(dir, "run"), steps: 10, texts: []string{"the sun is r#d and the ### is blue ."}}
	var out bytes.Buffer
	if err := run(t.Context(), o, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"step 10: validation loss", "accuracy", "the sun is r#d and the ### is blue .\nthe sun is r"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("nothing of %q in\n%s", want, out.String())
		}
	}
	out.Reset()
	if err := run(t.Context(), o, &out); err != nil || strings.Contains(out.String(), "step") || strings.Count(out.String(), "the sun is r") != 2 {
		t.Errorf("a second time: %v\n%s", err, out.String())
	}
	o.texts = []string{"all to be read"}
	if err := run(t.Context(), o, &out); err == nil || !strings.Contains(err.Error(), "has no #") {
		t.Errorf("error %v for a text without an illegible character", err)
	}
}
