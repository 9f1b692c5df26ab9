package modelfile

import (
	"fmt"
	"strconv"
	"strings"
)

// quoted writes a text between the quotes that may hold several lines.
func quoted(text string) string { return `"""` + text + `"""` }

// quotedIfText writes numbers as they are.
func quotedIfText(value string) string {
	if _, err := strconv.ParseFloat(value, 64); err == nil {
		return value
	}
	return quoted(value)
}

// checkText refuses what Ollama doesn't read as it is written.
func checkText(what, text string) error {
	if strings.Contains(text, `"""`) {
		return fmt.Errorf(`modelfile: the %s has """ in it, which ends a text in a Modelfile`, what)
	}
	for _, r := range text {
		if !strconv.IsPrint(r) && !strings.ContainsRune(" \t\r\n", r) {
			return fmt.Errorf("modelfile: the %s has the character %U in it, which Ollama drops", what, r)
		}
	}
	return nil
}
