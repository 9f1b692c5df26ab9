package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/internal/screen"
	"github.com/seahorse-ml/seahorse/internal/view"
	"github.com/seahorse-ml/seahorse/task"
)

// showCommand is `finetune show`.
type showCommand struct {
	Attention   showAttentionCommand   `cmd:"" help:"Where the attention of each layer and head goes."`
	Tokens      showTokensCommand      `cmd:"" help:"How probable each token is, its rank, and its rivals."`
	Lens        showLensCommand        `cmd:"" help:"What the model would say behind each of its layers (the logit lens)."`
	Attribution showAttributionCommand `cmd:"" help:"Which words a class or the next token comes from."`
	Map         showMapCommand         `cmd:"" help:"The vectors of tokens as a map."`
	Landscape   showLandscapeCommand   `cmd:"" help:"The loss around a model along two directions."`
}

// showOutput says how what is found is shown.
type showOutput struct {
	HTML string `name:"html" placeholder:"FILE" help:"Write a page to this file, which needs no other."`
	JSON bool   `name:"json" help:"Print the data as JSON."`
}

// showFlags are the options of commands that look at a model with a text.
type showFlags struct {
	Model        string   `required:"" placeholder:"DIR|FILE.gguf" help:"A model or run directory, or a GGUF file."`
	Text         []string `arg:"" optional:"" name:"text" help:"The text, or - for standard input. For an encoder-decoder it is the source."`
	TextPair     string   `placeholder:"TEXT" help:"The second text of a pair, for encoders."`
	Answer       string   `placeholder:"TEXT" help:"What is written behind the text, or about it. Default: nothing; of encoder-decoders what the model writes."`
	MaxNewTokens int      `default:"0" placeholder:"N" help:"Let the model write up to N tokens behind the text, the likeliest ones. Default: none; of encoder-decoders 20."`
	Threads      int      `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores that the process may use."`

	showOutput
	storageFlags
	chatPrompts
	adapterFlag
	memoryFlag
}

// looked is a model with texts to look at.
type looked struct {
	*task.Trained
	texts []*task.Shown
	names []string // the texts as they are written
}

// writtenTokens is how many tokens an encoder-decoder writes where nobody says otherwise.
const writtenTokens = 20

// look opens the model with the texts. Estimate tells what it takes to look at one, of which the model is a sketch.
func (c *showFlags) look(ctx context.Context, s *streams, estimate func(*task.Trained, *task.Shown) (graph.Memory, error)) (*looked, error) {
	if err := errors.Join(checkThreads(c.Threads), atLeast("max-new-tokens", &c.MaxNewTokens, 0)); err != nil {
		return nil, err
	}
	if c.Answer != "" && c.MaxNewTokens > 0 {
		return nil, errors.New("--max-new-tokens lets the model write what --answer gives")
	}
	useThreads(c.Threads)
	t, err := sketched(s, c.Model, c.storageFlags, c.adapterFlag, c.memoryFlag)
	if err != nil {
		return nil, err
	}
	l := &looked{Trained: t}
	configs, err := c.read(s, l)
	if err != nil {
		return nil, err
	}
	writes := c.MaxNewTokens
	if _, about := t.Model.(generate.Encoder); about && c.Answer == "" && writes == 0 {
		writes = writtenTokens
	}
	if err := c.encode(l, configs, writes, estimate); err != nil {
		return nil, err
	}
	if err := load(t); err != nil {
		return nil, err
	}
	if writes > 0 {
		return l, c.write(ctx, l, configs, writes)
	}
	return l, nil
}

// read finds the texts, and says how each is encoded.
func (c *showFlags) read(s *streams, l *looked) ([]task.ShownConfig, error) {
	texts := slices.Clone(c.Text)
	for i, text := range texts {
		if text == "-" {
			content, err := io.ReadAll(s.in)
			if err != nil {
				return nil, err
			}
			texts[i] = strings.TrimSuffix(string(content), "\n")
		}
	}
	templates, err := c.template(l.Trained)
	if err != nil {
		return nil, err
	}
	base := task.ShownConfig{Pair: c.TextPair, Answer: c.Answer}
	if templates != nil {
		all, err := c.conversations(texts, s.in)
		if err != nil {
			return nil, err
		}
		var ids [][]int32
		if l.names, ids, err = asked(l.Trained, templates, all); err != nil {
			return nil, err
		}
		configs := make([]task.ShownConfig, len(ids))
		for i := range configs {
			configs[i] = base
			configs[i].IDs = ids[i]
		}
		return configs, someTexts(configs)
	}
	l.names = texts
	configs := slices.Repeat([]task.ShownConfig{base}, len(texts))
	return configs, someTexts(configs)
}

func someTexts(configs []task.ShownConfig) error {
	if len(configs) == 0 {
		return errors.New("nothing to look at: give a text")
	}
	return nil
}

// encode encodes the texts with room for what the model is to write, and refuses those that take more memory than is free.
func (c *showFlags) encode(l *looked, configs []task.ShownConfig, writes int, estimate func(*task.Trained, *task.Shown) (graph.Memory, error)) error {
	for i, config := range configs {
		if writes > 0 {
			config.Written = make([]int32, writes)
		}
		shown, err := l.Shown(l.names[i], config)
		if err != nil {
			return err
		}
		l.texts = append(l.texts, shown)
		const idBytes = 8
		batch := memoryPart{times(len(shown.IDs)+len(shown.Text.Source), idBytes), "tokens"}
		if err := c.check("a shorter text or a smaller model takes less", batch, func() ([]memoryPart, error) {
			use, err := estimate(l.Trained, shown)
			return runningParts(use), err
		}); err != nil {
			return err
		}
	}
	return nil
}

// write lets the model write behind the texts or about them.
func (c *showFlags) write(ctx context.Context, l *looked, configs []task.ShownConfig, writes int) error {
	w, err := l.Writer()
	if err != nil {
		return err
	}
	w.Config = generate.Config{MaxNewTokens: writes}
	for i := range configs {
		prompt := configs[i].IDs
		if prompt == nil {
			if prompt, err = w.Encode(l.names[i]); err != nil {
				return err
			}
		}
		written, err := w.WriteAll(ctx, [][]int32{prompt})
		if err != nil {
			return interrupted(ctx, err)
		}
		configs[i].Written = append([]int32{}, written[0]...)
		if l.texts[i], err = l.Shown(l.names[i], configs[i]); err != nil {
			return err
		}
	}
	return nil
}

// lookAtOne is look for a command that looks at one text.
func (c *showFlags) lookAtOne(ctx context.Context, s *streams, estimate func(*task.Trained, *task.Shown) (graph.Memory, error)) (*looked, *task.Shown, error) {
	l, err := c.look(ctx, s, estimate)
	if err != nil {
		return nil, nil, err
	}
	if len(l.texts) != 1 {
		return nil, nil, fmt.Errorf("%d texts, expected one", len(l.texts))
	}
	return l, l.texts[0], nil
}

// subject describes a text for a view.
func (l *looked) subject(model string, i int) view.Subject {
	return view.Subject{Model: publicName(model), Text: l.names[i], Tokens: viewTokens(l.texts[i].Tokens), Source: viewTokens(l.texts[i].Source)}
}

func viewTokens(tokens []task.ShownToken) []view.Token {
	var all []view.Token
	for _, t := range tokens {
		all = append(all, view.Token{ID: t.ID, Text: t.Text, Special: t.Special, Word: t.Word})
	}
	return all
}

// tokenText returns the text of a token by itself.
func (l *looked) tokenText(id int32) string {
	if text := l.Tokenizer.Decode([]int32{id}, false); len(text) > 0 && strings.ToValidUTF8(string(text), "") == string(text) {
		return string(text)
	}
	text, _ := l.Tokenizer.Token(id)
	return text
}

// show prints or writes what was found.
func (o showOutput) show(s *streams, v view.View) error {
	if o.HTML != "" {
		if err := atomicfile.Write(o.HTML, v.HTML); err != nil {
			return err
		}
		fmt.Fprintf(s.err, "the page is in %s\n", o.HTML)
	}
	switch {
	case o.JSON:
		out := json.NewEncoder(s.out)
		out.SetEscapeHTML(false)
		return out.Encode(v)
	case o.HTML != "":
		return nil
	}
	return v.Terminal(s.out, screenOf(s.out))
}

// pipeColumns is the width of what isn't shown on a terminal, unless COLUMNS says it.
const pipeColumns = 80

// screenOf returns what can be shown on an output.
func screenOf(out io.Writer) view.Screen {
	columns := screen.Width(out)
	terminal := columns > 0
	if !terminal {
		columns = pipeColumns
		if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
			columns = n
		}
	}
	return view.Screen{Columns: max(20, columns), Color: terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}
