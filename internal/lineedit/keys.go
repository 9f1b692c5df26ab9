package lineedit

import (
	"io"
	"strings"
)

// key is what a person pressed, or a text.
type key int

const (
	keyText key = iota
	keyEnter
	keyInterrupt // Ctrl-C
	keyEnd       // Ctrl-D
	keyBackspace
	keyDelete
	keyLeft
	keyRight
	keyWordLeft
	keyWordRight
	keyHome
	keyLast
	keyUp
	keyDown
	keyKillWord
	keyKillBefore
	keyKillBehind
	keyClear
	keyComplete
	keyUnknown
)

// controls are the keys of single characters.
var controls = map[rune]key{
	'\r': keyEnter, '\n': keyEnter, 1: keyHome, 2: keyLeft, 3: keyInterrupt, 4: keyEnd, 5: keyLast, 6: keyRight, 8: keyBackspace, 9: keyComplete, 11: keyKillBehind,
	12: keyClear, 14: keyDown, 16: keyUp, 21: keyKillBefore, 23: keyKillWord, 127: keyBackspace,
}

// sequences are the keys of what terminals send behind an escape.
var sequences = map[string]key{
	"[A": keyUp, "[B": keyDown, "[C": keyRight, "[D": keyLeft, "[H": keyHome, "[F": keyLast, "OA": keyUp, "OB": keyDown, "OC": keyRight, "OD": keyLeft, "OH": keyHome, "OF": keyLast,
	"[1~": keyHome, "[7~": keyHome, "[4~": keyLast, "[8~": keyLast, "[3~": keyDelete, "b": keyWordLeft, "f": keyWordRight, "\x7f": keyKillWord,
	"[1;5D": keyWordLeft, "[1;3D": keyWordLeft, "[1;5C": keyWordRight, "[1;3C": keyWordRight,
}

const (
	escape     = 0x1b
	pasteBegin = "[200~"
	pasteEnd   = "\x1b[201~"
	maxPaste   = 1 << 20 // bytes
)

// readKey reads one key, or a pasted text.
func readKey(in io.RuneReader) (key, string, error) {
	r, _, err := in.ReadRune()
	if err != nil {
		return 0, "", err
	}
	if r == escape {
		s, err := readSequence(in)
		if err != nil {
			return 0, "", err
		}
		if s == pasteBegin {
			text, err := readPaste(in)
			return keyText, text, err
		}
		if k, ok := sequences[s]; ok {
			return k, "", nil
		}
		return keyUnknown, "", nil
	}
	if k, ok := controls[r]; ok {
		return k, "", nil
	}
	if r < ' ' {
		return keyUnknown, "", nil
	}
	return keyText, string(r), nil
}

// readSequence reads what follows an escape: a letter, or a bracket, parameters and a letter.
func readSequence(in io.RuneReader) (string, error) {
	var s strings.Builder
	for {
		r, _, err := in.ReadRune()
		if err != nil {
			return "", err
		}
		s.WriteRune(r)
		const longest = 16
		switch {
		case s.Len() == 1 && (r == '[' || r == 'O'):
		case s.Len() == 1, r >= 0x40 && r <= 0x7e, s.Len() > longest:
			return s.String(), nil
		}
	}
}

// readPaste reads a text up to the sign that ends it. Line ends become newlines.
func readPaste(in io.RuneReader) (string, error) {
	var b strings.Builder
	for b.Len() < maxPaste {
		r, _, err := in.ReadRune()
		if err != nil {
			return "", err
		}
		b.WriteRune(r)
		if r == '~' {
			if text, ok := strings.CutSuffix(b.String(), pasteEnd); ok {
				return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), nil
			}
		}
	}
	return b.String(), nil
}
