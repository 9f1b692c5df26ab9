package chat

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// frame is what a template writes around an answer, found out with short conversations.
type frame struct {
	headers []string // what the generation prompt adds, without the beginning of an answer's reasoning, and without its end
	starts  []string // what stands before an answer behind a user and behind a tool, where that has no header
	asked   bool     // the template has told what stands behind an answer
	behind  string   // what stands behind an answer
	last    string   // what stands behind that at the end of the text
}

// findFrame asks the template what it writes around an answer. What can't be asked stays empty.
func (t *Template) findFrame() frame {
	var f frame
	for _, message := range []func(role, text string) Message{NewMessage, newParts} {
		user, assistant := message("user", "question"), message("assistant", "answer")
		if len(f.headers) == 0 {
			f.findHeaders(t, user)
		}
		if !f.asked {
			f.findEnds(t, user, assistant)
		}
		if len(f.starts) == 0 {
			f.findStarts(t, user, assistant)
		}
	}
	return f
}

// newParts returns a message whose content is a list of one part, for templates that know no others.
func newParts(role, text string) Message {
	part := orderedjson.NewObject()
	part.Set("type", "text")
	part.Set("text", text)
	m := NewMessage(role, text)
	m.Fields.Set("content", []any{part})
	return m
}

// findHeaders finds what the generation prompt adds. Where that begins an answer's reasoning, the reasoning still belongs to the answer. Where it ends it at once, an
// answer that does reason has only what is before.
func (f *frame) findHeaders(t *Template, user Message) {
	one := Conversation{Messages: []Message{user}}
	without, err := t.Render(one, RenderOptions{})
	if err != nil {
		return
	}
	with, err := t.Render(one, RenderOptions{GenerationPrompt: true})
	if err != nil {
		return
	}
	header, _, _ := strings.Cut(with[commonPrefix(with, without):], beginOfReasoning)
	short, _, _ := strings.Cut(header, endOfReasoning)
	for _, h := range slices.Compact([]string{header, short}) {
		if strings.TrimSpace(h) != "" {
			f.headers = append(f.headers, h)
		}
	}
}

// beginOfReasoning is what generation prompts of models that reason may end with.
const beginOfReasoning = "<think>"

// findEnds finds what stands behind an answer.
func (f *frame) findEnds(t *Template, user, assistant Message) {
	text, _, found := t.probe(RenderOptions{}, user, assistant, user, assistant)
	if len(found) != 8 {
		return
	}
	f.asked, f.behind = true, text[found[7].at:]
	// An end of the whole text may stand behind the end of the last turn.
	eos := t.Tokens["eos_token"]
	turn := strings.TrimSuffix(f.behind, eos)
	if strings.TrimSpace(turn) != "" && turn != f.behind && strings.HasPrefix(text[found[3].at:found[4].at], turn) {
		f.behind, f.last = turn, eos
	}
}

// findStarts finds what stands before an answer that has no header: what the generation prompt gives, and what a template that has none writes.
func (f *frame) findStarts(t *Template, user, assistant Message) {
	called, err := CallsMessage("", []Call{{Name: "look", Arguments: "{}"}}, []string{CallID(0)})
	if err != nil {
		return
	}
	for _, messages := range [][]Message{{user}, {user, called, ToolMessage(CallID(0), "look", "found")}} {
		last := len(messages) - 1
		text, marks, found := t.probe(RenderOptions{}, append(messages[:last+1:last+1], assistant)...)
		from, to := edge(marks, found, last, false), edge(marks, found, last+1, true)
		if from < 0 || to < from || f.header(text[from:to]) >= 0 {
			continue
		}
		before, n := text[from:to], 0
		text, marks, found = t.probe(RenderOptions{GenerationPrompt: true}, messages...)
		if from = edge(marks, found, last, false); from >= 0 {
			prompt, _, _ := strings.Cut(text[from:], beginOfReasoning)
			n = commonPrefix(before, prompt)
		}
		if strings.TrimSpace(before[n:]) != "" {
			n = len(before)
		}
		if start := strings.TrimLeft(before[:n], " \t\n"); start != "" {
			f.starts = append(f.starts, start)
		}
	}
}

// probe renders messages with marks, and finds none where the marks changed the text.
func (t *Template) probe(o RenderOptions, messages ...Message) (string, *marker, []position) {
	k, c := &marker{}, Conversation{Messages: messages}
	text, err := t.Render(c, o)
	if err != nil {
		return "", k, nil
	}
	found, same, err := t.marks(k, c, o, text)
	if err != nil || !same {
		return "", k, nil
	}
	return text, k, found
}

// edge returns where a message's own text begins or ends, or -1.
func edge(k *marker, found []position, message int, begin bool) int {
	i := slices.IndexFunc(found, func(p position) bool { return k.sites[p.mark-firstMark] == site{message, begin} })
	if i < 0 {
		return -1
	}
	return found[i].at
}

// commonPrefix returns how many bytes of whole characters two texts begin with alike.
func commonPrefix(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	for n > 0 && n < len(a) && !utf8.RuneStart(a[n]) {
		n--
	}
	return n
}

// header returns where the header in a text ends, or -1.
func (f frame) header(text string) int {
	for _, header := range f.headers {
		if i := strings.LastIndex(text, header); i >= 0 {
			return i + len(header)
		}
	}
	return -1
}

// begin returns where an answer begins whose own text begins at a place, with others' text up to another: where the generation prompt ends.
func (f frame) begin(text string, before, at int) int {
	gap := text[before:at]
	if n := f.header(gap); n >= 0 {
		return before + n
	}
	begin := -1
	for _, start := range f.starts {
		if i := strings.LastIndex(gap, start); i >= 0 {
			begin = max(begin, before+i+len(start))
		}
	}
	if begin < 0 {
		return at
	}
	return begin
}

// turnEnd finds what ends a turn where that is none of a template's usual ends.
var turnEnd = regexp.MustCompile(`(?i)<[|｜]?[^<>|｜\s]*(?:end|eos|eot|eom|call|return|stop|/s)[^<>|｜\s]*[|｜]?>`)

// end returns where an answer ends whose own text ends at a place, before others' text: behind the token that ends the turn.
func (f frame) end(text string, at, after int, ends []string) int {
	tail := text[at:after]
	if usual := strings.TrimRight(f.behind, " \t\n"); usual != "" {
		if i := strings.Index(tail, usual); i >= 0 {
			i += len(usual)
			i += commonPrefix(tail[i:], strings.TrimRight(f.behind[len(usual):], " \t")) // a space is the next turn's
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
	if best > 0 && !f.asked && strings.HasPrefix(tail[best:], "\n") {
		best++ // the line end of what is a line
	}
	return at + max(best, 0)
}
