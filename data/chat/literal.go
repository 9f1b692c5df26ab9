package chat

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/jinja"
)

// errPrivate is the error of texts that hold what marks places in them.
var errPrivate = errors.New("a character of the private use planes 15 and 16, which mark places in the text")

// marked renders a conversation of which some messages are marked, and returns where the marks were. The text must be what it is without.
func (t *Template) marked(c Conversation, o RenderOptions, text string, mark func(k *marker, i int, m Message) Message) (*marker, []position, error) {
	if strings.IndexFunc(text, isMark) >= 0 {
		return nil, nil, errPrivate
	}
	k := &marker{}
	all := c
	all.Messages = slices.Clone(c.Messages)
	for i, m := range c.Messages {
		all.Messages[i] = mark(k, i, m)
	}
	raw, err := t.render(all, o, jinja.Options{})
	if err != nil {
		return nil, nil, err
	}
	plain, found := unmark(raw)
	if plain != text {
		return nil, nil, fmt.Errorf("chat template %s writes messages otherwise than they are, so that what tools returned can't be told from the rest", t.Name)
	}
	return k, found, nil
}

// markReturned marks what a tool returned.
func markReturned(k *marker, i int, m Message) Message {
	if m.Role == "tool" {
		m.Fields = m.Fields.Clone()
		k.content(i, m.Fields, "content")
	}
	return m
}

// returned finds what tools have returned in the text of a conversation.
func (t *Template) returned(c Conversation, o RenderOptions, text string) ([][2]int, error) {
	k, found, err := t.marked(c, o, text, markReturned)
	if err != nil {
		return nil, err
	}
	return spansOf(c, k, found), nil
}

// spansOf returns the spans between the marks of what tools have returned, in order.
func spansOf(c Conversation, k *marker, found []position) (spans [][2]int) {
	open := -1
	for _, p := range found {
		i := int(p.mark - firstMark)
		switch {
		case i >= len(k.sites) || c.Messages[k.sites[i].message].Role != "tool":
		case k.sites[i].begin && open < 0:
			open = p.at
		case !k.sites[i].begin && open >= 0:
			spans = append(spans, [2]int{open, p.at})
			open = -1
		}
	}
	return spans
}

// continuation returns the text behind the turn of an assistant, up to where an answer begins, and what tools have returned in it.
func (t *Template) continuation(c Conversation, from int) (text string, literal [][2]int, err error) {
	if from < 1 || from > len(c.Messages) || c.Messages[from-1].Role != "assistant" {
		return "", nil, fmt.Errorf("chat: a continuation from message %d of %d, expected one behind an assistant's", from, len(c.Messages))
	}
	o := RenderOptions{GenerationPrompt: true}
	whole, err := t.Render(c, o)
	if err != nil {
		return "", nil, err
	}
	k, found, err := t.marked(c, o, whole, func(k *marker, i int, m Message) Message {
		if i == from-1 {
			m.Fields = k.assistant(i, m.Fields.Clone())
			return m
		}
		return markReturned(k, i, m)
	})
	if err != nil {
		return "", nil, err
	}
	at, end := -1, t.TurnEnd()
	for _, p := range found {
		if i := int(p.mark - firstMark); i < len(k.sites) && k.sites[i].message == from-1 {
			at = max(at, p.at)
		}
	}
	n := -1
	if at >= 0 && end != "" {
		n = strings.Index(whole[at:], end)
	}
	if n < 0 {
		return "", nil, fmt.Errorf("chat template %s: the end of the assistant's turn isn't to be found", t.Name)
	}
	at += n + len(end)
	for _, s := range spansOf(c, k, found) {
		if s[0] >= at {
			literal = append(literal, [2]int{s[0] - at, s[1] - at})
		}
	}
	return whole[at:], literal, nil
}

// TurnEnd returns what the template writes behind an assistant's answer, without white space, or "" where that isn't to be found.
func (t *Template) TurnEnd() string {
	const mark = "an answer that no template has in it"
	text, err := t.Render(Conversation{Messages: []Message{NewMessage("user", "a"), NewMessage("assistant", mark)}}, RenderOptions{})
	_, end, ok := strings.Cut(text, mark)
	if err != nil || !ok {
		return ""
	}
	end, _, _ = strings.Cut(strings.TrimSpace(end), "\n")
	return end
}
