package chat

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/jinja"
)

// Rendered is a conversation as its model sees it.
type Rendered struct {
	Text    string
	Answers [][2]int // what the assistant wrote, with the ends of its turns: bytes from the first of each pair, without the second, in order
}

// RenderMasked renders a conversation and finds what the assistant wrote: what lies in {% generation %} tags, or without them each answer from behind the beginning of
// its turn to the token that ends the turn, with its reasoning and its calls of tools. Where that can't be told it returns an error.
func (t *Template) RenderMasked(c Conversation) (Rendered, error) {
	if t.HasGenerationTags() {
		return t.tagged(c)
	}
	text, err := t.Render(c, RenderOptions{})
	if err != nil {
		return Rendered{}, err
	}
	if strings.IndexFunc(text, isMark) >= 0 {
		return Rendered{}, errors.New("a character of the private use planes 15 and 16, which mark the assistant's answers")
	}
	// An error of a later level says more than that of an earlier one: it marks less.
	for level := range levels {
		k := &marker{level: level}
		marked, err := k.conversation(c)
		if err != nil {
			return Rendered{}, err
		}
		var raw string
		if raw, err = t.render(marked, RenderOptions{}, jinja.Options{}); err != nil {
			continue
		}
		plain, found := unmark(raw)
		if plain != text {
			continue
		}
		answers, err := t.answers(c, text, k, found)
		if err == nil {
			return Rendered{text, answers}, nil
		}
		if level == levels-1 || !errors.Is(err, errLost) {
			return Rendered{}, err
		}
	}
	return Rendered{}, fmt.Errorf("chat template %s changes the assistant's answers, so that they can't be found in the text: "+
		"use a template with {%% generation %%} tags", t.Name)
}

// errLost is the cause of errors of marks that a template lost.
var errLost = errors.New("use a template with {% generation %} tags")

// tagged renders by a template with {% generation %} tags.
func (t *Template) tagged(c Conversation) (Rendered, error) {
	raw, err := t.render(c, RenderOptions{}, jinja.Options{GenerationBegin: string(firstMark), GenerationEnd: string(firstMark + 1)})
	if err != nil {
		return Rendered{}, err
	}
	text, found := unmark(raw)
	r := Rendered{Text: text}
	if len(found)%2 != 0 {
		return r, errors.New("a character of the private use planes 15 and 16, which mark the assistant's answers")
	}
	for i := 0; i < len(found); i += 2 {
		if found[i].mark != firstMark || found[i+1].mark != firstMark+1 {
			return r, fmt.Errorf("chat template %s: {%% generation %%} tags lie in each other", t.Name)
		}
		if s := [2]int{found[i].at, found[i+1].at}; s[1] > s[0] {
			r.Answers = append(r.Answers, s)
		}
	}
	return r, nil
}

// answers returns the spans of a text in which marks were found.
func (t *Template) answers(c Conversation, text string, k *marker, found []position) ([][2]int, error) {
	first := make([]int, len(k.sites)) // where each site's mark came first; -1: nowhere
	for i := range first {
		first[i] = -1
	}
	for _, p := range found {
		if i := int(p.mark - firstMark); i < len(first) && first[i] < 0 {
			first[i] = p.at
		}
	}
	var spans [][2]int
	for i, m := range c.Messages {
		if m.Role != "assistant" {
			continue
		}
		begin, end := -1, -1
		for j, s := range k.sites {
			switch {
			case s.message != i || first[j] < 0:
			case s.begin && (begin < 0 || first[j] < begin):
				begin = first[j]
			case !s.begin:
				end = max(end, first[j])
			}
		}
		if begin < 0 || end < begin {
			return nil, fmt.Errorf("chat template %s writes messages[%d] of the assistant without its beginning or end, so that it can't be found in the text: %w", t.Name, i, errLost)
		}
		before, after := 0, len(text)
		for j, s := range k.sites {
			if s.message == i || first[j] < 0 {
				continue
			}
			if first[j] <= begin {
				before = max(before, first[j])
			}
			if first[j] >= end {
				after = min(after, first[j])
			}
		}
		spans = append(spans, [2]int{t.frame.begin(text, before, begin), t.frame.end(text, end, after, t.Ends)})
	}
	slices.SortFunc(spans, func(a, b [2]int) int { return a[0] - b[0] })
	for i := 1; i < len(spans); i++ {
		spans[i][0] = max(spans[i][0], spans[i-1][1])
	}
	return slices.DeleteFunc(spans, func(s [2]int) bool { return s[1] <= s[0] }), nil
}

// frame is what a template writes around an answer, found out with a conversation of four messages.
type frame struct {
	header string // what begins the assistant's turn, without what answers begin with themselves
	before string // what stands between a user's text and an answer
	behind string // what stands behind an answer
	last   string // what stands behind that at the end of the text
}

// findFrame asks the template what it writes around an answer. What can't be asked stays empty.
func (t *Template) findFrame() frame {
	var f frame
	user, assistant := NewMessage("user", "question"), NewMessage("assistant", "answer")
	k := &marker{}
	c, err := k.conversation(Conversation{Messages: []Message{user, assistant, user, assistant}})
	if err != nil {
		return f
	}
	if raw, err := t.render(c, RenderOptions{}, jinja.Options{}); err == nil {
		if text, found := unmark(raw); len(found) == 8 {
			f.before, f.behind = text[found[1].at:found[2].at], text[found[7].at:]
			// An end of the whole text may stand behind the end of the last turn.
			eos := t.Tokens["eos_token"]
			turn := strings.TrimSuffix(f.behind, eos)
			if strings.TrimSpace(turn) != "" && turn != f.behind && strings.HasPrefix(text[found[3].at:found[4].at], turn) {
				f.behind, f.last = turn, eos
			}
		}
	}
	one := Conversation{Messages: []Message{user}}
	without, err := t.Render(one, RenderOptions{})
	if err != nil {
		return f
	}
	with, err := t.Render(one, RenderOptions{GenerationPrompt: true})
	if err != nil {
		return f
	}
	f.header = with[commonPrefix(with, without):]
	// Where an answer's reasoning is begun by the prompt, it still belongs to the answer.
	if at := strings.Index(f.header, "<think>"); at >= 0 {
		f.header = f.header[:at]
	}
	if strings.TrimSpace(f.header) == "" {
		f.header = ""
	}
	return f
}

func commonPrefix(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// begin returns where an answer begins whose own text begins at a place, with others' text up to another: behind the header of its turn.
func (f frame) begin(text string, before, at int) int {
	gap := text[before:at]
	if f.header != "" {
		if i := strings.LastIndex(gap, f.header); i >= 0 {
			return before + i + len(f.header)
		}
	}
	if usual := strings.TrimSpace(f.before); usual != "" {
		if i := strings.LastIndex(gap, usual); i >= 0 && strings.TrimSpace(gap[i+len(usual):]) != "" {
			return before + i + len(usual) // an answer that begins otherwise than with text: a call
		}
	}
	return at
}

// turnEnd finds what ends a turn where that is none of a template's usual ends.
var turnEnd = regexp.MustCompile(`(?i)<[|｜]?[^<>|｜\s]*(?:end|eos|eot|eom|call|return|stop|/s)[^<>|｜\s]*[|｜]?>`)

// end returns where an answer ends whose own text ends at a place, before others' text: behind the token that ends the turn.
func (f frame) end(text string, at, after int, ends []string) int {
	tail := text[at:after]
	if usual := strings.TrimRight(f.behind, " \t\n"); usual != "" {
		if i := strings.Index(tail, usual); i >= 0 {
			i += len(usual)
			i += commonPrefix(tail[i:], f.behind[len(usual):])
			if f.last != "" && tail[i:] == f.last {
				i += len(f.last)
			}
			return at + i
		}
	} else if f.behind != "" {
		return at + commonPrefix(tail, f.behind)
	}
	best := -1
	for _, end := range ends {
		if i := strings.Index(tail, end); end != "" && i >= 0 && (best < 0 || i+len(end) < best) {
			best = i + len(end)
		}
	}
	if best < 0 {
		if found := turnEnd.FindStringIndex(tail); found != nil {
			best = found[1]
		}
	}
	if best > 0 && f.behind == "" && strings.HasPrefix(tail[best:], "\n") {
		best++ // the line end of what is a line
	}
	return at + max(best, 0)
}
