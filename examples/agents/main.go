// Agents writes problems for agents that compute with a calculator, a chat template and a file of two agents: see docs/agent.md.
//
//	go run ./examples/agents -dir agents
package main

import (
	"bufio"
	_ "embed"
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

//go:embed template.jinja
var template []byte

//go:embed agents.yaml
var agents []byte

func main() {
	log.SetFlags(0)
	dir := flag.String("dir", "agents", "directory that is made, if need be, and written into")
	var c counts
	flag.Uint64Var(&c.seed, "seed", 1, "decides which problems there are")
	flag.IntVar(&c.answers, "answers", 2000, "problems with nothing but their answers, of text.jsonl and worked.jsonl")
	flag.IntVar(&c.shown, "shown", 3000, "problems that are solved by the calculator, by one agent and by two, of text.jsonl and worked.jsonl")
	flag.IntVar(&c.practice, "practice", 1000, "problems to practise on, of practice.jsonl")
	flag.IntVar(&c.held, "held", 300, "problems to be examined by, of held.jsonl")
	flag.Parse()
	if err := write(*dir, c); err != nil {
		log.Fatal("agents: ", err)
	}
}

// counts says how many problems of each kind are written.
type counts struct {
	seed                           uint64
	answers, shown, practice, held int
}

// problem is a·b + c, of two digits each.
type problem [3]int

func (p problem) question() string { return fmt.Sprintf("%d*%d+%d", p[0], p[1], p[2]) }
func (p problem) answer() string   { return fmt.Sprint(p[0]*p[1] + p[2]) }

// write writes the files. No problem is in two of them, but for text.jsonl and worked.jsonl, which have the same: as texts, and as messages.
func write(dir string, c counts) error {
	const most = 300_000 // of the 729,000 that there are
	if c.answers < 1 || c.shown < 1 || c.practice < 1 || c.held < 1 || c.answers+c.shown+c.practice+c.held > most {
		return fmt.Errorf("%d, %d, %d and %d problems, expected at least one of each and at most %d in all", c.answers, c.shown, c.practice, c.held, most)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	chance := rand.New(rand.NewPCG(c.seed, 0))
	seen := map[problem]bool{}
	draw := func() problem {
		for {
			var p problem
			for i := range p {
				p[i] = 10 + chance.IntN(90)
			}
			if !seen[p] {
				seen[p] = true
				return p
			}
		}
	}
	var held, practice, text, worked []any
	for range c.held {
		held = append(held, draw().asked())
	}
	for range c.practice {
		practice = append(practice, draw().asked())
	}
	for i := range c.answers + c.shown {
		told := []conversation{draw().told()}
		if i >= c.answers {
			told = draw().solved()
		}
		for _, t := range told {
			text, worked = append(text, map[string]string{"text": t.text()}), append(worked, t)
		}
	}
	for name, lines := range map[string][]any{"held": held, "practice": practice, "text": text, "worked": worked} {
		if err := writeLines(filepath.Join(dir, name+".jsonl"), lines); err != nil {
			return err
		}
	}
	return errors.Join(os.WriteFile(filepath.Join(dir, "template.jinja"), template, 0o644), os.WriteFile(filepath.Join(dir, "agents.yaml"), agents, 0o644))
}

// asked is a problem as finetune agent reads it.
func (p problem) asked() map[string]string {
	return map[string]string{"question": p.question(), "answer": p.answer()}
}

// told is the problem with nothing but its answer.
func (p problem) told() conversation {
	return conversation{Messages: []message{{Role: "user", Content: p.question()}, {Role: "assistant", Content: p.answer()}}}
}

// solved are the conversations in which an agent with a calculator solves the problem, and in which a planner hands its steps to a computer.
func (p problem) solved() []conversation {
	product := p[0] * p[1]
	steps := []step{{fmt.Sprintf("%d*%d", p[0], p[1]), fmt.Sprint(product)}, {fmt.Sprintf("%d+%d", product, p[2]), p.answer()}}
	all := []conversation{work("calculator", "expression", p.question(), step{p.question(), p.answer()}), work("computer", "task", p.question(), steps...)}
	for _, s := range steps {
		all = append(all, work("calculator", "expression", s.expression, s))
	}
	return all
}

// writeLines writes a file of one object a line.
func writeLines(path string, lines []any) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	out := bufio.NewWriter(file)
	if err := encode(out, lines); err != nil {
		return err
	}
	return out.Flush()
}

func encode(w io.Writer, lines []any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for _, line := range lines {
		if err := e.Encode(line); err != nil {
			return err
		}
	}
	return nil
}
