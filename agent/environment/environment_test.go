package environment

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/search"
)

// calls writes a call as Hermes does.
func calls(name, key, value string) string {
	raw, _ := json.Marshal(map[string]any{"name": name, "arguments": map[string]string{key: value}})
	return "<tool_call>" + string(raw) + "</tool_call>"
}

// passages makes an index and returns its directory.
func passages(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "index")
	x, err := search.Create(dir, search.Settings{Language: "english", By: search.Lines, Length: 50})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if _, err := x.Add(t.Context(), []search.Text{{Source: "a", Text: "The tower was built by Gustave Eiffel."}, {Source: "b", Text: "The bridge is red."}}, search.AddConfig{}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestEpisodes acts in each environment, rightly and not, and looks at what is told and earned.
func TestEpisodes(t *testing.T) {
	index := "retrieval:" + passages(t)
	type turn struct{ said, seen string } // "" ends the episode
	for name, c := range map[string]struct {
		environment, record, asked string
		turns                      []turn
		reward                     float64
	}{
		"computed":  {"arithmetic", `{"question": "6*7=?", "answer": 42}`, "6*7=?", []turn{{calls("calculator", "expression", "6*7"), "42"}, {"It is 42.", ""}}, 1},
		"guessed":   {"arithmetic", `{"question": "6*7=?", "answer": "42"}`, "6*7=?", []turn{{"41", ""}}, 0},
		"messages":  {"arithmetic", `{"prompt": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "6*7"}], "answer": 42}`, "6*7", []turn{{"42.0", ""}}, 1},
		"faults":    {"arithmetic", `{"question": "1", "answer": 1}`, "1", []turn{{calls("divide", "x", "1"), `error: there is no tool "divide"`}, {"<tool_call>{", "error: a call that can't be read"}, {calls("calculator", "expression", "1/0"), "error: "}, {"", ""}}, 0},
		"many":      {"arithmetic", `{"question": "1", "answer": 1}`, "1", []turn{{strings.Repeat(calls("calculator", "expression", "1"), 9), "error: more than 8 calls in a turn"}, {"1", ""}}, 1},
		"found":     {index, `{"question": "Who built the tower?", "answer": "gustave  eiffel"}`, "Who built the tower?", []turn{{calls("search", "query", "tower built"), "[1] The tower was built by Gustave Eiffel."}, {"By Gustave Eiffel.", ""}}, 1},
		"not found": {index, `{"question": "Who?", "answer": "Eiffel"}`, "Who?", []turn{{"I don't know.", ""}}, 0},
		"walked": {"maze", `{"maze": ["#####", "#S..#", "###G#"], "question": "Go to G."}`, "Go to G.\n#####\n#S..#\n###G#\nWays: east.", []turn{
			{"east", "Ways: east, west."}, {"not West but EAST", "Ways: south, west."}, {"up", "That is no way. Ways: south, west."}, {"north", "There is a wall. Ways: south, west."}, {"south", ""}}, 1},
		"shut in": {"maze", `{"maze": ["#S#G"]}`, "#S#G\nNo way is open.", []turn{{"east", "There is a wall. No way is open."}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := Named(c.environment)
			if err != nil {
				t.Fatal(err)
			}
			episode, err := e.Begin(json.RawMessage(c.record))
			if err != nil {
				t.Fatal(err)
			}
			talk, sum := episode.Talk(), 0.0
			if last := talk.Messages[len(talk.Messages)-1]; last.Content != c.asked || last.Role != "user" || (len(talk.Tools) > 0) == (c.environment == "maze") {
				t.Errorf("asked %q with %d tools", last.Content, len(talk.Tools))
			}
			for _, turn := range c.turns {
				s, err := episode.Act(t.Context(), turn.said, chat.TagCalls)
				if err != nil || s.Done != (turn.seen == "") || s.Done != (len(s.Seen) == 0) || s.Said.Role != "assistant" {
					t.Fatalf("%q: %+v, %v", turn.said, s, err)
				}
				if sum += s.Reward; !s.Done && !strings.HasPrefix(s.Seen[len(s.Seen)-1].Content, turn.seen) {
					t.Errorf("%q: told %q, expected %q", turn.said, s.Seen[len(s.Seen)-1].Content, turn.seen)
				}
			}
			if sum != c.reward {
				t.Errorf("earned %g, expected %g", sum, c.reward)
			}
		})
	}
}

// TestWrongRecords begins episodes of what is no record, and asks for environments that there aren't.
func TestWrongRecords(t *testing.T) {
	for want, c := range map[string][2]string{
		`no "answer"`:                       {"arithmetic", `{"question": "6*7"}`},
		`has no number`:                     {"arithmetic", `{"question": "6*7", "answer": "many"}`},
		`expected "question", a text`:       {"arithmetic", `{"question": 6, "answer": 1}`},
		`with an S and a G`:                 {"maze", `{"maze": ["S"]}`},
		`line 2: a second S`:                {"maze", `{"maze": ["SG", "S"]}`},
		`line 1: 'x', expected #`:           {"maze", `{"maze": ["SxG"]}`},
		`cannot unmarshal`:                  {"maze", `{"maze": "SG"}`},
		`more than 200 lines`:               {"maze", `{"maze": ["S` + strings.Repeat(".", 200) + `G"]}`},
		`expected one of arithmetic, maze,`: {"mazes", ""},
		`environment: retrieval:no-such`:    {"retrieval:no-such", ""},
	} {
		e, err := Named(c[0])
		if err == nil {
			_, err = e.Begin(json.RawMessage(c[1]))
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, expected %q", c, err, want)
		}
	}
}

// FuzzEpisodes begins episodes of any record and acts in them: nothing fails but by an error.
func FuzzEpisodes(f *testing.F) {
	f.Add(`{"maze": ["#####", "#S.G#", "#####"], "question": "Go."}`, "east")
	f.Add(`{"question": "6*7", "answer": 42}`, calls("calculator", "expression", "6*7"))
	f.Add(`{"prompt": [{"role": "user", "content": "a"}], "answer": "1"}`, "<tool_call>{}</tool_call>")
	f.Fuzz(func(t *testing.T, record, turn string) {
		for _, e := range []Environment{Arithmetic{}, Maze{}} {
			episode, err := e.Begin(json.RawMessage(record))
			if err != nil {
				continue
			}
			if len(episode.Talk().Messages) == 0 && e.Name() == "maze" {
				t.Error("nothing is said")
			}
			for range 3 {
				s, err := episode.Act(t.Context(), turn, chat.TagCalls)
				if err != nil || s.Done {
					break
				}
				if len(s.Seen) == 0 {
					t.Errorf("%q: an episode goes on and nothing is told", turn)
				}
			}
		}
	})
}
