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
	seed := flag.Uint64("seed", 1, "decides which problems there are")
	answers := flag.Int("answers", 2000, "problems with nothing but their answers, of text.jsonl")
	shown := flag.Int("shown", 4000, "problems that are solved by the calculator, by one agent and by two, of text.jsonl")
	practice := flag.Int("practice", 1000, "problems to practise on, of practice.jsonl")
	held := flag.Int("held", 300, "problems to be examined by, of held.jsonl")
	flag.Parse()
	if err := write(*dir, *seed, *answers, *shown, *practice, *held); err != nil {
		log.Fatal("agents: ", err)
	}
}

// problem is a·b + c·d. Each product has four digits.
type problem [4]int

// least is the smallest factor; the largest is 99.
const least = 32

func (p problem) question() string { return fmt.Sprintf("%d*%d+%d*%d", p[0], p[1], p[2], p[3]) }
func (p problem) answer() string   { return fmt.Sprint(p[0]*p[1] + p[2]*p[3]) }

// write writes the files. No problem is in two of them.
func write(dir string, seed uint64, answers, shown, practice, held int) error {
	const most = 1_000_000 // of the 21 million that there are
	if answers < 1 || shown < 1 || practice < 1 || held < 1 || answers+shown+practice+held > most {
		return fmt.Errorf("%d, %d, %d and %d problems, expected at least one of each and at most %d in all", answers, shown, practice, held, most)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	chance := rand.New(rand.NewPCG(seed, 0))
	seen := map[problem]bool{}
	draw := func() problem {
		for {
			var p problem
			for i := range p {
				p[i] = least + chance.IntN(100-least)
			}
			if !seen[p] {
				seen[p] = true
				return p
			}
		}
	}
	asked := func(w io.Writer, n int) error {
		for range n {
			p := draw()
			if err := json.NewEncoder(w).Encode(map[string]string{"question": p.question(), "answer": p.answer()}); err != nil {
				return err
			}
		}
		return nil
	}
	text := func(w io.Writer) error {
		lines := json.NewEncoder(w)
		lines.SetEscapeHTML(false)
		for i := range answers + shown {
			for _, t := range texts(draw(), i >= answers) {
				if err := lines.Encode(map[string]string{"text": t}); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return errors.Join(
		writeFile(filepath.Join(dir, "held.jsonl"), func(w io.Writer) error { return asked(w, held) }),
		writeFile(filepath.Join(dir, "practice.jsonl"), func(w io.Writer) error { return asked(w, practice) }),
		writeFile(filepath.Join(dir, "text.jsonl"), text),
		os.WriteFile(filepath.Join(dir, "template.jinja"), template, 0o644),
		os.WriteFile(filepath.Join(dir, "agents.yaml"), agents, 0o644),
	)
}

// texts returns conversations as the template writes them: a problem with its answer alone, or solved by an agent with a calculator, and by a planner that hands
// its parts to a computer.
func texts(p problem, shown bool) []string {
	if !shown {
		return []string{said("user", p.question()) + said("assistant", p.answer())}
	}
	first, second := p[0]*p[1], p[2]*p[3]
	one, two, sum := fmt.Sprintf("%d*%d", p[0], p[1]), fmt.Sprintf("%d*%d", p[2], p[3]), fmt.Sprintf("%d+%d", first, second)
	plan := said("tools", "computer") + said("user", p.question()) + called("computer", "task", one, fmt.Sprint(first)) + called("computer", "task", two, fmt.Sprint(second)) +
		called("computer", "task", sum, p.answer()) + said("assistant", p.answer())
	return []string{computed(p.question(), p.answer()), plan, computed(one, fmt.Sprint(first)), computed(sum, p.answer())}
}

// computed is a conversation in which an expression is computed by the calculator.
func computed(expression, answer string) string {
	return said("tools", "calculator") + said("user", expression) + called("calculator", "expression", expression, answer) + said("assistant", answer)
}

// called is a call of a tool with what it returns.
func called(name, key, value, result string) string {
	return said("assistant", fmt.Sprintf(`<tool_call>{"name": %q, "arguments": {%q: %q}}</tool_call>`, name, key, value)) + said("tool", result)
}

// said is a message.
func said(role, text string) string { return "<|" + role + "|>" + text + "<|im_end|>" }

// writeFile writes a file.
func writeFile(path string, write func(w io.Writer) error) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	out := bufio.NewWriter(file)
	if err := write(out); err != nil {
		return err
	}
	return out.Flush()
}
