package chat

import (
	"errors"
	"fmt"
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
		found, same, err := t.marks(k, c, RenderOptions{}, text)
		if err != nil {
			return Rendered{}, err
		}
		if !same {
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

// marks renders a conversation with marks, and returns where they stand in its text. Same is false where the template fails or changes that text then.
func (t *Template) marks(k *marker, c Conversation, o RenderOptions, text string) (found []position, same bool, err error) {
	marked, err := k.conversation(c)
	if err != nil {
		return nil, false, err
	}
	raw, err := t.render(marked, o, jinja.Options{})
	if err != nil {
		return nil, false, nil
	}
	plain, found := unmark(raw)
	return found, plain == text, nil
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
	// Each mark where it came first.
	known := make([]bool, len(k.sites))
	found = slices.DeleteFunc(slices.Clone(found), func(p position) bool {
		i := int(p.mark - firstMark)
		if i >= len(known) || known[i] {
			return true
		}
		known[i] = true
		return false
	})
	var spans [][2]int
	for i, m := range c.Messages {
		if m.Role != "assistant" {
			continue
		}
		parts := k.parts(i, found)
		for _, p := range parts {
			if p.begin < 0 || p.end < p.begin {
				parts = nil
				break
			}
		}
		if parts == nil {
			return nil, fmt.Errorf("chat template %s writes messages[%d] of the assistant without its beginning or end, so that it can't be found in the text: %w", t.Name, i, errLost)
		}
		for _, p := range parts {
			if p.after < 0 {
				p.after = len(text)
			}
			spans = append(spans, [2]int{t.frame.begin(text, p.before, p.begin), t.frame.end(text, p.end, p.after, t.Ends)})
		}
	}
	slices.SortFunc(spans, func(a, b [2]int) int { return a[0] - b[0] })
	for i := 1; i < len(spans); i++ {
		spans[i][0] = max(spans[i][0], spans[i-1][1])
	}
	return slices.DeleteFunc(spans, func(s [2]int) bool { return s[1] <= s[0] }), nil
}

// part is what stands of a message without anything of others in it.
type part struct {
	before     int // where what is of others ends before it
	begin, end int // where its own texts begin and end; -1: nowhere
	after      int // where what is of others begins behind it; -1: nowhere
}

// parts returns the parts of a message. Most have one; some templates write what a tool returned between a call and the text beside it.
func (k *marker) parts(message int, found []position) (parts []part) {
	others, own := 0, false
	for _, p := range found {
		s := k.sites[p.mark-firstMark]
		if s.message != message {
			if own {
				parts[len(parts)-1].after = p.at
			}
			others, own = p.at, false
			continue
		}
		if !own {
			parts, own = append(parts, part{others, -1, -1, -1}), true
		}
		last := &parts[len(parts)-1]
		switch {
		case !s.begin:
			last.end = p.at
		case last.begin < 0:
			last.begin = p.at
		}
	}
	return parts
}
