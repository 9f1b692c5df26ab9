package inspect

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
)

// Part is a stretch of a text that one or more tokens make up: several, where they share a character.
type Part struct {
	Text   string
	IDs    []int32
	Tokens []string
}

// Parts takes text apart as t does. What no token stands for, such as white
// space that the tokenizer drops, makes parts without ids.
func Parts(t *tokenizer.Tokenizer, text []byte) ([]Part, error) {
	e, err := t.Encode(text, tokenizer.EncodeOptions{})
	if err != nil {
		return nil, err
	}
	var out []Part
	last := 0
	for i, at := range e.Offsets {
		start := max(at[0], last)
		if start > last {
			out = append(out, Part{Text: string(text[last:start])})
			last = start
		}
		if n := len(out); at[1] <= last && n > 0 && len(out[n-1].IDs) > 0 {
			out[n-1].IDs = append(out[n-1].IDs, e.IDs[i])
			out[n-1].Tokens = append(out[n-1].Tokens, e.Tokens[i])
			continue
		}
		end := max(at[1], start)
		out = append(out, Part{string(text[start:end]), e.IDs[i : i+1 : i+1], e.Tokens[i : i+1 : i+1]})
		last = end
	}
	if last < len(text) {
		out = append(out, Part{Text: string(text[last:])})
	}
	return out, nil
}

// backgrounds are the colours of neighbouring parts in a terminal.
var backgrounds = []int{153, 157, 223, 218, 189}

// WriteSplit writes text with its tokens told apart: by colours, or by bars
// between them. Control characters are written as escapes; a line still ends where it ended.
func WriteSplit(w io.Writer, t *tokenizer.Tokenizer, text []byte, colour bool) error {
	parts, err := Parts(t, text)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	k := 0
	for i, p := range parts {
		shown := visible(p.Text)
		switch {
		case len(p.IDs) == 0:
			b.WriteString(shown)
		case colour:
			for j, line := range strings.SplitAfter(shown, "\n") {
				if line = strings.TrimSuffix(line, "\n"); line != "" {
					fmt.Fprintf(b, "\x1b[30;48;5;%dm%s\x1b[0m", backgrounds[k%len(backgrounds)], line)
				}
				if j < strings.Count(shown, "\n") {
					b.WriteByte('\n')
				}
			}
			k++
		default:
			if i > 0 && !strings.HasSuffix(parts[i-1].Text, "\n") {
				b.WriteByte('|')
			}
			b.WriteString(shown)
		}
	}
	b.WriteByte('\n')
	return b.Flush()
}

// visible writes control characters as escapes, and newlines as an escape and a newline.
func visible(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n':
			b.WriteString("\\n\n")
		case unicode.IsControl(r) || r == unicode.ReplacementChar:
			b.WriteString(strings.Trim(fmt.Sprintf("%q", r), "'"))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// WriteTable writes the figures of tokenizers side by side.
func WriteTable(w io.Writer, stats []*Stats) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "tokenizer\tvocabulary\ttokens\ttokens/word\ttokens/char\ttokens/byte\tunknown\tused\tunreachable")
	for _, s := range stats {
		fmt.Fprintf(t, "%s\t%s\t%s\t%.3f\t%.3f\t%.3f\t%s\t%s\t%s\n", s.Name, grouped(s.VocabSize), grouped(s.Tokens),
			s.PerWord(), s.PerChar(), s.PerByte(), grouped(s.Unknown), grouped(s.Used()), grouped(len(s.Unreachable)))
	}
	return t.Flush()
}
