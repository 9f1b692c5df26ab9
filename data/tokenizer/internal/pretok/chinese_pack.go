//go:build ignore

// chinese_pack packs the Chinese dictionaries of go-ego/gse, as go.mod has it, into the file that the build tag "packed" embeds in their place:
//
//	go run chinese_pack.go
package main

import (
	"bytes"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("chinese_pack: ")
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/go-ego/gse").Output()
	if err != nil {
		log.Fatal(err)
	}
	var words []byte
	for _, name := range []string{"s_1.txt", "t_1.txt"} { // in this order, as they are read
		part, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(module)), "data", "dict", "zh", name))
		if err != nil {
			log.Fatal(err)
		}
		words = append(words, part...)
	}
	w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		log.Fatal(err)
	}
	packed := w.EncodeAll(words, nil)
	r, err := zstd.NewReader(nil)
	if err != nil {
		log.Fatal(err)
	}
	if back, err := r.DecodeAll(packed, nil); err != nil || !bytes.Equal(back, words) {
		log.Fatalf("what was packed comes out otherwise: %v", err)
	}
	if err := os.WriteFile("chinese.zst", packed, 0o644); err != nil {
		log.Fatal(err)
	}
	log.Printf("%d bytes became %d", len(words), len(packed))
}
