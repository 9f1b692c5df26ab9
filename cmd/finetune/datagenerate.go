package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/reward"
	"github.com/seahorse-ml/seahorse/task"
)

// dataGenerateCommand is `finetune data generate`.
type dataGenerateCommand struct {
	Data         []string `required:"" sep:"none" placeholder:"FILE|DIR|-" help:"Prompts: records {\"prompt\"} with a text or messages, and \"answer\" where there is one."`
	Output       string   `required:"" placeholder:"FILE.jsonl" help:"Where the records go. All answers are kept beside it, in FILE.jsonl.answers.jsonl, from which the command goes on if it was interrupted."`
	Model        string   `placeholder:"DIR|FILE.gguf" help:"The model that answers."`
	BaseURL      string   `name:"base-url" placeholder:"URL" help:"Ask a server with OpenAI's API in its place, such as http://localhost:8000/v1."`
	RemoteModel  string   `placeholder:"NAME" help:"The model of that server."`
	APIKeyEnv    string   `name:"api-key-env" default:"OPENAI_API_KEY" placeholder:"NAME" help:"The environment variable that holds the server's key, if it wants one (${default})."`
	Chat         bool     `help:"Take texts as what a user says, and write conversations."`
	System       string   `placeholder:"TEXT" help:"With --chat: what the system says first."`
	ChatTemplate string   `placeholder:"FILE|NAME" help:"Chat template for messages. Default: the model's own."`

	NumSamples   int           `default:"1" placeholder:"N" help:"Answers to each prompt (${default})."`
	MaxNewTokens int           `default:"256" placeholder:"N" help:"The most tokens of an answer (${default})."`
	Rows         int           `default:"16" placeholder:"N" help:"Answers that are written side by side, or asked for at a time (${default})."`
	Timeout      time.Duration `default:"5m" placeholder:"TIME" help:"The most time that the server may take for an answer (${default})."`
	Retries      int           `default:"5" placeholder:"N" help:"How often the server is asked again after a fault (${default})."`
	Threads      int           `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores that the process may use."`

	Reward        []string      `sep:"none" placeholder:"CHECKER" help:"Keep answers that a checker of finetune grpo finds good: exact, numeric, regex:PATTERN, schema:FILE, length:MOST, model:DIR or exec:COMMAND. Several are added up."`
	RewardTimeout time.Duration `default:"1m" placeholder:"TIME" help:"The most time that an exec:COMMAND may take for the answers to a prompt (${default})."`
	MinReward     float64       `default:"1" placeholder:"X" help:"The least reward of an answer that is kept (${default})."`
	Vote          string        `placeholder:"number|text|REGEXP" help:"Keep answers that say what most answers to the prompt say: by the last number, the whole text, or the last match of a regular expression."`
	VoteShare     float64       `default:"0.5" placeholder:"X" help:"With --vote: how many of the answers must agree (${default})."`
	Keep          int           `default:"0" placeholder:"N" help:"Keep at most so many answers to a prompt, those of the best reward. 0 keeps all."`
	MinLength     int           `default:"0" placeholder:"N" help:"The least characters of an answer."`
	MaxLength     int           `default:"0" placeholder:"N" help:"The most characters of an answer. 0 sets no bound."`
	Match         []string      `sep:"none" placeholder:"REGEXP" help:"Keep only answers that match. Several may be given."`
	Reject        []string      `sep:"none" placeholder:"REGEXP" help:"Leave out answers that match. Several may be given."`
	KeepTruncated bool          `help:"Keep answers that reach --max-new-tokens too."`
	KeepRepeated  bool          `help:"Keep answers that are there already, to the same prompt, but for space and case."`

	samplingFlags
	storageFlags
	memoryFlag
	dataFormat
}

// AfterApply finds the model's folder, before the command runs.
func (c *dataGenerateCommand) AfterApply() error { return modelFolder(&c.Model) }

// Help is shown below the command's summary.
func (dataGenerateCommand) Help() string {
	return `Answers prompts and keeps the good answers, to learn from: {"prompt", "completion"} of texts, {"messages"} of messages and with --chat. Each record says where it
comes from, under "provenance": the prompt's number and the answer's, both from 0, the model, how it was drawn, its reward and votes.

Under mpirun, the ranks share the prompts. The same seed gives the same answers, beside whatever others they are written, and through kill -9. A server may heed the seed that it is sent or not. Its key is
read from the environment and kept nowhere.

Examples:

    finetune data generate --data prompts.jsonl --model SmolLM2-135M-Instruct --chat --num-samples 4 --output talks.jsonl
    finetune data generate --data sums.jsonl --model runs/sums --num-samples 8 --reward exact --keep 1 --output solved.jsonl
    finetune data generate --data questions.jsonl --model runs/chat --chat --num-samples 8 --vote number --vote-share 0.6 --output agreed.jsonl
    finetune data generate --data prompts.jsonl --base-url http://localhost:8000/v1 --remote-model large --chat --output large.jsonl
    finetune sft --model runs/small --data talks.jsonl --output-dir runs/taught`
}

// Run answers the prompts.
func (c *dataGenerateCommand) Run(ctx context.Context, s *streams) error {
	synthesis, err := c.synthesis(s)
	if err != nil {
		return err
	}
	return together(s, c.Threads, func(t team) error { return c.run(ctx, s, t, synthesis) })
}

// run answers the prompts as one of several ranks, or alone.
func (c *dataGenerateCommand) run(ctx context.Context, s *streams, ranks team, synthesis task.Synthesis) error {
	if ranks.several() && c.BaseURL != "" {
		return errors.New("a server is asked by one process; several ranks answer by a --model")
	}
	if err := ranks.refuseStdin(c.Data...); err != nil {
		return err
	}
	source, err := c.open(c.Data, data.TrainPart, c.Seed, s)
	if err != nil {
		return err
	}
	defer source.Close()
	prompts, hash, err := task.QuestionsOf(source, c.Chat, c.System)
	if err != nil {
		return err
	}
	by, end, err := c.answerer(s)
	if err != nil {
		return err
	}
	defer end()
	batch := max(1, 2*c.Rows/c.NumSamples)
	if !ranks.several() {
		return c.write(ctx, s, synthesis, by, prompts, hash, batch)
	}
	shared := &task.SharedAnswerer{Answerer: by, Ranks: ranks, Prompts: prompts}
	if err := c.agree(ranks, by, hash); err != nil {
		return err
	}
	if ranks.Rank() > 0 {
		return interrupted(ctx, shared.Serve(ctx))
	}
	if err := c.write(ctx, s, synthesis, shared, prompts, hash, batch*ranks.Size()); err != nil {
		return err
	}
	return shared.End()
}

// agree returns an error where another rank is about to answer otherwise.
func (c *dataGenerateCommand) agree(ranks team, by task.Answerer, hash string) error {
	flags := *c
	flags.Threads = 0
	return ranks.sameModel(by.(*task.OwnAnswerer).Trained, flags, map[string]string{"set of prompts": hash})
}

// write answers the prompts, so many at a time, and writes the records that are kept.
func (c *dataGenerateCommand) write(ctx context.Context, s *streams, synthesis task.Synthesis, by task.Answerer, prompts []task.Question, hash string, batch int) error {
	m := newMeter(s.err, "answering prompts")
	defer m.done()
	f := task.SynthesisFile{
		Path: c.Output, Settings: c.settings(hash), Batch: batch,
		Progress: func(done, total, _ int) { m.show(int64(done), int64(total)) },
	}
	report, err := f.Write(ctx, synthesis, by, prompts)
	if err != nil {
		return interrupted(ctx, err)
	}
	m.done()
	fmt.Fprintf(s.out, "%-10s %d, of which %d had been answered before\n%-10s %d\n%-10s %d in %s\n", "prompts", report.Prompts, report.Resumed, "answers", report.Answers, "kept", report.Kept, c.Output)
	for _, why := range slices.Sorted(maps.Keys(report.Left)) {
		fmt.Fprintf(s.out, "%-10s %d left out\n", why, report.Left[why])
	}
	return nil
}

// settings returns what answers depend on beside the answerer.
func (c *dataGenerateCommand) settings(hash string) map[string]any {
	return map[string]any{
		"prompts": hash, "chat": c.Chat, "system": c.System, "chat_template": c.ChatTemplate, "reward": c.Reward, "min_reward": c.MinReward, "vote": c.Vote, "vote_share": c.VoteShare,
		"keep": c.Keep, "min_length": c.MinLength, "max_length": c.MaxLength, "match": c.Match, "reject": c.Reject, "keep_truncated": c.KeepTruncated, "keep_repeated": c.KeepRepeated,
		"repetition_penalty": c.RepetitionPenalty,
	}
}

// synthesis returns which answers are kept.
func (c *dataGenerateCommand) synthesis(s *streams) (task.Synthesis, error) {
	y := task.Synthesis{
		Samples: c.NumSamples, Least: c.MinReward, Agreed: c.VoteShare, MinLength: c.MinLength, MaxLength: c.MaxLength, Truncated: c.KeepTruncated, Most: c.Keep, Repeated: c.KeepRepeated,
	}
	errs := []error{checkThreads(c.Threads), atLeast("num-samples", &c.NumSamples, 1), atLeast("max-new-tokens", &c.MaxNewTokens, 1), between("rows", &c.Rows, 1, mostRows), atLeast("retries", &c.Retries, 0)}
	switch {
	case c.Timeout <= 0 || c.RewardTimeout <= 0:
		errs = append(errs, fmt.Errorf("--timeout %v and --reward-timeout %v: expected times, such as 30s or 5m", c.Timeout, c.RewardTimeout))
	case c.Vote == "" && c.VoteShare != 0.5:
		errs = append(errs, errors.New("--vote-share is for --vote"))
	case len(c.Reward) == 0 && c.MinReward != 1:
		errs = append(errs, errors.New("--min-reward is for --reward"))
	case (c.Model == "") == (c.BaseURL == ""):
		errs = append(errs, errors.New("--model or --base-url: expected one of both, which answers"))
	case (c.BaseURL == "") != (c.RemoteModel == ""):
		errs = append(errs, errors.New("--remote-model is the model of --base-url; one needs the other"))
	case c.System != "" && !c.Chat:
		errs = append(errs, errors.New("--system is for --chat"))
	case c.BaseURL != "" && (c.TopK != 0 || c.MinP != 0 || c.RepetitionPenalty != 1 || c.ChatTemplate != "" || c.storageFlags != storageFlags{}):
		errs = append(errs, errors.New("--top-k, --min-p, --repetition-penalty, --chat-template and --load-in-… are for --model; the server has its own"))
	}
	var match, reject error
	y.Match, match = compiled("match", c.Match)
	y.Reject, reject = compiled("reject", c.Reject)
	errs = append(errs, match, reject)
	if c.Vote != "" {
		v, err := reward.ParseVote(c.Vote)
		errs = append(errs, err)
		y.Vote = &v
	}
	for _, text := range c.Reward {
		checker, err := parseChecker(text, c.RewardTimeout, s)
		if err != nil {
			errs = append(errs, fmt.Errorf("--reward: %w", err))
			continue
		}
		y.Rewards.Checkers = append(y.Rewards.Checkers, checker)
	}
	if err := errors.Join(errs...); err != nil {
		return y, err
	}
	return y, y.Validate()
}

// answerer returns what answers, and what gives it back.
func (c *dataGenerateCommand) answerer(s *streams) (task.Answerer, func(), error) {
	sampling := c.sampling(c.MaxNewTokens)
	if err := sampling.Validate(); err != nil {
		return nil, nil, err
	}
	if c.BaseURL != "" {
		u, err := url.Parse(c.BaseURL)
		if err != nil {
			return nil, nil, fmt.Errorf("--base-url: %w", err)
		}
		if u.Host == "" || !strings.HasPrefix(u.Scheme, "http") {
			return nil, nil, fmt.Errorf("--base-url %s: expected http://HOST/v1 or https://HOST/v1", c.BaseURL)
		}
		return &task.RemoteAnswerer{
			URL: c.BaseURL, Model: c.RemoteModel, Key: os.Getenv(c.APIKeyEnv), Temperature: sampling.Temperature, TopP: c.TopP, MaxTokens: c.MaxNewTokens, Seed: c.Seed, Parallel: c.Rows,
			Timeout: c.Timeout, Retries: c.Retries, Wait: time.Second,
		}, func() {}, nil
	}
	storage, err := c.storage(c.Model)
	if err != nil {
		return nil, nil, err
	}
	t, err := c.sketch(s, c.Model, task.OpenConfig{Storage: storage})
	if err == nil {
		err = load(t)
	}
	if err != nil {
		return nil, nil, err
	}
	own := &task.OwnAnswerer{Trained: t, Sampling: sampling, Template: c.ChatTemplate, Rows: c.Rows}
	return own, own.Close, nil
}
