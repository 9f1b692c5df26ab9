package serve

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
	"github.com/seahorse-ml/seahorse/task"
)

// chatKeys are the parameters of a chat.
var chatKeys = append(slices.Clone(common),
	"messages", "tools", "tool_choice", "parallel_tool_calls", "logprobs", "top_logprobs", "max_completion_tokens", "response_format", "modalities", "store", "metadata",
	"service_tier", "chat_template_kwargs")

// chatAsked is a chat to be answered.
type chatAsked struct {
	asking
	request generate.Request
	form    chat.CallForm // of calls in the answer
}

// noText refuses requests for text where the model writes none.
func (s *Server) noText() error {
	if s.batcher == nil {
		return &fault{status: http.StatusBadRequest, kind: invalidRequest, code: "model_not_supported", message: s.config.Name + " holds " + task.Described(s.trained.Model) + ", which doesn't continue texts; /v1/embeddings embeds them"}
	}
	return nil
}

// chat answers /v1/chat/completions.
func (s *Server) chat(w http.ResponseWriter, r *http.Request) error {
	if err := s.noText(); err != nil {
		return err
	}
	done, err := s.admit(w)
	if err != nil {
		return err
	}
	defer done()
	data, err := s.body(w, r)
	if err != nil {
		return err
	}
	c, err := s.chatAsked(data)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.config.Time)
	defer cancel()
	head := func(object string) map[string]any {
		return map[string]any{"id": "", "object": object, "created": time.Now().Unix(), "model": s.config.Name, "system_fingerprint": nil}
	}
	id := s.id("chatcmpl")
	if c.stream {
		return s.streamChat(ctx, w, c, id, head)
	}
	answers := make([]chatAnswer, c.samples)
	scanners := scanners(c.form, c.samples)
	use, err := s.write(ctx, []generate.Request{c.request}, c.stops, func(i int, p part) error {
		answers[i].add(scanners[i], p)
		return nil
	})
	if err != nil {
		return err
	}
	var choices []any
	for i, a := range answers {
		message := map[string]any{"role": "assistant", "content": a.text, "refusal": nil}
		if len(a.calls) > 0 {
			message["tool_calls"] = s.callObjects(a.calls, false)
			if a.text == "" {
				message["content"] = nil
			}
		}
		choices = append(choices, map[string]any{"index": i, "message": message, "logprobs": c.logProbs(a.scored), "finish_reason": a.finish})
	}
	answer := head("chat.completion")
	answer["id"], answer["choices"], answer["usage"] = id, choices, use
	return answerJSON(w, answer)
}

// chatAnswer is an answer as far as it has come.
type chatAnswer struct {
	text   string
	calls  []chat.Call
	scored []scored
	finish string
}

// add takes what came, and returns what of its text is shown and, at its end, the calls.
func (a *chatAnswer) add(scanner *chat.CallScanner, p part) (shown string, calls []chat.Call) {
	shown = scanner.Push(p.text)
	if a.finish = p.finish; p.finish != "" {
		var rest string
		rest, calls = scanner.Finish()
		shown += rest
		if len(calls) > 0 {
			a.finish = endTools
		}
	}
	a.text += shown
	a.calls = calls
	a.scored = append(a.scored, p.scored...)
	return shown, calls
}

func scanners(form chat.CallForm, n int) []*chat.CallScanner {
	all := make([]*chat.CallScanner, n)
	for i := range all {
		all[i] = &chat.CallScanner{Form: form}
	}
	return all
}

// streamChat sends the answers piece by piece.
func (s *Server) streamChat(ctx context.Context, w http.ResponseWriter, c chatAsked, id string, head func(string) map[string]any) error {
	out := newStream(w)
	send := func(choices []any, use any) error {
		chunk := head("chat.completion.chunk")
		chunk["id"], chunk["choices"] = id, choices
		if c.usage {
			chunk["usage"] = use
		}
		return out.send(chunk)
	}
	answers, scanners, begun := make([]chatAnswer, c.samples), scanners(c.form, c.samples), make([]bool, c.samples)
	use, err := s.write(ctx, []generate.Request{c.request}, c.stops, func(i int, p part) error {
		one := func(delta map[string]any, scores, finish any) error {
			return send([]any{map[string]any{"index": i, "delta": delta, "logprobs": scores, "finish_reason": finish}}, nil)
		}
		if !begun[i] {
			begun[i] = true
			if err := one(map[string]any{"role": "assistant", "content": "", "refusal": nil}, nil, nil); err != nil {
				return err
			}
		}
		shown, calls := answers[i].add(scanners[i], p)
		if shown != "" || len(p.scored) > 0 {
			if err := one(map[string]any{"content": shown}, c.logProbs(p.scored), nil); err != nil {
				return err
			}
		}
		if len(calls) > 0 {
			if err := one(map[string]any{"tool_calls": s.callObjects(calls, true)}, nil, nil); err != nil {
				return err
			}
		}
		if p.finish != "" {
			return one(map[string]any{}, nil, answers[i].finish)
		}
		return nil
	})
	if err == nil && c.usage {
		err = send([]any{}, use)
	}
	return out.end(err)
}

// chatAsked reads a request.
func (s *Server) chatAsked(data []byte) (c chatAsked, err error) {
	f, err := readFields(data, chatKeys...)
	if err != nil {
		return c, err
	}
	if c.asking, err = s.asking(f); err != nil {
		return c, err
	}
	if n := int(f.integer("max_completion_tokens", 1, anyInteger, 0)); n > 0 {
		if c.given && n != c.config.MaxNewTokens {
			f.fail("max_completion_tokens", "%d beside max_tokens of %d", n, c.config.MaxNewTokens)
		}
		c.config.MaxNewTokens, c.given = n, true
	}
	f.onlyType("response_format", "text")
	f.boolean("parallel_tool_calls")
	f.boolean("store")
	f.only("service_tier", "auto", "default")
	scores, top := f.boolean("logprobs"), int(f.integer("top_logprobs", 0, 20, 0))
	if top > 0 && !scores {
		f.fail("top_logprobs", "%d without logprobs", top)
	}
	tools := true
	if v, ok := f.get("tool_choice"); ok {
		switch v {
		case "none":
			tools = false
		case "auto":
		default:
			f.fail("tool_choice", `only "auto" and "none" are supported here`)
		}
	}
	if f.err != nil {
		return c, f.err
	}
	prompt, form, err := s.rendered(f.object, tools)
	if err != nil {
		return c, err
	}
	c.form = form
	if err := s.endTurns(&c.asking); err != nil {
		return c, err
	}
	c.request, err = s.request(c.asking, prompt)
	c.request.LogProbs, c.request.TopLogProbs = scores, top
	return c, err
}

// rendered returns the tokens of a conversation up to where the answer begins.
func (s *Server) rendered(request *orderedjson.Object, tools bool) (prompt []int32, form chat.CallForm, err error) {
	record := orderedjson.NewObject()
	for _, key := range []string{"messages", "tools", "chat_template_kwargs"} {
		if v, ok := request.Get(key); ok && (tools || key != "tools") {
			record.Set(key, v)
		}
	}
	if v, ok := record.Get("messages"); !ok || v == nil {
		return nil, 0, invalid("messages", "messages: expected a list of messages")
	}
	talk, err := chat.FromRecord(record)
	if err != nil {
		return nil, 0, invalid("messages", "%v", err)
	}
	template, err := s.templates(len(talk.Tools) > 0)
	if err != nil {
		return nil, 0, err
	}
	prompt, _, err = template.Encoding(s.trained.Tokenizer).Prompt(talk)
	if err != nil {
		return nil, 0, invalid("messages", "the model's chat template doesn't take this: %v", err)
	}
	if len(prompt) == 0 {
		return nil, 0, invalid("messages", "the model's chat template writes nothing for this")
	}
	if len(talk.Tools) > 0 {
		form = chat.CallFormOf(template.Source)
	}
	return prompt, form, nil
}

// endTurns ends answers where the template ends a turn.
func (s *Server) endTurns(a *asking) error {
	template, err := s.templates(false)
	if err != nil {
		return err
	}
	if end := template.TurnEnd(); end != "" {
		a.stops = append(a.stops, end)
		if id, ok := s.trained.Tokenizer.ID(end); ok {
			a.config.Stop = append(a.config.Stop, id)
		}
	}
	return nil
}

// callObjects returns calls as OpenAI writes them.
func (s *Server) callObjects(calls []chat.Call, streamed bool) []any {
	var all []any
	for i, c := range calls {
		o := map[string]any{"id": s.id("call"), "type": "function", "function": map[string]any{"name": c.Name, "arguments": c.Arguments}}
		if streamed {
			o["index"] = i
		}
		all = append(all, o)
	}
	return all
}

// logProbs returns tokens' probabilities as chats have them, or nil where they aren't asked for.
func (c *chatAsked) logProbs(tokens []scored) any {
	if !c.request.LogProbs {
		return nil
	}
	object := func(t scored) map[string]any {
		bytes := make([]int, len(t.text)) // of which JSON makes numbers
		for i, b := range t.text {
			bytes[i] = int(b)
		}
		return map[string]any{"token": valid(t.text), "bytes": bytes, "logprob": finite(t.logProb)}
	}
	content := []any{}
	for _, t := range tokens {
		o, top := object(t), []any{}
		for _, other := range t.top {
			top = append(top, object(other))
		}
		o["top_logprobs"] = top
		content = append(content, o)
	}
	return map[string]any{"content": content, "refusal": nil}
}

// finite returns what JSON can say of a logarithm: OpenAI writes -9999 for 0.
func finite(logProb float64) float64 { return max(logProb, -9999) }
