package environment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/seahorse-ml/seahorse/data/chat"
)

// Maze leads through a maze by words. A record has "maze", lines of text with # for walls, S where the model begins and G where it is to go, and may have
// "question", which is said first. The model is shown the maze, and before each turn told which ways are open; it answers with one of north, east, south and west,
// of which the last in its turn counts. The reward is 1 at G, else 0.
type Maze struct{}

// Name is "maze".
func (Maze) Name() string { return "maze" }

// ways are the directions, as rows and columns.
var ways = []struct {
	name   string
	dy, dx int
}{{"north", -1, 0}, {"east", 0, 1}, {"south", 1, 0}, {"west", 0, -1}}

// Begin puts the model at S.
func (Maze) Begin(record json.RawMessage) (Episode, error) {
	var r struct {
		Maze     []string
		Question string
	}
	if err := json.Unmarshal(record, &r); err != nil {
		return nil, err
	}
	const most = 200 // lines and columns
	w := &walk{lines: r.Maze, question: r.Question, y: -1}
	goal := false
	for y, line := range r.Maze {
		for x := range len(line) {
			switch line[x] {
			case 'S':
				if w.y >= 0 {
					return nil, fmt.Errorf(`"maze": line %d: a second S`, y+1)
				}
				w.y, w.x = y, x
			case 'G':
				goal = true
			case '#', '.', ' ':
			default:
				return nil, fmt.Errorf(`"maze": line %d: %q, expected #, S, G, a point or a space`, y+1, line[x])
			}
		}
		if len(line) > most || len(r.Maze) > most {
			return nil, fmt.Errorf(`"maze": more than %d lines or columns`, most)
		}
	}
	if w.y < 0 || !goal {
		return nil, errors.New(`"maze": expected lines of text with an S and a G`)
	}
	return w, nil
}

// walk is an episode in a maze.
type walk struct {
	lines    []string
	question string
	y, x     int
}

// at returns what is at a place; beyond the lines there are walls.
func (w *walk) at(y, x int) byte {
	if y < 0 || y >= len(w.lines) || x < 0 || x >= len(w.lines[y]) {
		return '#'
	}
	return w.lines[y][x]
}

// open tells which ways are open.
func (w *walk) open() string {
	var all []string
	for _, d := range ways {
		if w.at(w.y+d.dy, w.x+d.dx) != '#' {
			all = append(all, d.name)
		}
	}
	if len(all) == 0 {
		return "No way is open."
	}
	return "Ways: " + strings.Join(all, ", ") + "."
}

// Talk shows the maze and the first ways.
func (w *walk) Talk() chat.Conversation {
	text := strings.Join(append(w.lines[:len(w.lines):len(w.lines)], w.open()), "\n")
	if w.question != "" {
		text = w.question + "\n" + text
	}
	return chat.Conversation{Messages: []chat.Message{chat.NewMessage("user", text)}}
}

// Act goes one step.
func (w *walk) Act(_ context.Context, turn string, _ chat.CallForm) (Step, error) {
	s := Step{Said: chat.NewMessage("assistant", turn)}
	last, chosen, said := -1, -1, ""
	for i, d := range ways {
		if at := strings.LastIndex(strings.ToLower(turn), d.name); at > last {
			last, chosen = at, i
		}
	}
	switch {
	case chosen < 0:
		said = "That is no way. "
	case w.at(w.y+ways[chosen].dy, w.x+ways[chosen].dx) == '#':
		said = "There is a wall. "
	default:
		w.y, w.x = w.y+ways[chosen].dy, w.x+ways[chosen].dx
	}
	if w.at(w.y, w.x) == 'G' {
		s.Reward, s.Done = 1, true
		return s, nil
	}
	s.Seen = []chat.Message{chat.NewMessage("user", said+w.open())}
	return s, nil
}
