package main

import (
	"errors"
	"io"
	"strings"
	"testing"
)

func TestPrintable(t *testing.T) {
	long := strings.Repeat("ä", shownFirst) + strings.Repeat("b", 5000) + strings.Repeat("c", shownLast)
	for message, want := range map[string]string{
		"run.yaml:3: unknown key":       "run.yaml:3: unknown key",
		"two\nlines\tand a tab":         "two\nlines\tand a tab",
		"a \x1b[31mred\x1b[0m file\r":   `a \x1b[31mred\x1b[0m file\x0d`,
		"first\n" + long + "\nlast":     "first\n" + strings.Repeat("ä", shownFirst) + " … (5000 characters left out) … " + strings.Repeat("c", shownLast) + "\nlast",
		strings.Repeat("c", shownFirst): strings.Repeat("c", shownFirst),
	} {
		if got := printable(message); got != want {
			t.Errorf("%.80q became %.200q, want %.200q", message, got, want)
		}
	}
	var said strings.Builder
	fail(&streams{out: io.Discard, err: &said}, errors.New("\x1b[2J"))
	if said.String() != "finetune: \\x1b[2J\n" {
		t.Errorf("said %q", said.String())
	}
}
