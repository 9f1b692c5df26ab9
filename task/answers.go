package task

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// answerEncoder turns records into prompts and the answers to them.
type answerEncoder struct {
	turns  *turns
	single bool // answers are judged by themselves
	whole  bool // texts are documents with margins, and none is cut
}

// answered is a prompt with an answer, or with two, the better one first.
type answered struct {
	prompt    []int32
	answers   [][]int32
	desirable bool // of a single answer
	margin    float32
}

// fullShown is how many of the records that were left out are named.
const fullShown = 10

// shapes returns those of the records.
func (e *answerEncoder) shapes() []data.Shape {
	if e.single {
		return []data.Shape{data.PreferenceShape, data.PairShape}
	}
	return []data.Shape{data.PreferenceShape}
}

// write writes the documents of a source.
func (e *answerEncoder) write(ctx context.Context, s *data.Source, c Encoding, w tokenSink) (Report, error) {
	var report Report
	if e.whole {
		if err := w.Describe(marginLabels); err != nil {
			return report, err
		}
	}
	long, texts, read, full := 0, 0, 0, 0
	for r, err := range s.Records(e.shapes()...) {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return report, err
		}
		read++
		found, err := e.record(r)
		if err != nil {
			if err = r.Fail(err); s.Skip(err) {
				continue
			}
			return report, err
		}
		for _, a := range found {
			if err := e.fits(a, c.Length); err != nil {
				if full++; full <= fullShown {
					report.Full = append(report.Full, r.Fail(err))
				}
				continue
			}
			for _, answer := range a.answers {
				texts++
				if !e.whole && c.Length > 0 && len(a.prompt)+len(answer)-1 > c.Length {
					long++
				}
			}
			if err := errors.Join(w.From(r.Origin()), e.document(w, a)); err != nil {
				return report, err
			}
		}
	}
	if full > fullShown {
		report.Full = append(report.Full, fmt.Errorf("and %d more", full-fullShown))
	}
	if long > 0 {
		report.Cut = []Cut{{What: "text", Count: long, Of: texts, Length: c.Length}}
	}
	if e.turns.used != nil {
		report.Template, report.Borrowed = e.turns.used.Where, e.turns.used.Borrowed
	}
	if texts == 0 && full > 0 {
		return report, fmt.Errorf("task: nothing is left of %d records: %w", read, report.Full[0])
	}
	return report, nil
}

// fits returns what is wrong with a record for rows of a length, 0 for any.
func (e *answerEncoder) fits(a answered, length int) error {
	if length > 0 && len(a.prompt) > length {
		return fmt.Errorf("the prompt has %d tokens, expected at most %d", len(a.prompt), length)
	}
	for _, answer := range a.answers {
		if n := len(a.prompt) + len(answer); e.whole && length > 0 && n > length {
			return fmt.Errorf("the prompt and an answer have %d tokens, expected at most %d", n, length)
		}
	}
	return nil
}

// document writes a prompt and its answers as Preference.Encode or Reward.Encode has them.
func (e *answerEncoder) document(w tokenSink, a answered) error {
	if e.whole {
		better := data.Example{IDs: slices.Concat(a.prompt, a.answers[0]), Values: []float32{a.margin}}
		worse := data.Example{IDs: slices.Concat(a.prompt, a.answers[1]), Values: []float32{0}}
		return errors.Join(w.AppendExample(better), w.AppendExample(worse))
	}
	if err := w.Append(a.prompt, false); err != nil {
		return err
	}
	if e.single {
		return errors.Join(w.EndDocument(), w.Append(a.answers[0], a.desirable), w.EndDocument())
	}
	return errors.Join(w.Append(a.answers[0], true), w.EndDocument(), w.Append(a.answers[1], true), w.EndDocument())
}

// record encodes a record: a pair of answers, or judged ones, of which a pair is two.
func (e *answerEncoder) record(r data.Record) ([]answered, error) {
	if r.Shape == data.PairShape {
		keys := [2]string{"prompt", "completion"}
		if _, ok := r.Object.Get(keys[0]); !ok {
			keys = [2]string{"source", "target"}
		}
		good, err := labelOf(r.Object)
		if err != nil {
			return nil, err
		}
		prompt, _ := r.Object.Get(keys[0])
		a, err := e.answers(r.Object, prompt, keys[1])
		a.desirable = good
		return []answered{a}, err
	}
	prompt, _ := r.Object.Get("prompt")
	if prompt == nil {
		var err error
		if prompt, err = commonPrompt(r.Object); err != nil {
			return nil, err
		}
	}
	a, err := e.answers(r.Object, prompt, "chosen", "rejected")
	if e.whole && err == nil {
		a.margin, err = marginOf(r.Object)
	}
	if err != nil || !e.single {
		return []answered{a}, err
	}
	return []answered{{prompt: a.prompt, answers: a.answers[:1], desirable: true}, {prompt: a.prompt, answers: a.answers[1:]}}, nil
}

// labelOf returns whether an answer is good; tables and others write it as text or number.
func labelOf(o *orderedjson.Object) (bool, error) {
	value, ok := o.Get("label")
	switch strings.ToLower(fmt.Sprint(value)) {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	if !ok {
		return false, errors.New(`expected "label", true or false, beside "prompt" and "completion"`)
	}
	return false, fmt.Errorf(`"label" is %.40s, expected true or false`, orderedjson.Append(nil, value, orderedjson.Format{}))
}

// answers encodes a prompt with the answers under some keys. Tokens that not all begin with are taken for a part of the answers.
func (e *answerEncoder) answers(o *orderedjson.Object, prompt any, keys ...string) (answered, error) {
	var a answered
	n := -1
	for _, key := range keys {
		value, _ := o.Get(key)
		ids, own, err := e.answer(o, prompt, value)
		if err != nil {
			return a, fmt.Errorf("%q: %w", key, err)
		}
		if n < 0 {
			a.prompt, n = ids, own
		}
		n = min(n, own)
		for i := range n {
			if ids[i] != a.prompt[i] {
				n = i
				break
			}
		}
		a.answers = append(a.answers, ids)
	}
	if n == 0 {
		return a, errors.New(`no token is left of a prompt, expected "prompt", or answers that begin alike`)
	}
	a.prompt = a.answers[0][:n:n]
	for i, ids := range a.answers {
		if a.answers[i] = ids[n:]; len(a.answers[i]) == 0 {
			return a, fmt.Errorf("%q: no tokens behind the prompt", keys[i])
		}
	}
	return a, nil
}

// answer encodes a prompt with an answer, and returns how many tokens are the prompt's.
func (e *answerEncoder) answer(record *orderedjson.Object, prompt, answer any) (ids []int32, n int, err error) {
	var learn []bool
	switch answer := answer.(type) {
	case string:
		text, ok := prompt.(string)
		switch {
		case !ok:
			return nil, 0, fmt.Errorf("a text, and the prompt is %s, expected both texts or both lists of messages", orderedjson.Kind(prompt))
		case answer == "":
			return nil, 0, errors.New("empty, expected text")
		}
		whole := text + answer
		ids, learn = e.turns.tokenizer.AppendTargets(nil, nil, []byte(whole), [][2]int{{len(text), len(whole)}}, true)
		if ids = withEnd(e.turns.tokenizer, ids); len(ids) > len(learn) {
			learn = append(learn, true)
		}
	case []any:
		text, begins, err := e.render(record, prompt, answer)
		if err != nil {
			return nil, 0, err
		}
		ids, learn = e.turns.tokenizer.AppendTargets(nil, nil, []byte(text), [][2]int{{begins, len(text)}}, false)
	default:
		return nil, 0, fmt.Errorf("expected a text or a list of messages, got %s", orderedjson.Kind(answer))
	}
	for n < len(learn) && !learn[n] {
		n++
	}
	return ids, n, nil
}

// render writes messages by the chat template, and finds where the answer begins: behind what the template asks for one by.
func (e *answerEncoder) render(record *orderedjson.Object, prompt any, answer []any) (text string, begins int, err error) {
	asked, ok := prompt.([]any)
	if said, isText := prompt.(string); isText {
		asked, answer = userSaid(said, answer)
	} else if !ok {
		return "", 0, fmt.Errorf("messages, and the prompt is %s, expected messages or a text", orderedjson.Kind(prompt))
	}
	if len(asked) == 0 || len(answer) == 0 {
		return "", 0, fmt.Errorf("a prompt of %d messages and an answer of %d, expected one or more of each", len(asked), len(answer))
	}
	whole := record.Clone()
	whole.Delete("conversations")
	whole.Set("messages", append(append([]any{}, asked...), answer...))
	c, err := chat.FromRecord(whole)
	if err != nil {
		return "", 0, err
	}
	t, err := e.turns.template(len(c.Tools) > 0)
	if err != nil {
		return "", 0, err
	}
	if text, err = t.Render(c, chat.RenderOptions{}); err != nil {
		return "", 0, err
	}
	c.Messages = c.Messages[:len(asked)]
	alone, err := t.Render(c, chat.RenderOptions{})
	if err != nil {
		return "", 0, err
	}
	asking, err := t.Render(c, chat.RenderOptions{GenerationPrompt: true})
	if err != nil {
		return "", 0, err
	}
	if begins = commonText(text, asking); begins < commonText(alone, asking) {
		return "", 0, fmt.Errorf("chat template %s writes the prompt otherwise before an answer than alone", t.Name)
	}
	return text, begins, nil
}

// userSaid makes messages of a prompt that is a text, before an answer of messages: those may repeat it.
func userSaid(prompt string, answer []any) (asked, rest []any) {
	if list, err := chat.FromMessages(answer); err == nil {
		for i, m := range list {
			if m.Role == "user" && m.Content == prompt {
				return answer[:i+1], answer[i+1:]
			}
		}
	}
	return []any{chat.NewMessage("user", prompt).Fields}, answer
}

// commonPrompt returns what two answers begin with and takes it off them: messages, or a text up to before a space, as trl has it.
func commonPrompt(o *orderedjson.Object) (any, error) {
	chosen, _ := o.Get("chosen")
	rejected, _ := o.Get("rejected")
	if a, ok := chosen.(string); ok {
		b, ok := rejected.(string)
		if !ok {
			return nil, fmt.Errorf(`"chosen" is a text and "rejected" %s, expected the same of both`, orderedjson.Kind(rejected))
		}
		n := commonText(a, b)
		if n > 0 && n < min(len(a), len(b)) && a[n-1] == ' ' {
			n--
		}
		o.Set("chosen", a[n:])
		o.Set("rejected", b[n:])
		return a[:n], nil
	}
	a, ok := chosen.([]any)
	b, same := rejected.([]any)
	if !ok || !same {
		return nil, fmt.Errorf(`"chosen" is %s and "rejected" %s, expected two texts or two lists of messages`, orderedjson.Kind(chosen), orderedjson.Kind(rejected))
	}
	n := 0
	for n < min(len(a), len(b))-1 && bytes.Equal(orderedjson.Append(nil, a[n], orderedjson.Format{}), orderedjson.Append(nil, b[n], orderedjson.Format{})) {
		n++
	}
	o.Set("chosen", a[n:])
	o.Set("rejected", b[n:])
	return a[:n:n], nil
}

// commonText returns how many bytes two texts have in common at their beginning, whole characters.
func commonText(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	for n > 0 && n < len(a) && !utf8.RuneStart(a[n]) {
		n--
	}
	return n
}
