// Command render renders conversations by chat templates, for proofs against transformers. It reads a JSON object a line, {"template", "tokens", "messages", "tools", "add_generation_prompt"}
// (and "now", in RFC 3339, and "ends", the tokens that end a turn), and writes one a line: {"text", "spans"} or {"error"}.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

type answer struct {
	Text  string   `json:"text"`
	Spans [][2]int `json:"spans,omitempty"`
	Mask  string   `json:"mask_error,omitempty"` // why there are no spans
	Error string   `json:"error,omitempty"`
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	cached := map[string]*chat.Template{}
	for in.Scan() {
		a, err := render(in.Bytes(), cached)
		if err != nil {
			a = answer{Error: err.Error()}
		}
		if err := out.Encode(a); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	if err := in.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func render(line []byte, cached map[string]*chat.Template) (answer, error) {
	o, err := orderedjson.DecodeObject(line)
	if err != nil {
		return answer{}, err
	}
	source, _ := o.Values["template"].(string)
	t, ok := cached[source]
	if !ok {
		config := chat.TemplateConfig{Name: "template", Source: source, Tokens: map[string]string{}}
		if tokens, ok := o.Values["tokens"].(*orderedjson.Object); ok {
			for _, k := range tokens.Keys {
				config.Tokens[k] = fmt.Sprint(tokens.Values[k])
			}
		}
		ends, _ := o.Values["ends"].([]any)
		for _, end := range ends {
			config.Ends = append(config.Ends, fmt.Sprint(end))
		}
		if now, ok := o.Values["now"].(string); ok {
			if config.Now, err = time.Parse(time.RFC3339, now); err != nil {
				return answer{}, err
			}
		}
		if t, err = chat.NewTemplate(config); err != nil {
			return answer{}, err
		}
		cached[source] = t
	}
	c, err := chat.FromRecord(o)
	if err != nil {
		return answer{}, err
	}
	prompt, _ := o.Values["add_generation_prompt"].(bool)
	text, err := t.Render(c, chat.RenderOptions{GenerationPrompt: prompt})
	if err != nil {
		return answer{}, err
	}
	a := answer{Text: text}
	if !prompt {
		masked, err := t.RenderMasked(c)
		if err != nil {
			a.Mask = err.Error()
		}
		a.Spans = masked.Answers
	}
	return a, nil
}
