package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/task"
	"github.com/seahorse-ml/seahorse/train"
)

// generateCommand is `finetune generate`.
type generateCommand struct {
	Model         string   `required:"" placeholder:"DIR|FILE.gguf" help:"A model or run directory, or a GGUF file: a decoder or an encoder-decoder."`
	Prompt        []string `sep:"none" placeholder:"TEXT" help:"Text to continue, or for an encoder-decoder the source to write about. Several may be given. An empty one starts a new text."`
	PromptsFile   string   `placeholder:"FILE|-" help:"Take a prompt from each line of this file too."`
	MaxNewTokens  int      `default:"200" placeholder:"N" help:"Tokens to generate at most (${default})."`
	NumBeams      int      `default:"1" placeholder:"N" help:"Search for the most probable text, following N at a time, rather than draw (${default})."`
	LengthPenalty float64  `default:"1" placeholder:"X" help:"In a search, a text's score is divided by its length to this power (${default})."`
	Stop          []string `sep:"none" placeholder:"TEXT" help:"End the text before this string. Several may be given."`
	JSON          bool     `name:"json" help:"Print an object for each prompt at the end instead: prompt, prompt_ids, ids and text of what was written, with --best-of the rewards of all texts, and tokens a second of all prompts and of all that was written."`
	Threads       int      `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores that the process may use."`

	rowPrompts
	bestOfFlags
	samplingFlags
	storageFlags
	chatPrompts
	adapterFlag
	memoryFlag

	answers bool         // prompts are conversations, of which only the answer is shown
	asked   []task.Asked // what a reward model takes the prompts for
}

// Help is shown below the command's summary.
func (generateCommand) Help() string {
	return `The text ends after --max-new-tokens, before a --stop string, or where the model ends it. That of one prompt is shown as it is drawn.
Several prompts are gone through side by side; their texts are shown at the end, with an empty line between them. A decoder's text
is shown behind its prompt, an encoder-decoder's by itself. To a model with a chat template a prompt is what a user says, and its answer is
shown by itself; --no-chat continues the prompt.

Examples:

    finetune generate --model runs/opticks --prompt "The Rays of Light"
    finetune generate --model runs/opticks --prompt "Light" --temperature 0 --max-new-tokens 50
    finetune generate --model runs/opticks --prompt "Prop. I." --prompt "Prop. II." --stop $'\n\n'
    finetune generate --model runs/chat --prompt "Who are you?" --best-of 8 --reward-model runs/reward
    finetune generate --model runs/phonemes --prompts-file words.txt --num-beams 4 --json
    finetune generate --model runs/chat --template question.tmpl --rows questions.csv --json`
}

// generated is what --json prints.
type generated struct {
	Prompt    string    `json:"prompt"`
	PromptIDs []int32   `json:"prompt_ids"`
	IDs       []int32   `json:"ids"`
	Text      string    `json:"text"`
	Rewards   []float64 `json:"rewards,omitempty"` // of all texts that the best was chosen among
	speeds
}

// speeds are tokens a second of all prompts and of all that was written, which --json prints.
type speeds struct {
	Prompt  float64 `json:"prompt_tokens_per_second,omitempty"`
	Written float64 `json:"tokens_per_second,omitempty"`
}

// Run continues the prompts.
func (c *generateCommand) Run(ctx context.Context, s *streams) error {
	config, err := c.config()
	if err != nil {
		return err
	}
	return together(s, c.Threads, func(t team) error { return c.run(ctx, s, t, config) })
}

// run continues the prompts as one of several ranks, or alone.
func (c *generateCommand) run(ctx context.Context, s *streams, ranks team, config generate.Config) error {
	if err := ranks.refuseStdin(c.PromptsFile, c.Messages); err != nil {
		return err
	}
	t, err := sketched(s, c.Model, c.storageFlags, c.adapterFlag, c.memoryFlag)
	if err != nil {
		return err
	}
	w, err := t.Writer()
	if err != nil {
		return err
	}
	w.Config, w.Stops = config, c.Stop
	texts, prompts, err := c.prompts(s, t, w)
	if err != nil {
		return err
	}
	lo, hi := train.Part(ranks.Ranks, len(prompts))
	search := generate.BeamConfig{Beams: c.NumBeams, MaxNewTokens: c.MaxNewTokens, LengthPenalty: c.LengthPenalty}
	if lo < hi {
		if err := c.checkTexts(w.Model, c.expand(prompts[lo:hi]), config, search); err != nil {
			return err
		}
	}
	if err := load(t); err != nil {
		return err
	}
	if err := c.agree(ranks, t, prompts); err != nil {
		return err
	}
	w.Model = t.Model.(generate.Model) // as the sketch is
	if len(texts) == 1 && c.NumBeams == 1 && c.BestOf == 1 && !c.JSON && !ranks.several() {
		fmt.Fprint(s.out, c.shown(w, texts[0]))
		_, err := w.Write(ctx, s.out, prompts[0])
		fmt.Fprintln(s.out)
		return interrupted(ctx, err)
	}
	mine, err := c.write(ctx, s, w, prompts, lo, hi, search)
	if err != nil {
		return interrupted(ctx, err)
	}
	all, err := train.Collect(ranks.Ranks, mine)
	if err != nil || ranks.Rank() > 0 {
		return err
	}
	return c.printAll(s.out, w, texts, prompts, all)
}

// encode returns the ids of prompts or sources, and says where they aren't like those that the run learned from.
func (c *generateCommand) encode(s *streams, w *task.Writer, texts []string) ([][]int32, error) {
	prompts, cut := make([][]int32, len(texts)), 0
	for i, text := range texts {
		ids, err := w.Encode(text)
		if err != nil {
			return nil, err
		}
		if unknown, all := w.Tokenizer.Unknown([]byte(text)); 2*unknown > all {
			s.say("warning    %d of the %d characters of the prompt %.40q are unknown to the vocabulary of %s", unknown, all, text, c.Model)
		}
		var tooLong bool
		if prompts[i], tooLong = w.Fit(ids); tooLong {
			cut++
		}
	}
	if cut > 0 {
		s.say("cut        %s of %d cut to %d tokens, as in the run that made the model", plural(cut, "source"), len(texts), w.SourceLength)
	}
	return prompts, nil
}

// config checks the flags and returns how tokens are drawn.
func (c *generateCommand) config() (generate.Config, error) {
	config := c.sampling(c.MaxNewTokens)
	if err := errors.Join(checkThreads(c.Threads), atLeast("num-beams", &c.NumBeams, 1), c.checkBest(c.NumBeams, config.Temperature)); err != nil {
		return config, err
	}
	draws := c.Temperature != nil && *c.Temperature != 0 || c.TopK != 0 || c.TopP != 1 || c.MinP != 0 || c.RepetitionPenalty != 1
	if c.NumBeams > 1 && draws {
		return config, errors.New("--num-beams searches for the most probable text; --temperature, --top-k, --top-p, --min-p and --repetition-penalty are for drawing")
	}
	if c.NumBeams == 1 && c.LengthPenalty != 1 {
		return config, errors.New("--length-penalty is for --num-beams")
	}
	if _, err := generate.NewStopStrings(c.Stop...); err != nil {
		return config, fmt.Errorf("--stop: %w", err)
	}
	return config, config.Validate()
}

// checkTexts refuses to write texts that take more memory than is free.
func (c *generateCommand) checkTexts(sketch generate.Model, prompts [][]int32, config generate.Config, search generate.BeamConfig) error {
	advice, texts := "fewer prompts at a time, a smaller --max-new-tokens or model takes less", len(prompts)
	if c.NumBeams > 1 {
		advice, texts = "a smaller --num-beams, --max-new-tokens or model takes less", c.NumBeams
	}
	const idBytes, scoreBytes = 8, 4 // an id with its position, and a score
	batch := memoryPart{times(texts, times(longest(prompts)+min(c.MaxNewTokens, sketch.ContextLength()), idBytes)+scoreBytes*sketch.VocabSize()), "tokens and their scores"}
	return c.check(advice, batch, func() ([]memoryPart, error) {
		var use generate.Memory
		var err error
		if c.NumBeams > 1 {
			use, err = generate.EstimateBeamSearch(sketch, prompts, search)
		} else {
			use, err = generate.Estimate(sketch, prompts, config)
		}
		return []memoryPart{
			{use.Parameters, "parameters"}, {use.Arena, "activations"}, {use.Cache, "keys and values"}, {use.Sources, "encoded sources"}, {use.Scores, "scores"},
		}, err
	})
}

// longest returns the most tokens of a prompt.
func longest(prompts [][]int32) int {
	n := 0
	for _, p := range prompts {
		n = max(n, len(p))
	}
	return n
}

// prompts returns all prompts, as they are written and encoded.
func (c *generateCommand) prompts(s *streams, t *task.Trained, w *task.Writer) (texts []string, ids [][]int32, err error) {
	templates, err := c.template(t)
	if err != nil {
		return nil, nil, err
	}
	if c.Messages == "" || len(c.Prompt) > 0 || c.PromptsFile != "" || c.Template != "" || len(c.Rows) > 0 {
		if texts, err = c.texts(s.in); err != nil {
			return nil, nil, err
		}
	}
	if templates != nil {
		all, err := c.conversations(texts, s.in)
		if err != nil {
			return nil, nil, err
		}
		c.answers = true
		for i := range all {
			c.asked = append(c.asked, task.Asked{Messages: &all[i]})
		}
		return asked(t, templates, all)
	}
	for _, text := range texts {
		c.asked = append(c.asked, task.Asked{Text: text})
	}
	ids, err = c.encode(s, w, texts)
	return texts, ids, err
}

// texts returns all prompts.
func (c *generateCommand) texts(stdin io.Reader) ([]string, error) {
	texts := c.Prompt
	if c.PromptsFile != "" {
		file, closeFile, err := openText(c.PromptsFile, stdin)
		if err != nil {
			return nil, err
		}
		defer closeFile()
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, 1<<30)
		for lines.Scan() {
			texts = append(texts, lines.Text())
		}
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("%s: %w", c.PromptsFile, err)
		}
		if len(texts) == 0 {
			return nil, fmt.Errorf("%s has no prompts", c.PromptsFile)
		}
	}
	filled, err := c.filled(stdin)
	if err != nil {
		return nil, err
	}
	if texts = append(texts, filled...); len(texts) == 0 {
		return nil, errors.New("nothing to continue: give a --prompt, a --prompts-file or a --template with --rows")
	}
	return texts, nil
}

// shown returns what of a prompt is shown before the text.
func (c *generateCommand) shown(w *task.Writer, prompt string) string {
	if _, about := w.Model.(generate.Encoder); about || c.answers {
		return ""
	}
	return prompt
}

// print shows the texts of several prompts.
func (c *generateCommand) print(out io.Writer, w *task.Writer, texts []string, prompts, ids [][]int32, rewards [][]float64, speed speeds) error {
	printer := json.NewEncoder(out)
	printer.SetEscapeHTML(false)
	for i, prompt := range texts {
		text, err := w.Text(ids[i])
		if err != nil {
			return err
		}
		switch {
		case c.JSON:
			line := generated{Prompt: prompt, PromptIDs: prompts[i], IDs: append([]int32{}, ids[i]...), Text: text, speeds: speed}
			if rewards != nil {
				line.Rewards = rewards[i]
			}
			err = printer.Encode(line)
		case i > 0:
			_, err = fmt.Fprintf(out, "\n%s%s\n", c.shown(w, prompt), text)
		default:
			_, err = fmt.Fprintf(out, "%s%s\n", c.shown(w, prompt), text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func perSecond(n int, seconds float64) float64 {
	return round(float64(n)/max(seconds, 1e-9), 1)
}
