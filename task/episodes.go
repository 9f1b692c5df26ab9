package task

import (
	"context"
	"fmt"
	"slices"

	"github.com/seahorse-ml/seahorse/agent/environment"
	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/internal/random"
	"github.com/seahorse-ml/seahorse/prefer"
	"github.com/seahorse-ml/seahorse/reward"
)

// stage is what episodes are written by.
type stage struct {
	template ChatTemplate
	form     chat.CallForm
	end      int32 // the token that ends a turn
}

// newStage finds out how a template writes turns and calls, or why a model can't act by it.
func newStage(t ChatTemplate, tokens *tokenizer.Tokenizer, tools bool) (*stage, error) {
	s := &stage{template: t, form: chat.CallFormOf(t.Source)}
	if tools && s.form == chat.NoCalls {
		return nil, fmt.Errorf("task: grpo: chat template %s writes no calls of tools in a form that is known, and the environment has tools", t.Name)
	}
	end := t.TurnEnd()
	var ok bool
	if s.end, ok = tokens.ID(end); !ok {
		return nil, fmt.Errorf("task: grpo: chat template %s ends a turn by %q, expected one token of the model: an environment must know where a turn ends", t.Name, end)
	}
	return s, nil
}

// begin prepares for texts by the model as it is now; for episodes, if there is an environment, by the template that the run keeps.
func (r *rollouts) begin() error {
	o := r.objective
	if r.batcher != nil {
		r.batcher.Forget()
	}
	if o.Environment == nil || r.stage != nil {
		return nil
	}
	episode, err := o.episode(r.rows.train[0])
	if err != nil {
		return err
	}
	tools := len(episode.Talk().Tools) > 0
	t, err := Conversations{Dir: r.run.Dir}.ChatTemplate(r.run.Tokenizer, tools)
	if err != nil {
		return err
	}
	r.stage, err = newStage(t, r.run.Tokenizer, tools)
	return err
}

// episode begins the episode of a prompt.
func (o GRPO) episode(p prompt) (environment.Episode, error) {
	e, err := o.Environment.Begin(p.Record)
	if err != nil {
		return nil, fmt.Errorf("task: grpo: %s: %w", o.Environment.Name(), err)
	}
	return e, nil
}

// stops returns the tokens that end an answer, or a turn.
func (r *rollouts) stops() []int32 {
	if r.stage != nil {
		return append(r.text().Ends(), r.stage.end)
	}
	return r.text().Ends()
}

// played is an episode as far as it has come.
type played struct {
	prompt  prompt
	episode environment.Episode
	talk    chat.Conversation
	ids     []int32 // behind the prompt: the model's turns, and what it was told
	own     []bool  // for each of them whether it is the model's
	begun   int     // where the last turn begins in ids
	earned  float64
	ended   bool // else it was cut off
}

// add adds tokens of a turn, or of what the model is told.
func (p *played) add(ids []int32, own bool) {
	if own {
		p.begun = len(p.ids)
	}
	p.ids = append(p.ids, ids...)
	p.own = append(p.own, slices.Repeat([]bool{own}, len(ids))...)
}

// turn returns the tokens of the last turn without the one that ends it, and whether there is that.
func (p *played) turn(ends []int32) ([]int32, bool) {
	last := p.ids[p.begun:]
	if len(last) > 0 && slices.Contains(ends, last[len(last)-1]) {
		return last[:len(last)-1], true
	}
	return last, false
}

// play goes on with the first turns that were written for prompts, until all episodes are over. Turn k of a sample draws the random numbers of its stream for a
// seed that follows from the round's and k.
func (r *rollouts) play(ctx context.Context, prompts []prompt, requests []generate.Request, written [][]generate.Written) ([]reward.Sample, []prefer.Drawn, error) {
	var all []*played
	var asks []generate.Request // how each is continued
	for i, group := range written {
		for k, w := range group {
			e, err := r.objective.episode(prompts[i])
			if err != nil {
				return nil, nil, err
			}
			p := &played{prompt: prompts[i], episode: e, talk: e.Talk()}
			p.add(w.IDs, true)
			q := requests[i]
			q.Samples, q.Stream = 1, q.Stream+uint64(k)
			all, asks = append(all, p), append(asks, q)
		}
	}
	live := all
	for turn := 1; len(live) > 0; turn++ {
		var goOn []*played
		var next []generate.Request
		for i, p := range live {
			more, err := r.act(ctx, p, turn)
			if err != nil {
				return nil, nil, err
			}
			if more {
				goOn, next = append(goOn, p), append(next, asks[i])
			}
		}
		live, asks = goOn, next
		if len(live) == 0 {
			break
		}
		round := slices.Clone(asks)
		for i, p := range live {
			q := &round[i]
			q.Prompt = slices.Concat(p.prompt.ids, p.ids)
			q.Config.MaxNewTokens = r.objective.Config.MaxLength - len(p.ids)
			q.Config.Seed = random.Uint64(q.Config.Seed, promptStream-3, uint64(turn))
		}
		found, err := r.write(ctx, round)
		if err != nil {
			return nil, nil, err
		}
		for i, p := range live {
			p.add(found[i][0].IDs, true)
		}
	}
	return r.outcome(all)
}

// act has the environment answer the last turn, which is so many-th, and tells whether there is another one.
func (r *rollouts) act(ctx context.Context, p *played, turn int) (bool, error) {
	o := r.objective
	last, ended := p.turn(r.stops())
	if !ended {
		return false, nil
	}
	// Tags may be tokens that are left out of decoded text; other forms are known by what follows their token.
	text := string(r.run.Tokenizer.Decode(last, r.stage.form != chat.TagCalls))
	step, err := p.episode.Act(ctx, text, r.stage.form)
	if err != nil {
		return false, fmt.Errorf("task: grpo: %s: %w", o.Environment.Name(), err)
	}
	p.earned += step.Reward
	if p.ended = step.Done || turn == o.Turns; p.ended {
		return false, nil
	}
	p.talk.Messages = append(p.talk.Messages, step.Said)
	from := len(p.talk.Messages)
	p.talk.Messages = append(p.talk.Messages, step.Seen...)
	told, err := r.stage.template.Encoding(r.run.Tokenizer).Continuation(p.talk, from)
	if err != nil { // a turn that the template can't write, such as an empty one: the conversation can't go on
		return false, nil
	}
	if len(p.ids)+len(told) >= o.Config.MaxLength {
		return false, nil
	}
	p.add(told, false)
	return true, nil
}

// outcome is what checkers are shown of episodes, and what is learned of them.
func (r *rollouts) outcome(all []*played) (judged []reward.Sample, drawn []prefer.Drawn, err error) {
	for _, p := range all {
		d := prefer.Drawn{Prompt: p.prompt.ids, Completion: p.ids}
		if slices.Contains(p.own, false) {
			d.Learn = p.own
		}
		last, _ := p.turn(r.stops())
		s, err := r.sample(p.prompt, last)
		if err != nil {
			return nil, nil, err
		}
		s.Tokens, s.Ended, s.Earned = d.Learned(), p.ended, p.earned
		s.Episode = string(r.run.Tokenizer.Decode(p.ids, false))
		judged, drawn = append(judged, s), append(drawn, d)
	}
	return judged, drawn, nil
}
