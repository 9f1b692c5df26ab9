package task

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
	"github.com/seahorse-ml/seahorse/reward"
)

// Question is a prompt that synthetic data are made from: a text that is continued, or messages.
type Question struct {
	Text     string              // of a prompt without messages
	Messages []any               // nil of a text
	Record   *orderedjson.Object // as the data have it
	Expected string              // its "answer"; "" without one
}

// Said is an answer to a prompt.
type Said struct {
	Text   string `json:"text"`
	Tokens int    `json:"tokens"`
	Ended  bool   `json:"ended"` // the model ended it, not the most tokens that it may have
}

// An Answerer answers prompts.
type Answerer interface {
	// Answer answers each prompt as often as there are samples. What it draws follows from the prompts' numbers, of which the first is told.
	Answer(ctx context.Context, first int, prompts []Question, samples int) ([][]Said, error)
	// Provenance says what it answers by: the model and how tokens are drawn. It is kept with each record.
	Provenance() map[string]any
}

// Synthesis says which answers to prompts become data.
type Synthesis struct {
	Samples int // answers to each prompt, > 0
	// Rewards judge answers; those with less than Least, or that aren't judged, are left out. Default: none.
	Rewards reward.Weighted
	Least   float64
	// Vote leaves out what doesn't say what most answers to the prompt say, and all of a prompt where those are less than Agreed of them. Nil: no vote.
	Vote   *reward.Vote
	Agreed float64 // in [0, 1]
	// Match must be found in an answer, Reject must not. Lengths are in characters; 0 sets no bound.
	Match, Reject        []*regexp.Regexp
	MinLength, MaxLength int
	Truncated            bool // keeps answers that reached the most tokens too; default false
	// Most is how many answers to a prompt are kept, those with the best rewards first; 0 keeps all.
	Most int
	// Repeated keeps answers that are there already, to the same prompt, but for space and case; default false.
	Repeated bool
}

// Validate tells what is wrong with the settings, or nil.
func (s Synthesis) Validate() error {
	switch {
	case s.Samples < 1 || s.Most < 0 || s.MinLength < 0 || s.MaxLength < 0:
		return fmt.Errorf("task: synthesis: %d answers to a prompt of which %d are kept, of %d to %d characters; expected at least 1, and 0 for no bound", s.Samples, s.Most, s.MinLength, s.MaxLength)
	case !(s.Agreed >= 0 && s.Agreed <= 1):
		return fmt.Errorf("task: synthesis: answers of which %g agree, expected [0, 1]", s.Agreed)
	case math.IsNaN(s.Least) || math.IsInf(s.Least, 0):
		return fmt.Errorf("task: synthesis: a least reward of %g, expected a number", s.Least)
	case s.Vote != nil && s.Samples < 2:
		return errors.New("task: synthesis: a vote of one answer, expected several to each prompt")
	}
	if len(s.Rewards.Checkers) == 0 {
		return nil
	}
	return s.Rewards.Validate()
}

// Kept is an answer with what became of it.
type Kept struct {
	Said
	Reward *float64 `json:"reward,omitempty"`
	Votes  int      `json:"votes,omitempty"` // how many answers to the prompt say the same
	Left   string   `json:"left,omitempty"`  // why it is left out; "" where it is kept
}

// Judge tells which answers to a prompt become data, and why others don't.
func (s Synthesis) Judge(ctx context.Context, p Question, said []Said) ([]Kept, error) {
	kept, texts := make([]Kept, len(said)), make([]string, len(said))
	for i, a := range said {
		kept[i] = Kept{Said: a, Left: s.flaw(a)}
		texts[i] = a.Text
	}
	if err := s.reward(ctx, p, kept); err != nil {
		return nil, err
	}
	if s.Vote != nil {
		value, votes := s.Vote.Majority(texts)
		for i := range kept {
			own, ok := s.Vote.Of(texts[i])
			switch {
			case ok && own == value:
				kept[i].Votes = votes
				if float64(votes) < s.Agreed*float64(len(said)) {
					kept[i].leave("votes")
				}
			default:
				kept[i].leave("votes")
			}
		}
	}
	seen := map[string]bool{}
	for i := range kept {
		key := strings.ToLower(strings.Join(strings.Fields(texts[i]), " "))
		if kept[i].Left == "" && seen[key] && !s.Repeated {
			kept[i].leave("repeated")
		}
		if kept[i].Left == "" {
			seen[key] = true
		}
	}
	s.best(kept)
	return kept, nil
}

// leave says why an answer is left out, unless that is said already.
func (k *Kept) leave(why string) { k.Left = cmp.Or(k.Left, why) }

// flaw returns what is wrong with an answer by itself.
func (s Synthesis) flaw(a Said) string {
	n := utf8.RuneCountInString(a.Text)
	switch {
	case strings.TrimSpace(a.Text) == "":
		return "empty"
	case !a.Ended && !s.Truncated:
		return "truncated"
	case n < s.MinLength || s.MaxLength > 0 && n > s.MaxLength:
		return "length"
	case slices.ContainsFunc(s.Match, func(r *regexp.Regexp) bool { return !r.MatchString(a.Text) }):
		return "match"
	case slices.ContainsFunc(s.Reject, func(r *regexp.Regexp) bool { return r.MatchString(a.Text) }):
		return "reject"
	}
	return ""
}

// reward has answers judged.
func (s Synthesis) reward(ctx context.Context, p Question, kept []Kept) error {
	if len(s.Rewards.Checkers) == 0 {
		return nil
	}
	var samples []reward.Sample
	record := orderedjson.Append(nil, p.Record, orderedjson.Format{})
	for _, k := range kept {
		samples = append(samples, reward.Sample{Prompt: p.Text, Answer: k.Text, Expected: p.Expected, Record: record, Tokens: k.Tokens, Ended: k.Ended})
	}
	sums, _, err := s.Rewards.Rewards(ctx, samples)
	if err != nil {
		return err
	}
	for i, v := range sums {
		if kept[i].Reward = number(v); !(v >= s.Least) {
			kept[i].leave("reward")
		}
	}
	return nil
}

// best leaves out all but the best answers.
func (s Synthesis) best(kept []Kept) {
	if s.Most == 0 {
		return
	}
	var good []int
	for i, k := range kept {
		if k.Left == "" {
			good = append(good, i)
		}
	}
	slices.SortStableFunc(good, func(a, b int) int {
		if kept[a].Reward == nil || kept[b].Reward == nil {
			return 0
		}
		return cmp.Compare(*kept[b].Reward, *kept[a].Reward)
	})
	for _, i := range good[min(s.Most, len(good)):] {
		kept[i].leave("most")
	}
}

// QuestionsOf reads prompts: {"prompt"} with a text or messages, and "answer" where there is one. Chat makes messages of texts, behind what the system says, if anything.
func QuestionsOf(s *data.Source, chat bool, system string) (prompts []Question, hash string, err error) {
	sum := sha256.New()
	for r, err := range s.Records(data.PromptShape) {
		if err != nil {
			return nil, "", err
		}
		p := Question{Record: r.Object, Expected: newPromptRecord(r.Object, "").Expected}
		value, _ := r.Object.Get("prompt")
		switch value := value.(type) {
		case string:
			p.Text = value
			if chat {
				said := func(role, content string) any {
					o := orderedjson.NewObject()
					o.Set("role", role)
					o.Set("content", content)
					return o
				}
				if system != "" {
					p.Messages = append(p.Messages, said("system", system))
				}
				p.Messages = append(p.Messages, said("user", value))
			}
		case []any:
			p.Messages = value
		default:
			return nil, "", r.Fail(fmt.Errorf(`"prompt": expected a text or a list of messages, got %s`, orderedjson.Kind(value)))
		}
		prompts = append(prompts, p)
		sum.Write(append(orderedjson.Append(nil, r.Object, orderedjson.Format{}), '\n'))
	}
	return prompts, hex.EncodeToString(sum.Sum(nil)), nil
}

// asked returns the prompt as a record.
func (p Question) asked() *orderedjson.Object {
	o := orderedjson.NewObject()
	if p.Messages == nil {
		o.Set("prompt", p.Text)
		return o
	}
	o.Set("prompt", p.Messages)
	if tools, ok := p.Record.Get("tools"); ok {
		o.Set("tools", tools)
	}
	return o
}

// record returns what an answer becomes: {"prompt", "completion"}, or {"messages"}, with where it comes from.
func (p Question) record(k Kept, number, sample int, by map[string]any) ([]byte, error) {
	o := orderedjson.NewObject()
	if p.Messages == nil {
		o.Set("prompt", p.Text)
		o.Set("completion", k.Text)
	} else {
		answer := orderedjson.NewObject()
		answer.Set("role", "assistant")
		answer.Set("content", k.Text)
		o.Set("messages", append(slices.Clone(p.Messages), any(answer)))
		if tools, ok := p.Record.Get("tools"); ok {
			o.Set("tools", tools)
		}
	}
	provenance := map[string]any{"prompt": number, "sample": sample}
	for key, v := range by {
		provenance[key] = v
	}
	if k.Reward != nil {
		provenance["reward"] = *k.Reward
	}
	if k.Votes > 0 {
		provenance["votes"] = k.Votes
	}
	b, err := json.Marshal(provenance)
	if err != nil {
		return nil, err
	}
	value, err := orderedjson.Decode(b)
	if err != nil {
		return nil, err
	}
	o.Set("provenance", value)
	return append(orderedjson.Append(nil, o, orderedjson.Format{}), '\n'), nil
}
