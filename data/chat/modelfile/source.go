package modelfile

import (
	"fmt"
	"strconv"
	"strings"
)

// source writes the template.
func (s *shape) source() string {
	var b strings.Builder
	if s.hasSystem {
		b.WriteString("{{ $s := .System }}" + trim("$s", s.white["system"]))
		if !s.late {
			b.WriteString("{{ if .System }}" + literal(s.system) + "{{ $s }}" + literal(s.behind) + "{{ else }}" + literal(s.head) + "{{ end }}")
		} else {
			b.WriteString(literal(s.head))
		}
	} else {
		b.WriteString(literal(s.head))
	}
	b.WriteString("{{ range $i, $m := .Messages }}{{ $c := .Content }}{{ $last := eq (len (slice $.Messages $i)) 1 }}")
	b.WriteString(`{{ if eq .Role "user" }}` + trim("$c", s.white["user"]))
	if s.late {
		b.WriteString("{{ if and $last $.System }}" + literal(s.system) + "{{ $s }}" + literal(s.behind) + "{{ end }}")
	}
	b.WriteString("{{ $c }}{{ if $last }}" + literal(s.tail) + "{{ end }}")
	b.WriteString(`{{ else if eq .Role "assistant" }}` + literal(s.answer) + s.withoutThoughts() + trim("$c", s.white["assistant"]) + "{{ $c }}{{ if not $last }}" + literal(s.next) + "{{ end }}{{ end }}{{ end }}")
	return b.String()
}

// literal writes a text so that the template prints it. What Ollama drops when it reads a Modelfile, or takes for an action, is written as a string.
func literal(text string) string {
	var b strings.Builder
	for i, r := range text {
		opens := r == '{' && (i+1 == len(text) || text[i+1] == '{')
		if opens || !strconv.IsPrint(r) && !strings.ContainsRune(" \t\r\n", r) {
			fmt.Fprintf(&b, "{{ %s }}", strconv.QuoteToASCII(string(r)))
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// isWhite is a condition on a byte $b: that it is white space of ASCII.
const isWhite = "or (eq $b 32) (and (ge $b 9) (le $b 13)) (and (ge $b 28) (le $b 31))"

// trim takes white space off a variable. Templates have no function for it: a byte goes at each turn of a loop.
func trim(name string, w white) string {
	text := ""
	if w.left {
		text += "{{ range len N }}{{ $b := index N 0 }}{{ if " + isWhite + " }}{{ N = slice N 1 }}{{ else }}{{ break }}{{ end }}{{ end }}"
	}
	if w.right {
		text += "{{ range len N }}{{ $k := len (slice N 1) }}{{ $b := index N $k }}{{ if " + isWhite + " }}{{ N = slice N 0 $k }}{{ else }}{{ break }}{{ end }}{{ end }}"
	}
	return strings.ReplaceAll(text, "N", name)
}

// withoutThoughts leaves of $c what stands behind the last </think>.
func (s *shape) withoutThoughts() string {
	if !s.thoughts {
		return ""
	}
	text := `{{ $r := $c }}{{ $found := false }}{{ range len $c }}{{ if lt (len $r) 8 }}{{ break }}{{ end }}{{ if eq (slice $r 0 8) "</think>" }}{{ $c = slice $r 8 }}{{ $found = true }}{{ end }}{{ $r = slice $r 1 }}{{ end }}`
	if s.cut {
		text += `{{ if $found }}{{ range len $c }}{{ if eq (index $c 0) 10 }}{{ $c = slice $c 1 }}{{ else }}{{ break }}{{ end }}{{ end }}{{ end }}`
	}
	return text
}
