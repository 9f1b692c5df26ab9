// Sums writes problems of addition to learn, for "finetune pretrain", "sft" and "grpo": see docs/grpo.md.
//
//	go run ./examples/sums -dir sums
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
)

func main() {
	log.SetFlags(0)
	dir := flag.String("dir", "sums", "directory that is made, if need be, and written into")
	seed := flag.Uint64("seed", 1, "decides which problems there are")
	most := flag.Int("most", 999, "the largest summand")
	counts := map[string]*int{
		"solved":   flag.Int("solved", 20000, `problems with their answers, of solved.jsonl: {"prompt", "completion"}`),
		"problems": flag.Int("problems", 4000, `problems to practise on, of problems.jsonl: {"prompt", "answer"}`),
		"held":     flag.Int("held", 500, "problems to be examined by, of held.jsonl, likewise"),
	}
	flag.Parse()
	if err := write(*dir, *seed, *most, *counts["solved"], *counts["problems"], *counts["held"]); err != nil {
		log.Fatal("sums: ", err)
	}
}

// write writes the files. No problem is in two of them.
func write(dir string, seed uint64, most, solved, problems, held int) error {
	n := most + 1
	if most < 1 || solved < 1 || problems < 1 || held < 1 || solved+problems+held > n*n/2 {
		return fmt.Errorf("%d, %d and %d problems of numbers up to %d, expected at least one of each and at most half of the %d that there are", solved, problems, held, most, n*n)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	chance := rand.New(rand.NewPCG(seed, 0))
	seen := map[[2]int]bool{}
	for _, f := range []struct {
		name, key string
		count     int
	}{{"solved.jsonl", "completion", solved}, {"problems.jsonl", "answer", problems}, {"held.jsonl", "answer", held}} {
		err := writeLines(filepath.Join(dir, f.name), f.count, func(w io.Writer) error {
			p := [2]int{chance.IntN(n), chance.IntN(n)}
			for seen[p] {
				p = [2]int{chance.IntN(n), chance.IntN(n)}
			}
			seen[p] = true
			return json.NewEncoder(w).Encode(map[string]string{"prompt": fmt.Sprintf("%d+%d=", p[0], p[1]), f.key: fmt.Sprint(p[0] + p[1])})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// writeLines writes so many lines into a file.
func writeLines(path string, lines int, line func(io.Writer) error) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	out := bufio.NewWriter(file)
	for range lines {
		if err := line(out); err != nil {
			return err
		}
	}
	return out.Flush()
}
