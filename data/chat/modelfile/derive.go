package modelfile

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/seahorse-ml/seahorse/data/chat"
)

// ErrTemplate says that a template can't be written as one of Ollama's.
var ErrTemplate = errors.New("the chat template can't be written as one of Ollama's")

func refuse(format string, args ...any) error {
	return fmt.Errorf("modelfile: %w: %s", ErrTemplate, fmt.Sprintf(format, args...))
}

// Template is a template of Ollama's that was derived of a Jinja template.
type Template struct {
	Source string
	Start  bool // what the Jinja template writes begins with the token that begins a text, which Source leaves to the tokenizer
	System bool // what the system says has a place
}

// shape is what a template writes around the texts of a conversation.
type shape struct {
	start     string // the token that begins a text, which isn't part of head
	head      string // before the first that the user says, without a system
	system    string // before what the system says
	behind    string // between that and what the user says
	late      bool   // what the system says stands before the last that the user says, not the first
	hasSystem bool
	answer    string // between user and assistant
	next      string // between assistant and user
	tail      string // behind the last that the user says

	white    map[string]white // by role, what becomes of white space around a text
	thoughts bool             // what is thought is left out of earlier answers
	cut      bool             // and the line ends behind it
}

// white tells at which sides of a text white space is taken off.
type white struct{ left, right bool }

// Texts of the probes, which no template has in it.
const (
	systemMark = "qqSystemqq"
	userMark   = "qqUser%dqq"
	answerMark = "qqAnswer%dqq"
)

// prober renders probes by a Jinja template.
type prober struct {
	template *chat.Template
	start    string
}

func (p prober) render(messages ...chat.Message) (string, error) {
	text, err := p.template.Render(chat.Conversation{Messages: messages}, chat.RenderOptions{GenerationPrompt: true})
	return strings.TrimPrefix(text, p.start), err
}

// turns returns a conversation of so many questions of the user, with a system or without.
func turns(system bool, questions int) []chat.Message {
	var all []chat.Message
	if system {
		all = append(all, chat.NewMessage("system", systemMark))
	}
	for i := range questions {
		if i > 0 {
			all = append(all, chat.NewMessage("assistant", fmt.Sprintf(answerMark, i)))
		}
		all = append(all, chat.NewMessage("user", fmt.Sprintf(userMark, i+1)))
	}
	return all
}

// Derive finds the template of Ollama's that writes what a Jinja template writes. Its errors wrap ErrTemplate.
func Derive(t *chat.Template) (Template, error) {
	if err := checkDate(t); err != nil {
		return Template{}, err
	}
	p := prober{template: t}
	text, err := p.render(turns(false, 1)...)
	if err != nil {
		return Template{}, refuse("%v", err)
	}
	if bos := t.Tokens["bos_token"]; bos != "" && strings.HasPrefix(text, bos) {
		p.start = bos
	}
	s, err := p.shape()
	if err != nil {
		return Template{}, err
	}
	if err := s.findWhite(p); err != nil {
		return Template{}, err
	}
	if err := s.findThoughts(p); err != nil {
		return Template{}, err
	}
	d := Template{Source: s.source(), Start: p.start != "", System: s.hasSystem}
	if strings.Contains(d.Source, `"""`) {
		return Template{}, refuse(`it has """ in it, which ends a text in a Modelfile`)
	}
	return d, Compare(t, d, Conversations(s.hasSystem))
}

// checkDate refuses a template that writes the day.
func checkDate(t *chat.Template) error {
	var texts [2]string
	for i := range texts {
		c := t.TemplateConfig
		c.Now = time.Date(2001+i, time.Month(2+i), 3+i, 4, 5, 6, 0, time.UTC)
		dated, err := chat.NewTemplate(c)
		if err != nil {
			return err
		}
		if texts[i], err = dated.Render(chat.Conversation{Messages: turns(false, 1)}, chat.RenderOptions{GenerationPrompt: true}); err != nil {
			return refuse("%v", err)
		}
	}
	if texts[0] != texts[1] {
		return refuse("it writes the day's date")
	}
	return nil
}

// part cuts a text at marks that follow each other in it, and returns what stands before, between and behind them.
func part(text string, marks ...string) ([]string, error) {
	var parts []string
	for _, m := range marks {
		before, after, ok := strings.Cut(text, m)
		if !ok || strings.Contains(after, m) {
			return nil, refuse("a text of a conversation isn't in what it writes once and in its place")
		}
		parts, text = append(parts, before), after
	}
	return append(parts, text), nil
}

func user(i int) string   { return fmt.Sprintf(userMark, i) }
func answer(i int) string { return fmt.Sprintf(answerMark, i) }

// shape finds what stands around the texts.
func (p prober) shape() (*shape, error) {
	s := &shape{start: p.start}
	one, err := p.render(turns(false, 1)...)
	if err != nil {
		return nil, refuse("%v", err)
	}
	three, err := p.render(turns(false, 3)...)
	if err != nil {
		return nil, refuse("%v", err)
	}
	a, err := part(one, user(1))
	if err != nil {
		return nil, err
	}
	b, err := part(three, user(1), answer(1), user(2), answer(2), user(3))
	if err != nil {
		return nil, err
	}
	s.head, s.tail, s.answer, s.next = a[0], a[1], b[1], b[2]
	if b[0] != s.head || b[3] != s.answer || b[4] != s.next || b[5] != s.tail {
		return nil, refuse("what it writes around a message depends on where that stands")
	}
	return s, s.findSystem(p)
}

// findSystem finds what stands around what the system says.
func (s *shape) findSystem(p prober) error {
	one, err := p.render(turns(true, 1)...)
	if err != nil || !strings.Contains(one, systemMark) {
		return nil // the template has no place for it
	}
	three, err := p.render(turns(true, 3)...)
	if err != nil {
		return refuse("%v", err)
	}
	a, err := part(one, systemMark, user(1))
	if err != nil {
		return err
	}
	s.hasSystem, s.system, s.behind = true, a[0], a[1]
	if b, err := part(three, systemMark, user(1), answer(1), user(2), answer(2), user(3)); err == nil {
		if a[2] != s.tail || b[0] != s.system || b[1] != s.behind || b[2] != s.answer || b[3] != s.next || b[4] != s.answer || b[5] != s.next || b[6] != s.tail {
			return refuse("what it writes around a message depends on where that stands, and on the system")
		}
		return nil
	}
	b, err := part(three, user(1), answer(1), user(2), answer(2), systemMark, user(3))
	if err != nil {
		return err
	}
	before, ok := strings.CutPrefix(s.system, s.head)
	if !ok || b[0] != s.head || b[1] != s.answer || b[2] != s.next || b[3] != s.answer || b[4] != s.next+before || b[5] != s.behind || b[6] != s.tail {
		return refuse("where it writes what the system says has no place in Ollama's templates")
	}
	s.system, s.late = before, true
	return nil
}

// findWhite finds what becomes of white space around texts.
func (s *shape) findWhite(p prober) error {
	s.white = map[string]white{}
	const left, right = " \n\t", "\n \t"
	for role, mark := range map[string]string{"user": user(1), "assistant": answer(1), "system": systemMark} {
		if role == "system" && !s.hasSystem {
			continue
		}
		all := turns(role == "system", 2)
		for i, m := range all {
			if m.Content == mark {
				all[i] = chat.NewMessage(role, left+mark+right)
			}
		}
		text, err := p.render(all...)
		if err != nil {
			return refuse("%v", err)
		}
		s.white[role] = white{left: !strings.Contains(text, left+mark), right: !strings.Contains(text, mark+right)}
	}
	return nil
}

// findThoughts finds whether what an earlier answer was thought over by is left out.
func (s *shape) findThoughts(p prober) error {
	all := turns(false, 2)
	all[1] = chat.NewMessage("assistant", "<think>\nqqThoughtqq\n</think>\n\n"+answer(1))
	text, err := p.render(all...)
	if err != nil {
		return refuse("%v", err)
	}
	s.thoughts = !strings.Contains(text, "qqThoughtqq")
	s.cut = s.thoughts && !strings.Contains(text, s.answer+"\n\n"+answer(1))
	return nil
}
